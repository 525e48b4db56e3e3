import EventLog
import Foundation
import Synchronization
import Testing

/// Telemetry goes by age; everything else stays, and the log can still be proved.
@Suite struct PruneTests {
    /// A clock that tests move by hand, in microseconds since 1970.
    private final class Clock: Sendable {
        private let now = Mutex<Int64>(1_700_000_000_000_000)

        var time: Int64 { now.withLock { $0 } }
        func advance(days: Int64) { now.withLock { $0 += days * 86_400_000_000 } }
    }

    private final class Count: Sendable {
        private let number = Mutex(0)

        var value: Int { number.withLock { $0 } }
        func add(_ more: Int) { number.withLock { $0 += more } }
    }

    private func open(
        _ folder: LogFolder, _ clock: Clock, days: Int?, step: Int = 2048,
        _ change: (inout EventLogOptions) -> Void = { _ in }
    ) throws -> EventLog {
        var options = EventLogOptions()
        options.telemetryAge = days.map { .seconds($0 * 86_400) }
        options.pruneInterval = .milliseconds(5)
        options.pruneStep = step
        change(&options)
        return try EventLog.open(directory: folder.path, clock: { clock.time }, options: options)
    }

    /// Readings and faults share a stream, as those of a sensor do.
    private func mixed(_ numbers: Range<Int>) -> AppendRequest {
        AppendRequest(
            events: numbers.map {
                event($0, stream: "sensor/home.dht\($0 % 3)", chain: $0 % 5 == 0 ? .journal : .telemetry)
            })
    }

