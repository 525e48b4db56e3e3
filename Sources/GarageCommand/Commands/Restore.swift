import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration

/// `garage restore FILE`
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts a backup back into the data folder, after checking it. The service must be stopped.",
        discussion: """
            Refuses to replace a log that is there unless --force is given; the old one then stays beside the new one \
            as events.db.replaced. The views are built anew from the restored log at the next start.
            """
    )

    @Argument(help: "The backup.") var file: String
    @Flag(help: "Replace the event log and the small files of the data folder.") var force = false
    @Flag(help: "Restore the log alone, without the service's small files.") var logOnly = false
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let folder = try DataFolder(path: try await options.load().dataDirectory)
        guard FileManager.default.fileExists(atPath: file) else { throw Failure("there is no file '\(file)'") }
        guard force || !FileManager.default.fileExists(atPath: folder.path + "/events.db") else {
            throw Failure("'\(folder.path)' has an event log; --force replaces it")
        }
        do {
            let progress = ProgressLine("checked up to position")
            let (report, files) = try EventLog.restore(backup: file, into: folder.path, replacing: force) {
                progress.show($0.position, of: $0.head)
            }
            progress.end()
            if let fault = report.fault { throw Failure("'\(file)' is not whole, nothing was changed: \(fault)") }
            // They were made from another log. Whatever is left of them is found out at the next start and replaced.
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: folder.path + "/views.db" + suffix)
            }
            for file in files where !logOnly && (force || !exists(file, in: folder)) {
                try ServiceFiles.write(file, to: folder.path)
            }
            print("Restored \(report.events) events, up to position \(report.head.position).")
        } catch let error as EventLogError { throw Failure("'\(file)' can't be restored: \(error)") }
        withExtendedLifetime(folder) {}
    }

    private func exists(_ file: KeptFile, in folder: DataFolder) -> Bool {
        FileManager.default.fileExists(atPath: folder.path + "/" + file.name)
    }
}
