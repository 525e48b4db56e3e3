import GRDB
import GarageDomain

extension Views {
    /// A page of readings, or of buckets of readings, in the order of their times.
    public func readings(_ query: ReadingsQuery) async throws -> ReadingsAnswer {
        try await read { database in
            let series = try Views.series(query, database)
            let bucket = query.bucket == .auto ? try Views.bucket(for: query, series, database) : query.bucket
            var runs: [(series: ReadingSeries, head: ReadingSeries.Entry)] = []
            defer { for run in runs { run.series.close() } }
            for row in series {
                let range = ReadingRange(query, bucket, series: row["id"])
                guard
                    var run = try ReadingSeries(row, query, bucket, range, isOnly: series.count == 1, database),
                    let head = try run.next()
                else { continue }
                runs.append((run, head))
            }
            return try Views.merge(&runs, query, bucket)
        }
    }

    /// The series that a query names, in the order of their first reading.
    ///
    /// The roll-ups know every series that ever was; `raw` is its number among the raw readings.
    private static func series(_ query: ReadingsQuery, _ database: Database) throws -> [Row] {
        var conditions = ["TRUE"]
        var arguments: StatementArguments = []
        if let sensor = query.sensor {
            conditions.append("garage = ? AND sensor = ?")
            arguments += [sensor.garage.text, sensor.name.text]
        }
        if let quantity = query.quantity {
            conditions.append("quantity = ?")
            arguments += [quantity.rawValue]
        }
        let sql = """
            SELECT rolled.*, raw.id AS raw FROM rollups.series AS rolled
            LEFT JOIN main.series AS raw USING (garage, sensor, quantity)
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY rolled.id
            """
        return try Row.fetchAll(database, sql: sql, arguments: arguments)
    }

    /// The finest bucket that keeps every series of the query under the number of points that a chart can show.
    private static func bucket(for query: ReadingsQuery, _ series: [Row], _ database: Database) throws -> Bucket {
        let most: Int64 = 2000
        var first = Int64.max
        var last = Int64.min
        var isRawEnough = true
        let (from, to) = (query.from?.microseconds ?? .min, query.to?.microseconds ?? .max)
        let hour = Rollups.Level.hour
        for row in series {
            let hours = try Row.fetchOne(
                database,
                sql: """
                    SELECT (SELECT MIN(start) FROM \(hour.table) WHERE series = ?1 AND start >= ?2 AND start < ?4),
                    (SELECT MAX(start) FROM \(hour.table) WHERE series = ?1 AND start >= ?2 AND start < ?4),
                    (SELECT MIN(start) FROM \(hour.table) WHERE series = ?1 AND start >= ?3 AND start < ?4)
                    """, arguments: [row["id"] as Int64, floor(from, to: hour.microseconds), from, to])
            guard let hours, let begin = hours[0] as Int64?, let end = hours[1] as Int64? else { continue }
            first = min(first, max(begin, from))
            last = max(last, min(end &+ (hour.microseconds - 1), to &- 1))
            guard isRawEnough else { continue }
            // Whole days tell at once of most ranges that are too long, which spares looking at the readings themselves.
            let day = Rollups.Level.day
            let (latest, isEndless) = to.subtractingReportingOverflow(day.microseconds)
            let inWholeDays = try Int64.fetchOne(
                database,
                sql: "SELECT SUM(count) FROM \(day.table) WHERE series = ?1 AND start >= ?2 AND start <= ?3",
                arguments: [row["id"] as Int64, from, isEndless ? .min : latest])
            if inWholeDays ?? 0 > most {
                isRawEnough = false
                continue
            }
            let raw = try Row.fetchOne(
                database,
                sql: """
                    SELECT (SELECT time FROM reading WHERE series = ?1 AND time >= ?2 AND time < ?3 ORDER BY time LIMIT 1),
                    (SELECT COUNT(*) FROM
                    (SELECT 1 FROM reading WHERE series = ?1 AND time >= ?2 AND time < ?3 LIMIT \(most + 1)))
                    """, arguments: [row["raw"] as Int64? ?? 0, from, to])
            // The roll-ups know of whole hours whose readings were pruned.
            let isWhole =
                (hours[2] as Int64?).map { inner in
                    raw.flatMap { $0[0] as Int64? }.map { floor($0, to: hour.microseconds) <= inner } ?? false
                } ?? true
            if !isWhole || raw.map({ $0[1] as Int64 }) ?? 0 > most { isRawEnough = false }
        }
        if isRawEnough { return .raw }
        let length = last.subtractingReportingOverflow(first)
        let fits = Bucket.allCases.first { bucket in
            guard !length.overflow, let step = bucket.microseconds else { return false }
            return length.partialValue / step < most
        }
        return fits ?? .day
    }

    /// Takes points in order from the series until the page is full.
    private static func merge(
        _ runs: inout [(series: ReadingSeries, head: ReadingSeries.Entry)], _ query: ReadingsQuery, _ bucket: Bucket
    ) throws -> ReadingsAnswer {
        let limit = min(max(query.limit, 1), 10_000)
        /// Whether the head of one series comes after that of another.
        func isAfter(_ left: Int, _ right: Int) -> Bool {
            let (left, right) = (runs[left].head.cursor, runs[right].head.cursor)
            return query.order == .ascending
                ? (left.time, left.tie) > (right.time, right.tie) : (left.time, left.tie) < (right.time, right.tie)
        }
        // The series by their heads, the next one last.
        var waiting = runs.indices.sorted(by: isAfter)
        var points: [ReadingPoint] = []
        var first: ReadingsCursor?
        var last: ReadingsCursor?
        while let index = waiting.popLast() {
            if points.count == limit {
                return ReadingsAnswer(points: points, bucket: bucket, next: last, first: first, last: last)
            }
            points.append(runs[index].head.point)
            last = runs[index].head.cursor
            if first == nil { first = last }
            guard let head = try runs[index].series.next() else { continue }
            runs[index].head = head
            waiting.insert(index, at: waiting.partitioningIndex { !isAfter($0, index) })
        }
        return ReadingsAnswer(points: points, bucket: bucket, next: nil, first: first, last: last)
    }
}
