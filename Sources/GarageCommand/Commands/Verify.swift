import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration

/// `garage verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the event log: hash chains, positions and versions; names the first bad position.",
        discussion: "Reads only; the service may run meanwhile. Ends with exit code 1 if the log was changed."
    )

    @Argument(help: "The log's file (default: events.db of the data folder).") var file: String?
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let path: String
        if let file { path = file } else { path = try await options.load().dataDirectory + "/events.db" }
        guard FileManager.default.fileExists(atPath: path) else { throw Failure("there is no event log '\(path)'") }
        let showsProgress = isatty(STDERR_FILENO) != 0
        let report: VerificationReport
        do {
            report = try EventLog.verify(file: path) { progress in
                guard showsProgress else { return }
                FileHandle.standardError.write(Data("\rchecked up to position \(progress.position)".utf8))
            }
        } catch { throw Failure("'\(path)' can't be checked: \(error)") }
        if showsProgress { FileHandle.standardError.write(Data("\n".utf8)) }
        if let fault = report.fault { throw Failure("the log was changed or damaged: \(fault)") }
        print("The log is whole: \(report.events) events, up to position \(report.head.position).")
    }
}
