import ArgumentParser
import EventLog
import Foundation
import Logging
import QueryBench
import Views

extension BenchCommand {
    /// `garage bench query`
    struct Query: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures reading the log: replay, rebuilding the views, queries, start and memory.",
            discussion: """
                Makes two logs of generated events in a folder, a small one and a long one, unless they are there \
                already, and compares the same queries on both. The long one takes about 600 bytes for each event.

                  garage bench query --events 1000000 --folder /var/tmp/query
                """)

        @Option(help: "Events of the long log.") var events = 1_000_000
        @Option(help: "Events of the short log.") var shortEvents = 10_000
        @Option(help: "What decides on the generated events.") var seed: UInt64 = 1
        @Option(help: "Runs of each query.") var runs = 200
        @Option(help: ArgumentHelp("Only queries whose name contains this, and nothing else.", valueName: "text"))
        var only: String?
        @Option(help: ArgumentHelp("Where the logs are kept.", valueName: "dir")) var folder: String

        func validate() throws {
            guard events > 0, shortEvents > 0, runs > 0 else { throw ValidationError("numbers must be positive") }
        }

        func run() async throws {
            let short = try await log(shortEvents)
            let long = try await log(events)
            if only == nil { try await measureReplay(long) }
            let (shortViews, _) = try await open(short)
            let (longViews, _) = try await open(long)
            print(row("query", ["short rows", "p50", "p99", "long rows", "p50", "p99", "p50 ratio", "p99 ratio"]))
            for query in QueryCase.all where only.map(query.name.contains) ?? true {
                let few = try await query.measure(shortViews.views, runs: runs, limit: 100)
                // Where the short log has less than a page, the long one is asked for just as much: what is compared is
                // finding it, not how much there is to tell.
                let limit = few.rows > 0 ? min(few.rows, 100) : 100
                let many = try await query.measure(longViews.views, runs: runs, limit: limit)
                let ratios = [50, 99].map { percentile(many.times, $0) / max(percentile(few.times, $0), 1) }
                print(row(query.name, cells(few) + cells(many) + ratios.map { String(format: "%.2f", $0) }))
                guard many.rows == limit, limit < 100 else { continue }
                let whole = try await query.measure(longViews.views, runs: runs, limit: 100)
                print(row("  a whole page of it", ["", "", ""] + cells(whole)))
            }
            for part in [shortViews, longViews] { try part.views.close() }
            for part in [shortViews, longViews] { await part.log.close() }
        }

        /// Makes a log unless it is there.
        private func log(_ count: Int) async throws -> String {
            let path = "\(folder)/\(count)-\(seed)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let log = try EventLog.open(directory: path, clock: { WallClock.microseconds() })
            if log.head < Int64(count) {
                guard log.head == 0 else { throw Failure("'\(path)' is not finished; delete it") }
                let start = ContinuousClock.now
                Output.say("making \(count) events in \(path)")
                try await GeneratedLog.fill(log, count: count, seed: seed) { _ in }
                print(String(format: "%d events appended: %.0f/s", count, Double(count) / seconds(since: start)))
            }
            await log.close()
            return path
        }

        private func measureReplay(_ path: String) async throws {
            let log = try EventLog.open(directory: path, clock: { WallClock.microseconds() })
            var start = ContinuousClock.now
            let decoded = try LogScan.decodeAll(log)
            print(
                String(
                    format: "replay and decode, %d events: %.0f events/s", decoded,
                    Double(decoded) / seconds(since: start)))
            start = ContinuousClock.now
            try await Views.rebuild(directory: path, log: log, logger: Logger(label: "bench"))
            print(
                String(
                    format: "rebuild of all views: %.0f events/s", Double(log.head) / seconds(since: start)))
            await log.close()
        }

        private struct Opened {
            var log: EventLog
            var views: Views
        }

        /// Opens as the service does at its start, and says how long that took and what it costs in memory.
        private func open(_ path: String) async throws -> (Opened, Double) {
            let start = ContinuousClock.now
            let log = try EventLog.open(directory: path, clock: { WallClock.microseconds() })
            let views = try Views.open(directory: path, log: log, logger: Logger(label: "bench"))
            try await views.catchUp()
            let time = seconds(since: start)
            print(
                String(
                    format: "start to ready with %d events: %.3f s, memory %d MB", log.head, time, residentMegabytes()))
            return (Opened(log: log, views: views), time)
        }

        private func seconds(since start: ContinuousClock.Instant) -> Double {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            return max(Double(seconds) + Double(attoseconds) / 1e18, 1e-9)
        }

        /// In microseconds.
        private func percentile(_ times: [Int64], _ percent: Int) -> Double {
            guard let last = times.last else { return 0 }
            let index = times.count * percent / 100
            return Double(index < times.count ? times[index] : last) / 1000
        }

        private func cells(_ measurement: QueryCase.Measurement) -> [String] {
            [String(measurement.rows)]
                + [50, 99].map { String(format: "%.0f µs", percentile(measurement.times, $0)) }
        }

        private func row(_ name: String, _ cells: [String]) -> String {
            name.padding(toLength: 30, withPad: " ", startingAt: 0)
                + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
        }

        private func residentMegabytes() -> Int {
            let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
        }
    }
}
