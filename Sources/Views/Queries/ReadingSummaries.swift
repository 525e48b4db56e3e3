import GRDB
public import GarageDomain

extension Views {
    /// Lowest, highest and mean reading between each two successive boundaries, which ascend: the beginnings of local days,
    /// for example. Intervals without readings are left out.
    ///
    /// Boundaries are taken as whole minutes.
    public func summaries(
        of sensor: Subject, quantity: Quantity, boundaries: [Timestamp]
    ) async throws -> [ReadingSummary] {
        let intervals = zip(boundaries, boundaries.dropFirst()).filter { $0 < $1 }
        // Where local days begin at whole hours, a day is 24 rows and not 1440.
        let level: Rollups.Level =
            boundaries.allSatisfy { floor($0.microseconds, to: Rollups.Level.hour.microseconds) == $0.microseconds }
            ? .hour : .minute
        return try await read { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT MIN(minimum), MAX(maximum), SUM(sum), SUM(count) FROM \(level.table)
                    WHERE series = (SELECT id FROM rollups.series WHERE garage = ? AND sensor = ? AND quantity = ?)
                    AND start >= ? AND start < ?
                    """)
            return try intervals.compactMap { from, to in
                let row = try Row.fetchOne(
                    select,
                    arguments: [
                        sensor.garage.text, sensor.name.text, quantity.rawValue,
                        floor(from.microseconds, to: level.microseconds),
                        floor(to.microseconds, to: level.microseconds),
                    ])
                guard let row, let minimum = row[0] as Double?, let maximum = row[1] as Double?,
                    let sum = row[2] as Double?, let count = row[3] as Int?, count > 0
                else { return nil }
                return ReadingSummary(
                    from: from, to: to, minimum: minimum, maximum: maximum, mean: sum / Double(count), count: count)
            }
        }
    }
}
