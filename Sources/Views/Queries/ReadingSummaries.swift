import GRDB
public import GarageDomain

extension Views {
    /// Lowest, highest and mean reading between each two successive boundaries, which ascend: the beginnings of local days,
    /// for example. Intervals without readings are left out.
    ///
    /// Boundaries are taken as whole quarters of an hour, which the days of every time zone begin at.
    public func summaries(
        of sensor: Subject, quantity: Quantity, boundaries: [Timestamp]
    ) async throws -> [ReadingSummary] {
        let intervals = zip(boundaries, boundaries.dropFirst()).filter { $0 < $1 }
        return try await read { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT MIN(minimum), MAX(maximum), SUM(sum), SUM(count) FROM rollup
                    WHERE series = (SELECT id FROM series WHERE garage = ? AND sensor = ? AND quantity = ?)
                    AND start >= ? AND start < ?
                    """)
            return try intervals.compactMap { from, to in
                let row = try Row.fetchOne(
                    select,
                    arguments: [
                        sensor.garage.text, sensor.name.text, quantity.rawValue,
                        floor(from.microseconds, to: Schema.rollupMicroseconds),
                        floor(to.microseconds, to: Schema.rollupMicroseconds),
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
