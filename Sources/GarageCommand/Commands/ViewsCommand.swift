import ArgumentParser
import EventLog
import GarageConfiguration
import Logging
import Synchronization
import Views

/// `garage views rebuild|status`
struct ViewsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "views",
        abstract: "Rebuilds the views from the event log, or says how far they are.",
        discussion: "The views are: \(Views.names.joined(separator: ", ")).",
        subcommands: [Rebuild.self, Status.self]
    )

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Builds the views anew from the log, beside those that are there. The service must be stopped.",
            discussion: """
                The new views take the place of the old ones when they are whole. Roll-ups of readings that were pruned \
                meanwhile are taken over.
                """)

        @Argument(help: "The views to rebuild (default: all).") var names: [String] = []
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            for name in names where !Views.names.contains(name) {
                throw ValidationError("there is no view '\(name)'; there are \(Views.names.joined(separator: ", "))")
            }
        }

        func run() async throws {
            let folder = try DataFolder(path: try await options.load().dataDirectory)
            try await ViewsCommand.withLog(in: folder) { log in
                let progress = RebuildProgress()
                try await Views.rebuild(
                    names.isEmpty ? nil : names, directory: folder.path, log: log, logger: Logger(label: "views")
                ) { position, head in
                    if let line = progress.line(position, of: head) { print(line) }
                }
                print(progress.summary(log.head))
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says how far each view has followed the log. The service must be stopped.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder = try DataFolder(path: try await options.load().dataDirectory)
            try await ViewsCommand.withLog(in: folder) { log in
                let views = try Views.open(directory: folder.path, log: log, logger: Logger(label: "views"))
                let status = views.status()
                print("log head: \(status.head)\nsize: \(status.bytes) bytes")
                for part in status.projections {
                    print("\(part.name): at \(part.position), \(status.head - part.position) behind")
                }
                try views.close()
            }
        }
    }

    private static func withLog(in folder: DataFolder, _ body: (EventLog) async throws -> Void) async throws {
        do {
            let log = try EventLog.open(directory: folder.path, clock: { WallClock.microseconds() })
            do {
                try await body(log)
            } catch {
                await log.close()
                throw error
            }
            await log.close()
        } catch { throw Failure("the views in '\(folder.path)' can't be opened: \(error)") }
    }
}

/// Says how far a rebuild is, at most twice a second.
private final class RebuildProgress: Sendable {
    private let start = ContinuousClock.now
    private let last = Mutex(ContinuousClock.now)

    func line(_ position: Int64, of head: Int64) -> String? {
        let now = ContinuousClock.now
        let isDue = last.withLock { last in
            guard now - last >= .milliseconds(500) else { return false }
            last = now
            return true
        }
        guard isDue else { return nil }
        let share = head > 0 ? position * 100 / head : 100
        return "\(position) of \(head) events (\(share) %), \(rate(position)) events/s"
    }

    func summary(_ head: Int64) -> String {
        "The views are rebuilt up to position \(head): \(rate(head)) events/s."
    }

    private func rate(_ position: Int64) -> Int {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Int(Double(position) / max(Double(seconds) + Double(attoseconds) / 1e18, 0.001))
    }
}
