import ArgumentParser
import EventLog
import Foundation
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
            abstract: "Builds the views anew from the log, beside those that are there, while the service runs or not.",
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
            let folder: DataFolder
            switch try FolderAccess(path: try await options.load().dataDirectory) {
            case .service(let service): return try await rebuild(by: service)
            case .own(let own): folder = own
            }
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

        private func rebuild(by service: ServiceClient) async throws {
            let progress = RebuildProgress()
            let end = try await service.work("/api/control/views/rebuild" + service.query("view", names)) { step in
                if let line = progress.line(step.position ?? 0, of: step.head ?? 0) { print(line) }
            }
            print(progress.summary(end.head ?? 0))
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says how far each view has followed the log, while the service runs or not.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder: DataFolder
            switch try FolderAccess(path: try await options.load().dataDirectory) {
            case .service(let service): return try await show(of: service)
            case .own(let own): folder = own
            }
            try await ViewsCommand.withLog(in: folder) { log in
                let views = try Views.open(directory: folder.path, log: log, logger: Logger(label: "views"))
                let status = views.status()
                show(
                    Report(
                        head: status.head, bytes: status.bytes,
                        views: status.projections.map { Report.View(name: $0.name, position: $0.position, stop: nil) }))
                try views.close()
            }
        }

        private struct Report: Decodable {
            var head: Int64
            var bytes: Int64
            var views: [View]

            struct View: Decodable {
                var name: String
                var position: Int64
                var stop: String?
            }
        }

        private func show(of service: ServiceClient) async throws {
            let answer = try await service.get("/api/control/views")
            guard answer.status == 200, let report = try? JSONDecoder().decode(Report.self, from: answer.body) else {
                throw Failure(answer.problem)
            }
            show(report)
        }

        private func show(_ report: Report) {
            print("log head: \(report.head)\nsize: \(report.bytes) bytes")
            for view in report.views {
                let stop = view.stop.map { ", stopped \($0)" } ?? ""
                print("\(view.name): at \(view.position), \(report.head - view.position) behind\(stop)")
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
