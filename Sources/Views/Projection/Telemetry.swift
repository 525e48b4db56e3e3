import GRDB
import GarageDomain

/// Projects readings into the `series`, `reading` and `rollup` tables.
struct Telemetry {
    struct SeriesKey: Hashable {
        var garage: String
        var sensor: String
        var quantity: Quantity
    }

    private struct Series {
        var id: Int64
        var value: Double
        var time: Int64
        var isStored: Bool
    }

    private struct RollupKey: Hashable {
        var series: Int64
        var start: Int64
    }

    /// The sum runs over the readings in the order of their positions, so that it is the same to the last bit however
    /// the events were cut into pages.
    private struct Rollup {
        var count: Int64
        var sum: Double
        var minimum: Double
        var maximum: Double
    }

    private var series: [SeriesKey: Series] = [:]
    private var changedSeries: Set<SeriesKey> = []
    private var rollups: [RollupKey: Rollup] = [:]
    private var changedRollups: Set<RollupKey> = []

    init(_ database: Database) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT garage, sensor, quantity, id, value, time FROM series")
        while let row = try rows.next() {
            guard let quantity = Quantity(rawValue: row[2]) else { continue }
            let key = SeriesKey(garage: row[0], sensor: row[1], quantity: quantity)
            series[key] = Series(id: row[3], value: row[4], time: row[5], isStored: true)
        }
    }

    mutating func apply(_ reading: Reading, of sensor: Subject, time: Int64, position: Int64, _ database: Database)
        throws
    {
        let key = SeriesKey(garage: sensor.garage.text, sensor: sensor.name.text, quantity: reading.quantity)
        var entry = series[key] ?? Series(id: Int64(series.count) + 1, value: 0, time: 0, isStored: false)
        entry.value = reading.value
        entry.time = time
        series[key] = entry
        changedSeries.insert(key)

        let insert = try database.cachedStatement(
            sql: "INSERT INTO reading(series, time, position, value) VALUES (?, ?, ?, ?)"
        )
        insert.setUncheckedArguments([entry.id, time, position, reading.value])
        try insert.execute()

        let slot = RollupKey(series: entry.id, start: floor(time, to: Schema.rollupMicroseconds))
        var rollup = try rollups[slot] ?? Telemetry.storedRollup(slot, database)
        if rollup.count == 0 {
            rollup.minimum = reading.value
            rollup.maximum = reading.value
        }
        rollup.count += 1
        rollup.sum += reading.value
        rollup.minimum = min(rollup.minimum, reading.value)
        rollup.maximum = max(rollup.maximum, reading.value)
        rollups[slot] = rollup
        changedRollups.insert(slot)
    }

    /// Writes what changed since the last call.
    mutating func store(_ database: Database) throws {
        let update = try database.cachedStatement(sql: "UPDATE series SET value = ?, time = ? WHERE id = ?")
        let changed = changedSeries.compactMap { key in series[key].map { (key, $0) } }.sorted { $0.1.id < $1.1.id }
        for (key, entry) in changed {
            if entry.isStored {
                try update.execute(arguments: [entry.value, entry.time, entry.id])
            } else {
                try database.execute(
                    sql: "INSERT INTO series(id, garage, sensor, quantity, value, time) VALUES (?, ?, ?, ?, ?, ?)",
                    arguments: [entry.id, key.garage, key.sensor, key.quantity.rawValue, entry.value, entry.time]
                )
                series[key]?.isStored = true
            }
        }
        let upsert = try database.cachedStatement(
            sql: "REPLACE INTO rollup(series, start, count, sum, minimum, maximum) VALUES (?, ?, ?, ?, ?, ?)"
        )
        for slot in changedRollups {
            guard let rollup = rollups[slot] else { continue }
            try upsert.execute(
                arguments: [slot.series, slot.start, rollup.count, rollup.sum, rollup.minimum, rollup.maximum]
            )
        }
        changedSeries = []
        changedRollups = []
        // The next reading of a series mostly falls into the slot of its last one; older slots are read again if needed.
        if rollups.count > 2 * series.count {
            let current = Set(
                series.values.map { RollupKey(series: $0.id, start: floor($0.time, to: Schema.rollupMicroseconds)) }
            )
            rollups = rollups.filter { current.contains($0.key) }
        }
    }

    private static func storedRollup(_ slot: RollupKey, _ database: Database) throws -> Rollup {
        let select = try database.cachedStatement(
            sql: "SELECT count, sum, minimum, maximum FROM rollup WHERE series = ? AND start = ?"
        )
        guard let row = try Row.fetchOne(select, arguments: [slot.series, slot.start]) else {
            return Rollup(count: 0, sum: 0, minimum: 0, maximum: 0)
        }
        return Rollup(count: row[0], sum: row[1], minimum: row[2], maximum: row[3])
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
