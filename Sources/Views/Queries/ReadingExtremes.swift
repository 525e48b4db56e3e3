import GRDB
public import GarageDomain

extension Views {
    /// The lowest and highest reading in a range of time; of equal ones the earliest. `nil` if there is none.
    ///
    /// Where the readings themselves are gone, the point's time is that of the minute they were in.
    public func extremes(
        of sensor: Subject, quantity: Quantity, from: Timestamp, to: Timestamp
    ) async throws -> (minimum: ReadingPoint, maximum: ReadingPoint)? {
        try await read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT rolled.id, raw.id FROM rollups.series AS rolled
                    LEFT JOIN main.series AS raw USING (garage, sensor, quantity)
                    WHERE garage = ? AND sensor = ? AND quantity = ?
                    """, arguments: [sensor.garage.text, sensor.name.text, quantity.rawValue])
            guard let row else { return nil }
            let search = ExtremeSearch(series: row[0], raw: row[1] ?? 0, from: from.microseconds, to: to.microseconds)
            guard let minimum = try search.find(isMinimum: true, database),
                let maximum = try search.find(isMinimum: false, database)
            else { return nil }
            func point(_ found: ExtremeSearch.Found) -> ReadingPoint {
                ReadingPoint(
                    sensor: sensor.id, quantity: quantity, time: Timestamp(microseconds: found.time), mean: found.value,
                    minimum: found.value, maximum: found.value, count: 1)
            }
            return (point(minimum), point(maximum))
        }
    }
}

/// Looks for an extreme among whole hours and, at both ends of the range, single readings.
private struct ExtremeSearch {
    struct Found {
        var value: Double
        var time: Int64
    }

    let series: Int64
    let raw: Int64
    let from: Int64
    let to: Int64

    func find(isMinimum: Bool, _ database: Database) throws -> Found? {
        let hour = Rollups.Level.hour.microseconds
        let below = floor(from, to: hour)
        let firstHour = below == from || from > Int64.max - hour ? below : below + hour
        let lastHour = floor(to, to: hour)
        guard firstHour < lastHour else { return try part(isMinimum, from, to, database) }
        let candidates = try [
            part(isMinimum, from, firstHour, database),
            bucket(.hour, isMinimum, firstHour, lastHour, database).flatMap { found in
                try exact(found, isMinimum, database)
            },
            part(isMinimum, lastHour, to, database),
        ].compactMap { $0 }
        return candidates.min { left, right in
            (isMinimum ? left.value : -left.value, left.time) < (isMinimum ? right.value : -right.value, right.time)
        }
    }

    /// The extreme of a part of an hour: of its readings, or of its whole minutes where those are gone.
    private func part(_ isMinimum: Bool, _ from: Int64, _ to: Int64, _ database: Database) throws -> Found? {
        let minute = Rollups.Level.minute.microseconds
        let below = floor(from, to: minute)
        let first = below == from || from > Int64.max - minute ? below : below + minute
        let reading = try reading(isMinimum, from, to, database)
        guard let bucket = try bucket(.minute, isMinimum, first, floor(to, to: minute), database) else {
            return reading
        }
        guard let reading else { return bucket }
        let isBucketBeyond = isMinimum ? bucket.value < reading.value : bucket.value > reading.value
        return isBucketBeyond ? bucket : reading
    }

    /// The reading, or at least the minute, that an hour's extreme comes from.
    private func exact(_ found: Found, _ isMinimum: Bool, _ database: Database) throws -> Found? {
        let end = found.time &+ Rollups.Level.hour.microseconds
        if let reading = try reading(isMinimum, found.time, end, database), reading.value == found.value {
            return reading
        }
        return try bucket(.minute, isMinimum, found.time, end, database) ?? found
    }

    private func reading(_ isMinimum: Bool, _ from: Int64, _ to: Int64, _ database: Database) throws -> Found? {
        let order = isMinimum ? "ASC" : "DESC"
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT value, time FROM reading WHERE series = ? AND time >= ? AND time < ?
                ORDER BY value \(order), time LIMIT 1
                """, arguments: [raw, from, to])
        return row.map { Found(value: $0[0], time: $0[1]) }
    }

    private func bucket(
        _ level: Rollups.Level, _ isMinimum: Bool, _ from: Int64, _ to: Int64, _ database: Database
    ) throws -> Found? {
        let (column, order) = isMinimum ? ("minimum", "ASC") : ("maximum", "DESC")
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT \(column), start FROM \(level.table) WHERE series = ? AND start >= ? AND start < ?
                ORDER BY \(column) \(order), start LIMIT 1
                """, arguments: [series, from, to])
        return row.map { Found(value: $0[0], time: $0[1]) }
    }
}
