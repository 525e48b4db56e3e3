import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration

/// `garage verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the event log: hash chains, positions and versions; names the first bad position.",
        discussion: """
            Reads only; the service may run meanwhile. Ends with exit code 1 if the log was changed.

            The chains alone can't tell when somebody has written the whole log anew. For that, keep heads elsewhere: \
            --head prints where the log ends now, signed, as one line. The service also publishes that line every hour, \
            retained, on garage/<garage>/log/head.

              garage verify --head >> heads.jsonl
              garage verify --check-head heads.jsonl
            """
    )

    @Argument(help: "The log's file (default: events.db of the data folder).") var file: String?
    @Flag(help: "Print the signed head of the log, and check nothing.") var head = false
    @Option(
        name: .customLong("check-head"),
        help: ArgumentHelp("Also check that the log still has every head in this file, one a line.", valueName: "file"))
    var heads: String?
    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if head, heads != nil { throw ValidationError("--head and --check-head exclude each other") }
    }

    func run() async throws {
        let folder = try await options.load().dataDirectory
        let path = file ?? folder + "/events.db"
        guard FileManager.default.fileExists(atPath: path) else { throw Failure("there is no event log '\(path)'") }
        do {
            let key = try HeadKey.load(directory: folder)
            if head {
                print(try sign(path, with: key, in: folder))
            } else {
                try check(path, against: try heads.map { try Verify.heads(in: $0, signedBy: key) } ?? [])
            }
        } catch let error as EventLogError { throw Failure("'\(path)' can't be checked: \(error)") }
    }

    private func sign(_ path: String, with key: HeadKey?, in folder: String) throws -> String {
        guard let key else {
            throw Failure("'\(folder)' has no key yet; the service makes one when it starts")
        }
        return try key.sign(try EventLog.head(ofFile: path), at: WallClock.microseconds()).text
    }

    private func check(_ path: String, against heads: [LogHead]) throws {
        let progress = ProgressLine("checked up to position")
        let report = try EventLog.verify(file: path, against: heads) { progress.show($0.position, of: $0.head) }
        progress.end()
        if let fault = report.fault { throw Failure("the log was changed or damaged: \(fault)") }
        print("The log is whole: \(report.events) events, up to position \(report.head.position).")
        if !heads.isEmpty { print("It has every one of the \(heads.count) heads that were kept.") }
    }

    /// The heads in a file, each of which must have a signature that holds, by the folder's key if there is one.
    private static func heads(in file: String, signedBy key: HeadKey?) throws -> [LogHead] {
        guard let content = FileManager.default.contents(atPath: file) else {
            throw Failure("'\(file)' can't be read")
        }
        var heads: [LogHead] = []
        for (index, line) in String(decoding: content, as: UTF8.self).split(separator: "\n").enumerated() {
            guard let head = SignedHead(text: line) else { throw Failure("line \(index + 1) of '\(file)' is no head") }
            guard head.isAuthentic else { throw Failure("the signature in line \(index + 1) of '\(file)' is wrong") }
            if let key, key.publicKey != head.key {
                throw Failure("line \(index + 1) of '\(file)' was signed with another key than this service's")
            }
            heads.append(head.head)
        }
        guard !heads.isEmpty else { throw Failure("'\(file)' has no heads") }
        return heads
    }
}
