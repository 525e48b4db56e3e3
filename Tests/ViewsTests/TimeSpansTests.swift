import GRDB
import Testing

@testable import Views

@Suite struct TimeSpansTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// In a log of millions of events whose clock is set back and forward now and then: nothing in a range of times is left
    /// out, and the range of positions is no wider than the blocks of its ends.
    @Test(arguments: [1, 2, 3] as [UInt64]) func aRangeOfTimesIsFoundWhateverTheClockDid(seed: UInt64) throws {
        var random = Generator(state: seed)
        try DatabaseQueue().write { database in
            try database.execute(sql: EventIndex.tables)
            var spans = try TimeSpans(database)
            var events: [(position: Int64, time: Int64)] = []
            var position: Int64 = 0
            var time: Int64 = 1_000_000_000
            for number in 0..<4000 {
                position += Int64.random(in: 1...18_000, using: &random)
                time += Int64.random(in: 0...1000, using: &random)
                if number % 400 == 399 { time += Int64.random(in: -500_000...500_000, using: &random) }
                events.append((position, time))
                try spans.note(time, at: position, database)
                // As after a restart.
                if number % 500 == 77 {
                    try spans.store(database)
                    spans = try TimeSpans(database)
                }
            }
            try spans.store(database)
            let (earliest, latest) = (events.map(\.time).min() ?? 0, events.map(\.time).max() ?? 0)
            for _ in 0..<100 {
                let from = Int64.random(in: earliest - 5000...latest + 5000, using: &random)
                let to = from + Int64.random(in: 0...300_000, using: &random)
                let wanted = events.filter { $0.time >= from && $0.time < to }.map(\.position)
                let found = try TimeSpans.positions(from: from, to: to, database)
                guard let first = wanted.first, let last = wanted.last else { continue }
                #expect(found?.contains(first) == true && found?.contains(last) == true, "seed \(seed)")
                // A block may reach over a range that none of its events is in; but not far from here.
                let blocks = Dictionary(grouping: events) { $0.position >> 10 }
                let reaching = blocks.filter { _, part in
                    (part.map(\.time).max() ?? .min) >= from && (part.map(\.time).min() ?? .max) < to
                }.keys
                #expect(found?.lowerBound == (reaching.min() ?? 0) << 10, "seed \(seed)")
                #expect(found?.upperBound == (reaching.max() ?? 0) << 10 | 1023, "seed \(seed)")
            }
            for event in events.filter({ $0.position % 47 == 0 }) {
                let expected = events.filter { $0.position >> 10 <= event.position >> 10 }.map(\.time).max()
                #expect(try TimeSpans.latest(through: event.position, database) == expected, "seed \(seed)")
            }
            #expect(try TimeSpans.positions(from: .min, to: earliest, database) == nil)
            #expect(try TimeSpans.positions(from: latest + 1, to: .max, database) == nil)
        }
    }
}
