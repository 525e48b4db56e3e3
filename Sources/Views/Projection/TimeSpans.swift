import EventLog
import GRDB

/// The earliest and the latest time in blocks of events, on several levels, each block of which holds those of the level
/// below. So the events that a range of times can hold are found in a few steps in a log of any length, also where the clock
/// was set back.
struct TimeSpans {
    private struct Span {
        var block: Int64
        var earliest: Int64
        var latest: Int64
    }

    /// Events in a block of each level, as powers of two.
    private static let shifts: [Int64] = [10, 15, 20, 25]

    /// The block of each level that the last event is in.
    private var open: [Span?] = []

    init(_ database: Database) throws {
        for level in TimeSpans.shifts.indices {
            let row = try Row.fetchOne(
                database,
                sql: "SELECT block, earliest, latest FROM span WHERE level = ? ORDER BY block DESC LIMIT 1",
                arguments: [level])
            open.append(row.map { Span(block: $0[0], earliest: $0[1], latest: $0[2]) })
        }
    }

    /// Takes the next event in.
    mutating func note(_ time: Int64, at position: Int64, _ database: Database) throws {
        for level in open.indices {
            let block = position >> TimeSpans.shifts[level]
            guard let span = open[level], span.block == block else {
                if let span = open[level] { try store(span, level, database) }
                open[level] = Span(block: block, earliest: time, latest: time)
                continue
            }
            open[level]?.earliest = min(span.earliest, time)
            open[level]?.latest = max(span.latest, time)
        }
    }

    /// Writes what was taken in.
    func store(_ database: Database) throws {
        for level in open.indices {
            if let span = open[level] { try store(span, level, database) }
        }
    }

    private func store(_ span: Span, _ level: Int, _ database: Database) throws {
        let statement = try HotStatement(
            database, sql: "REPLACE INTO span(level, block, earliest, latest) VALUES (?1, ?2, ?3, ?4)")
        statement.bind(Int64(level), at: 1)
        statement.bind(span.block, at: 2)
        statement.bind(span.earliest, at: 3)
        statement.bind(span.latest, at: 4)
        try statement.run()
    }

    /// The positions between which all events with times in a range are; `nil` if there is none.
    static func positions(from: Int64, to: Int64, _ database: Database) throws -> ClosedRange<Int64>? {
        let statement = try HotStatement(
            database,
            sql: """
                SELECT block FROM span WHERE level = ?1 AND block BETWEEN ?2 AND ?3 AND latest >= ?4 AND earliest < ?5
                ORDER BY block
                """)
        statement.bind(from, at: 4)
        statement.bind(to, at: 5)

        /// The first or the last block of the lowest level among the blocks of another.
        func end(_ level: Int, _ blocks: ClosedRange<Int64>, isFirst: Bool) throws -> Int64? {
            statement.bind(Int64(level), at: 1)
            statement.bind(blocks.lowerBound, at: 2)
            statement.bind(blocks.upperBound, at: 3)
            defer { statement.reset() }
            var fitting: [Int64] = []
            while try statement.step() { fitting.append(statement.integer(at: 0)) }
            guard level > 0 else { return isFirst ? fitting.first : fitting.last }
            statement.reset()
            let deeper = shifts[level] - shifts[level - 1]
            for block in isFirst ? fitting : fitting.reversed() {
                let lower = block << deeper
                if let found = try end(level - 1, lower...(lower | (1 << deeper - 1)), isFirst: isFirst) {
                    return found
                }
            }
            return nil
        }

        let top = shifts.count - 1
        let all: ClosedRange<Int64> = 0...Int64.max >> shifts[top]
        guard let first = try end(top, all, isFirst: true), let last = try end(top, all, isFirst: false) else {
            return nil
        }
        return first << shifts[0]...(last << shifts[0] | (1 << shifts[0] - 1))
    }

    /// The latest time in the blocks up to the one that holds a position; `nil` if there is none.
    static func latest(through position: Int64, _ database: Database) throws -> Int64? {
        let statement = try HotStatement(
            database, sql: "SELECT MAX(latest) FROM span WHERE level = ?1 AND block BETWEEN ?2 AND ?3")
        defer { statement.reset() }
        var latest: Int64?
        // Of each level the blocks that are whole in the range, and none in those of the level above.
        var first: Int64 = 0
        for level in shifts.indices.reversed() {
            let last = position >> shifts[level]
            statement.reset()
            statement.bind(Int64(level), at: 1)
            statement.bind(first, at: 2)
            statement.bind(level == 0 ? last : last - 1, at: 3)
            if try statement.step(), !statement.isNull(at: 0) {
                latest = max(latest ?? .min, statement.integer(at: 0))
            }
            if level > 0 { first = last << (shifts[level] - shifts[level - 1]) }
        }
        return latest
    }
}