    private func until(_ condition: () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 7, 64, 2048])
    func telemetryPastItsAgeGoesAndTheRestStaysProvable(step: Int) async throws {
        let folder = try LogFolder()
        let clock = Clock()
        let log = try open(folder, clock, days: 90, step: step)
        try await log.append(mixed(0..<200))
        let early = log.chainHeads
        clock.advance(days: 60)
        try await log.append(mixed(200..<300))
        let late = log.chainHeads
        let kept = try log.read(after: 0, limit: 1000).filter { $0.chain == .journal || $0.position > 200 }
        clock.advance(days: 31)
        try await until { try log.statistics().pruned == 160 }
        #expect(try log.read(after: 0, limit: 1000) == kept)
        let statistics = try log.statistics()
        #expect(statistics.events == 140)
        #expect(statistics.oldest == kept.first?.recorded)
        #expect(statistics.oldestTelemetry == kept.first { $0.chain == .telemetry }?.recorded)
        #expect(statistics.pruneFailure == nil)
        for head in [early, late] { #expect(try log.verify(against: head).isWhole) }

        // Versions go on where they were, also when nothing of the stream is in memory.
        #expect(
            try await log.append(
                AppendRequest(events: [event(300)], expectations: [("sensor/home.dht0", .exact(100))])
            ).positions == [301])
        await log.close()
        let report = try EventLog.verify(file: folder.file, against: [late])
        #expect(report.isWhole, "\(String(describing: report.fault))")
        let again = try open(folder, clock, days: 90, step: step)
        try await again.append(
            AppendRequest(
                events: [event(301, stream: "sensor/home.dht1", chain: .telemetry)],
                expectations: [("sensor/home.dht1", .exact(100))]))
        clock.advance(days: 365)
        try await until { try again.statistics().pruned == 241 }
        try await again.append(
            AppendRequest(
                events: [event(302, stream: "sensor/home.dht1", chain: .telemetry)],
                expectations: [("sensor/home.dht1", .exact(101))]))
        #expect(try again.verify(against: late).isWhole)
        await again.close()
        // What stayed is still protected.
        try folder.tamper("DELETE FROM event WHERE position = (SELECT min(position) FROM event)")
        #expect(try !EventLog.verify(file: folder.file).isWhole)
    }

    @Test(.timeLimit(.minutes(1))) func withoutAnAgeNothingGoesUntilOneIsSet() async throws {
        let folder = try LogFolder()
        let clock = Clock()
        let log = try open(folder, clock, days: nil) { $0.pruneInterval = .seconds(3600) }
        try await log.append(mixed(0..<50))
        clock.advance(days: 10_000)
        try await log.append(mixed(50..<60))
        #expect(try log.statistics().pruned == 0)
        log.telemetryAge = .seconds(86_400)
        try await until { try log.statistics().pruned == 40 }
        log.telemetryAge = .zero
        clock.advance(days: 1)
        log.telemetryAge = .seconds(1)
        try await until { try log.statistics().pruned == 48 }
        #expect(try log.verify().isWhole)
        await log.close()
    }

    /// The file gets shorter, up to a small reserve for the next events.
    @Test(.timeLimit(.minutes(1))) func theSpaceIsGivenBack() async throws {
        let folder = try LogFolder()
        let clock = Clock()
        let log = try open(folder, clock, days: 1)
        for start in stride(from: 0, to: 40_000, by: 4000) {
            try await log.append(
                AppendRequest(events: (start..<start + 4000).map { event($0, stream: "t", chain: .telemetry) }))
        }
        await log.close()
        let before = try size(of: folder)
        clock.advance(days: 2)
        let again = try open(folder, clock, days: 1)
        try await until { try again.statistics().events == 0 }
        try await until {
            let free = try folder.value("PRAGMA freelist_count", as: Int.self) ?? 0
            return free <= 256
        }
        #expect(try again.verify().isWhole)
        await again.close()
        let after = try size(of: folder)
        #expect(before > 5_000_000)
        #expect(after < 256 * 4096 + 500_000, "\(after) bytes instead of \(before)")
    }

    private func size(of folder: LogFolder) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: folder.file)[.size] as? Int ?? 0
    }

    /// Telemetry comes in as fast as the log takes it, while what is old goes: the old is gone before as much has come anew.
    @Test(.timeLimit(.minutes(2))) func pruningIsFasterThanIngest() async throws {
        let folder = try LogFolder()
        let clock = Clock()
        let old = 60_000
        do {
            let log = try open(folder, clock, days: nil)
            for start in stride(from: 0, to: old, by: 5000) {
                try await log.append(
                    AppendRequest(events: (start..<start + 5000).map { event($0, stream: "t", chain: .telemetry) }))
            }
            await log.close()
        }
        clock.advance(days: 2)
        let log = try open(folder, clock, days: 1)
        let appended = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for producer in 0..<4 {
                group.addTask {
                    var number = old + producer * 10_000_000
                    while try log.statistics().pruned < Int64(old) {
                        let events = (0..<1024).map {
                            event(number + $0, stream: "p/\(producer)", chain: .telemetry)
                        }
                        number += events.count
                        try await log.append(AppendRequest(events: events))
                        appended.add(events.count)
                    }
                }
            }
            try await group.waitForAll()
        }
        let count = appended.value
        #expect(count < old, "\(count) came while \(old) went")
        #expect(try log.statistics().events == Int64(count))
        #expect(try log.verify().isWhole)
        await log.close()
    }

    /// Whoever follows the log meets no event twice and none out of order, and checking it while it shrinks finds no fault.
    @Test(.timeLimit(.minutes(1))) func readingAndCheckingGoOnWhileItPrunes() async throws {
        let folder = try LogFolder()
        let clock = Clock()
        let log = try open(folder, clock, days: nil, step: 16) { $0.pruneInterval = .seconds(3600) }
        try await log.append(mixed(0..<5000))
        clock.advance(days: 2)
        try await log.append(mixed(5000..<6000))
        async let followed: [Int64] = {
            var positions: [Int64] = []
            for try await batch in log.follow(after: 0, batch: 50) {
                positions += batch.map(\.position)
                if positions.last == 6000 { break }
            }
            return positions
        }()
        log.telemetryAge = .seconds(86_400)
        while try log.statistics().pruned < 4000 {
            let report = try log.verify()
            #expect(report.isWhole, "\(String(describing: report.fault))")
        }
        let positions = try await followed
        #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 })
        // The journal and the young telemetry: none may be missing.
        let expected = Set(try log.read(after: 0, limit: 10_000).map(\.position))
        #expect(expected.isSubset(of: positions))
        await log.close()
    }
}
