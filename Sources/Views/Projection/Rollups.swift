import EventLog
import GRDB
import GarageDomain

/// Projects readings into minutes, hours and days with minimum, maximum, sum, count, first and last.
///
/// They outlive the readings themselves, which are pruned by age, and can't be made again once those are gone. So they have
/// a file of their own, which is never thrown away: see ``RollupsFile``.
struct Rollups: Projection {
    /// The lengths of the buckets, each with a table of its own.
    enum Level: Int, CaseIterable {
        case minute, hour, day

        var table: String { "rollups.\(self)" }

        var microseconds: Int64 {
            switch self {
            case .minute: 60_000_000
            case .hour: 3_600_000_000
            case .day: 86_400_000_000
            }
        }
    }

    /// The sum runs over the readings in the order of their positions, so that it is the same to the last bit however the
    /// events were cut into pages.
    fileprivate struct Rollup {
        var start: Int64
        var count: Int64
        var sum: Double
        var minimum: Double
        var maximum: Double
        var first: Double
        var last: Double
        var isChanged: Bool
    }

    /// The bucket of each level that the last reading of a series fell into, and the latest there is in the table.
    private struct Open {
        var rollup: Rollup?
        var latest: Int64
    }

    private var numbering: SeriesNumbering
    /// The number of series in the table.
    private var stored: Int
    /// By series and level.
    private var open: [Open] = []
    /// Readings before `keptTime` up to `keptPosition` are counted already: those of a log that is read again.
    private let keptTime: Int64
    private let keptPosition: Int64

    init(_ database: Database) throws {
        numbering = try SeriesNumbering(database, schema: "rollups")
        stored = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM rollups.series") ?? 0
        let kept = try Row.fetchOne(database, sql: "SELECT kept_time, kept_position FROM rollups.log")
        keptTime = kept.flatMap { $0[0] as Int64? } ?? .min
        keptPosition = kept.map { $0[1] as Int64 } ?? 0
        for series in 0..<stored {
            for level in Level.allCases {
                let latest = try Int64.fetchOne(
                    database, sql: "SELECT MAX(start) FROM \(level.table) WHERE series = ?", arguments: [series + 1])
                open.append(Open(rollup: nil, latest: latest ?? .min))
            }
        }
    }

    mutating func apply(_ events: ArraySlice<ProjectedEvent>, _ database: Database) throws {
        let statements = try Level.allCases.map { level in
            try HotStatement(
                database,
                sql: """
                    REPLACE INTO \(level.table)(series, start, count, sum, minimum, maximum, first, last)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                    """)
        }
        for event in events {
            guard case .reading(let reading) = event.content,
                event.position > keptPosition || event.time >= keptTime,
                let series = numbering.index(of: reading.quantity, of: event.key)
            else { continue }
            if series == stored { try add(series, reading.quantity, event.key, database) }
            for level in Level.allCases {
                let slot = series * Level.allCases.count + level.rawValue
                let start = floor(event.time, to: level.microseconds)
                if open[slot].rollup?.start != start {
                    if let rollup = open[slot].rollup { try store(rollup, series, slot, statements[level.rawValue]) }
                    open[slot].rollup = try find(start, series, level, slot, database)
                }
                open[slot].rollup?.add(reading.value)
            }
        }
        for slot in open.indices {
            guard let rollup = open[slot].rollup, rollup.isChanged else { continue }
            let (series, level) = slot.quotientAndRemainder(dividingBy: Level.allCases.count)
            try store(rollup, series, slot, statements[level])
            open[slot].rollup?.isChanged = false
        }
    }

    private mutating func add(
        _ series: Int, _ quantity: Quantity, _ key: EventKey, _ database: Database
    ) throws {
        guard let sensor = key.subject else { return }
        try database.execute(
            sql: "INSERT INTO rollups.series(id, garage, sensor, quantity) VALUES (?, ?, ?, ?)",
            arguments: [series + 1, sensor.garage.text, sensor.name.text, quantity.rawValue])
        stored += 1
        open += Level.allCases.map { _ in Open(rollup: nil, latest: .min) }
    }

    /// A bucket that an earlier page wrote; buckets later than all in the table need no look.
    private func find(
        _ start: Int64, _ series: Int, _ level: Level, _ slot: Int, _ database: Database
    ) throws -> Rollup? {
        guard start <= open[slot].latest else { return Rollup(start: start) }
        let select = try database.cachedStatement(
            sql: """
                SELECT count, sum, minimum, maximum, first, last FROM \(level.table) WHERE series = ? AND start = ?
                """)
        guard let row = try Row.fetchOne(select, arguments: [series + 1, start]) else { return Rollup(start: start) }
        return Rollup(
            start: start, count: row[0], sum: row[1], minimum: row[2], maximum: row[3], first: row[4], last: row[5],
            isChanged: false)
    }

    private mutating func store(_ rollup: Rollup, _ series: Int, _ slot: Int, _ statement: HotStatement) throws {
        open[slot].latest = max(open[slot].latest, rollup.start)
        guard rollup.isChanged else { return }
        statement.bind(Int64(series) + 1, at: 1)
        statement.bind(rollup.start, at: 2)
        statement.bind(rollup.count, at: 3)
        statement.bind(rollup.sum, at: 4)
        statement.bind(rollup.minimum, at: 5)
        statement.bind(rollup.maximum, at: 6)
        statement.bind(rollup.first, at: 7)
        statement.bind(rollup.last, at: 8)
        try statement.run()
    }
}

extension Rollups.Rollup {
    fileprivate init(start: Int64) {
        self.init(
            start: start, count: 0, sum: 0, minimum: 0, maximum: 0, first: 0, last: 0, isChanged: false)
    }

    fileprivate mutating func add(_ value: Double) {
        if count == 0 {
            minimum = value
            maximum = value
            first = value
        }
        count += 1
        sum += value
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        last = value
        isChanged = true
    }
}

/// The largest multiple of `step` that is not greater than `value`; `step` is positive. Near `Int64.min`, where there is
/// no such multiple, `Int64.min` itself.
func floor(_ value: Int64, to step: Int64) -> Int64 {
    let rest = value % step
    let distance = rest < 0 ? rest + step : rest
    let (result, overflow) = value.subtractingReportingOverflow(distance)
    return overflow ? .min : result
}
