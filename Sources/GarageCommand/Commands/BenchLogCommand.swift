import ArgumentParser
import EventLog
import Foundation

extension BenchCommand {
    struct Log: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures the event log alone: appends with group commit and synchronous=FULL, and replay.",
            discussion: """
                No broker and no network: readings go straight into a new event log, each acknowledged when it is on \
                disk. deploy/bench.d/log sets the figures beside a C program that fills the same tables, and beside \
                the whole way over MQTT.
                """)

        @Option(help: ArgumentHelp("Where to make the log (default: a temporary folder).", valueName: "dir"))
        var directory: String?
        @Option(help: "Readings for each number of producers; 0 only makes an empty log.") var events = 300_000
        @Option(parsing: .upToNextOption, help: "Numbers of producers.") var producers = [64, 256]
        @Option(help: "Readings that a producer has unacknowledged at most.") var window = 64
        @Flag(help: "Print JSON instead of text.") var json = false

        func validate() throws {
            guard events >= 0, window > 0, producers.allSatisfy({ (1...10_000).contains($0) }) else {
                throw ValidationError("--events, --window and --producers take positive numbers")
            }
        }

        func run() async throws {
            let folder = directory ?? NSTemporaryDirectory() + "garage-bench-\(UUID().uuidString)"
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                defer { if directory == nil { try? FileManager.default.removeItem(atPath: folder) } }
                let log = try EventLog.open(directory: folder, clock: { WallClock.microseconds() })
                var figures: [String: Double] = [:]
                for count in producers where events > 0 {
                    figures["append_\(count)"] =
                        try LogBench.append(events, producers: count, window: window, to: log)
                }
                if events > 0 { figures["replay"] = try LogBench.replay(log) }
                await log.close()
                try show(figures)
            } catch { throw Failure("the event log in '\(folder)' can't be measured: \(error)") }
        }

        private func show(_ figures: [String: Double]) throws {
            if json {
                let text = try JSONSerialization.data(withJSONObject: figures, options: [.sortedKeys])
                print(String(decoding: text, as: UTF8.self))
                return
            }
            for count in producers {
                guard let rate = figures["append_\(count)"] else { continue }
                print("append, \(count) producers × \(window): \(Int(rate)) events/s")
            }
            if let rate = figures["replay"] { print("replay, read and decode: \(Int(rate)) events/s") }
        }
    }
}
