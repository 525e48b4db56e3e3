import Access
import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration

/// `garage backup FILE`
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies the event log into one file, while the service runs or not.",
        discussion: """
            The file holds every event up to the position that is printed, and the service's small files (devices, \
            people, tokens, certificates with their keys, and the key that signs the log's head), so keep it as safe as \
            the data folder itself. It is checked before the command ends. 'garage verify FILE' checks it again, \
            'garage restore FILE' puts it back.
            """
    )

    @Argument(help: "The file to write.") var file: String
    @Flag(help: "Replace the file if it exists.") var force = false
    @Option(help: ArgumentHelp("The log to copy (default: events.db of the data folder).", valueName: "file"))
    var log: String?
    @Flag(help: "Copy the log alone, without the service's small files.") var logOnly = false
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let folder = try await options.load().dataDirectory
        let source = log ?? folder + "/events.db"
        guard FileManager.default.fileExists(atPath: source) else { throw Failure("there is no event log '\(source)'") }
        guard force || !FileManager.default.fileExists(atPath: file) else {
            throw Failure("'\(file)' exists; --force replaces it")
        }
        do {
            let copied = ProgressLine("copied up to position")
            let report = try EventLog.backUp(
                file: source, to: file, keeping: logOnly || log != nil ? [] : try ServiceFiles.read(from: folder)
            ) { copied.show($0.position, of: $0.head) }
            copied.end()
            let checked = ProgressLine("checked up to position")
            let check = try EventLog.verify(file: file, against: [report.head]) {
                checked.show($0.position, of: $0.head)
            }
            checked.end()
            if let fault = check.fault { throw Failure("the backup '\(file)' is not whole: \(fault)") }
            print(
                "The backup is whole: \(check.events) events, up to position \(report.head.position), \(report.bytes) bytes."
            )
        } catch let error as EventLogError { throw Failure("'\(source)' can't be backed up: \(error)") }
    }
}

/// The small files of the data folder that a backup keeps, those of the folder `certificates` among them.
enum ServiceFiles {
    private static let endings = ["json", "key", "pem", "crt"]
    private static let largest = 8 << 20

    static func read(from folder: String) throws -> [KeptFile] {
        let certificates = names(in: folder + "/" + CertificateFolder.name).map { CertificateFolder.name + "/" + $0 }
        return try (names(in: folder) + certificates).map { name in
            guard let content = FileManager.default.contents(atPath: folder + "/" + name) else {
                throw Failure("'\(folder)/\(name)' can't be read")
            }
            guard content.count <= largest else { throw Failure("'\(folder)/\(name)' is too large for a backup") }
            return KeptFile(name: name, content: Array(content))
        }
    }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter { name in
            guard name != "listening.json", let ending = name.split(separator: ".").last else { return false }
            return endings.contains(String(ending)) && !name.hasPrefix(".")
        }
    }

    /// Writes a file that only its owner may read, in the place of one that is there.
    static func write(_ file: KeptFile, to folder: String) throws {
        let parts = file.name.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, parts.dropLast().allSatisfy({ $0 == CertificateFolder.name }), parts.count <= 2,
            !name.isEmpty, !name.hasPrefix(".")
        else { throw Failure("the backup holds a file with the name '\(file.name)'") }
        if parts.count == 2 { try CertificateFolder.make(in: folder) }
        guard OwnerFile.replace(folder + "/" + file.name, with: Data(file.content)) else {
            throw Failure("'\(folder)/\(file.name)' can't be written")
        }
    }
}
