import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration
import Logging
import Views

/// `garage views rebuild|status`
struct ViewsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "views",
        abstract: "Rebuilds the views from the event log, or says how far they are.",
        subcommands: [Rebuild.self, Status.self]
    )

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes views.db and builds it anew from the log. The service must be stopped.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder = try DataFolder(path: try await options.load().dataDirectory)
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: folder.path + "/views.db" + suffix)
            }
            try await ViewsCommand.withViews(in: folder) { views, log in
                try await views.catchUp { position, head in print("\(position) of \(head)") }
                print("The views are rebuilt up to position \(views.position()).")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says how far the views have followed the log. The service must be stopped.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder = try DataFolder(path: try await options.load().dataDirectory)
            try await ViewsCommand.withViews(in: folder) { views, log in
                print("log head: \(log.head)\nviews at: \(views.position())")
            }
        }
    }

    private static func withViews(
        in folder: DataFolder, _ body: (Views, EventLog) async throws -> Void
    ) async throws {
        do {
            let log = try EventLog.open(directory: folder.path, clock: { WallClock.microseconds() })
            let views = try Views.open(directory: folder.path, log: log, logger: Logger(label: "views"))
            try await body(views, log)
            await log.close()
        } catch { throw Failure("the views in '\(folder.path)' can't be opened: \(error)") }
    }
}
