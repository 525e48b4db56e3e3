import GRDB
import GarageDomain

/// The points of one sensor's quantity in the order of a query, read from the tables as they are taken.
struct ReadingSeries {
    /// A point and its place in the order of the list.
    struct Entry {
        var point: ReadingPoint
        var cursor: ReadingsCursor
    }

    let id: Int64
    private let sensor: String
    private let quantity: Quantity
    private let bucket: Bucket
    private let isAscending: Bool
    private let rows: RowCursor
    /// The first source row that does not belong to the bucket before.
    private var pending: Source?

    /// A reading or a rollup.
    private struct Source {
        var time: Int64
        var position: Int64
        var count: Int64
        var sum: Double
        var minimum: Double
        var maximum: Double
        var first: Double
        var last: Double

        /// Adds the source that comes next in the order of the query.
        mutating func add(_ next: Source, isAscending: Bool) {
            count += next.count
            sum += next.sum
            minimum = min(minimum, next.minimum)
            maximum = max(maximum, next.maximum)
            if isAscending { last = next.last } else { first = next.first }
        }
    }

    /// A row of `Views.series`, restricted to times of `range`, beyond the query's cursor.
    init?(_ row: Row, _ query: ReadingsQuery, _ bucket: Bucket, _ range: ReadingRange, _ database: Database) throws {
        guard let subject = Subject(kind: .sensor, garage: row["garage"], name: row["sensor"]),
            let quantity = Quantity(rawValue: row["quantity"])
        else { return nil }
        id = row["id"]
        sensor = subject.id
        self.quantity = quantity
        self.bucket = bucket
        isAscending = query.order == .ascending
        // Without a raw reading there is no such series.
        rows = try ReadingSeries.cursor(bucket.level == nil ? row["raw"] ?? 0 : id, query, bucket, range, database)
        pending = try nextSource()
    }

    /// The next point; `nil` after the last one.
    mutating func next() throws -> Entry? {
        guard var source = pending else { return nil }
        guard let length = bucket.microseconds else {
            pending = try nextSource()
            return entry(source, ReadingsCursor(time: source.time, tie: source.position))
        }
        let start = floor(source.time, to: length)
        while true {
            pending = try nextSource()
            guard let pending, floor(pending.time, to: length) == start else { break }
            source.add(pending, isAscending: isAscending)
        }
        source.time = start
        return entry(source, ReadingsCursor(time: start, tie: id))
    }

    private func entry(_ source: Source, _ cursor: ReadingsCursor) -> Entry {
        let point = ReadingPoint(
            sensor: sensor, quantity: quantity, time: Timestamp(microseconds: source.time),
            mean: source.sum / Double(source.count), minimum: source.minimum, maximum: source.maximum,
            count: Int(source.count), first: source.first, last: source.last
        )
        return Entry(point: point, cursor: cursor)
    }

    private func nextSource() throws -> Source? {
        guard let row = try rows.next() else { return nil }
        return Source(
            time: row[0], position: row[1], count: row[2], sum: row[3], minimum: row[4], maximum: row[5], first: row[6],
            last: row[7])
    }

    private static func cursor(
        _ id: Int64, _ query: ReadingsQuery, _ bucket: Bucket, _ range: ReadingRange, _ database: Database
    ) throws -> RowCursor {
        let direction = query.order == .ascending ? "ASC" : "DESC"
        let sql =
            bucket.level.map { level in
                """
                SELECT start, 0, count, sum, minimum, maximum, first, last FROM \(level.table)
                WHERE series = :series AND start >= :from AND start < :to ORDER BY start \(direction)
                """
            } ?? """
                SELECT time, position, 1, value, value, value, value, value FROM reading
                WHERE series = :series AND time >= :from AND time < :to AND \(beyond(query, bucket))
                ORDER BY time \(direction), position \(direction)
                """
        var arguments: [String: any DatabaseValueConvertible] = ["series": id, "from": range.from, "to": range.to]
        if bucket == .raw, let after = query.after {
            arguments["time"] = after.time
            arguments["position"] = after.tie
        }
        let statement = try database.makeStatement(sql: sql)
        return try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
    }

    private static func beyond(_ query: ReadingsQuery, _ bucket: Bucket) -> String {
        guard bucket == .raw, query.after != nil else { return "TRUE" }
        return query.order == .ascending
            ? "(time, position) > (:time, :position)" : "(time, position) < (:time, :position)"
    }
}

extension Bucket {
    /// The roll-ups that buckets of this length are made of; `nil` for `raw` and `auto`.
    var level: Rollups.Level? {
        switch self {
        case .raw, .auto: nil
        case .minute, .fiveMinutes, .quarterHour: .minute
        case .hour: .hour
        case .day: .day
        }
    }
}

/// A range of times in microseconds since 1970.
struct ReadingRange {
    /// Inclusive.
    var from: Int64
    /// Exclusive.
    var to: Int64

    /// What a query asks for, widened to whole buckets and cut at its cursor.
    init(_ query: ReadingsQuery, _ bucket: Bucket, series: Int64) {
        from = query.from?.microseconds ?? .min
        to = query.to?.microseconds ?? .max
        guard let length = bucket.microseconds else { return }
        if query.from != nil { from = floor(from, to: length) }
        if query.to != nil {
            // A bucket counts as a whole if it begins before the end of the range.
            let start = floor(to, to: length)
            to = start == to ? to : start.addingReportingOverflow(length).overflow ? .max : start + length
        }
        guard let after = query.after else { return }
        let end = after.time.addingReportingOverflow(length)
        // In the cursor's own bucket the series are ordered by their numbers.
        switch query.order {
        case .ascending: from = max(from, series > after.tie ? after.time : end.overflow ? .max : end.partialValue)
        case .descending: to = min(to, series < after.tie ? (end.overflow ? .max : end.partialValue) : after.time)
        }
    }
}
