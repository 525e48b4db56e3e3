import EventLog
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
    private let rows: HotStatement
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

    /// A row of `Views.series`, restricted to times of `range`, beyond the query's cursor. Unless it `isOnly` one of the
    /// query, it may be read together with others. To be closed.
    init?(
        _ row: Row, _ query: ReadingsQuery, _ bucket: Bucket, _ range: ReadingRange, isOnly: Bool, _ database: Database
    ) throws {
        guard let subject = Subject(kind: .sensor, garage: row["garage"], name: row["sensor"]),
            let quantity = Quantity(rawValue: row["quantity"])
        else { return nil }
        id = row["id"]
        sensor = subject.id
        self.quantity = quantity
        self.bucket = bucket
        isAscending = query.order == .ascending
        rows = try HotStatement(database, sql: ReadingSeries.statement(query, bucket), own: !isOnly)
        // Without a raw reading there is no such series.
        rows.bind(bucket.level == nil ? row["raw"] ?? 0 : id, at: 1)
        rows.bind(range.from, at: 2)
        rows.bind(range.to, at: 3)
        if bucket == .raw, let after = query.after {
            rows.bind(after.time, at: 4)
            rows.bind(after.tie, at: 5)
        }
        do {
            pending = try nextSource()
        } catch {
            close()
            throw error
        }
    }

    /// Lets go of the rows: until then the file they are in can't start its write-ahead log over.
    func close() { rows.reset() }

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
        guard try rows.step() else { return nil }
        return Source(
            time: rows.integer(at: 0), position: rows.integer(at: 1), count: rows.integer(at: 2),
            sum: rows.double(at: 3), minimum: rows.double(at: 4), maximum: rows.double(at: 5),
            first: rows.double(at: 6), last: rows.double(at: 7))
    }

    /// ?1 series, ?2 the first time, ?3 the time before which; for raw readings beyond a cursor ?4 its time, ?5 its position.
    private static func statement(_ query: ReadingsQuery, _ bucket: Bucket) -> String {
        let isAscending = query.order == .ascending
        let direction = isAscending ? "ASC" : "DESC"
        guard let level = bucket.level else {
            let beyond =
                bucket == .raw && query.after != nil ? "AND (time, position) \(isAscending ? ">" : "<") (?4, ?5)" : ""
            return """
                SELECT time, position, 1, value, value, value, value, value FROM reading
                WHERE series = ?1 AND time >= ?2 AND time < ?3 \(beyond) ORDER BY time \(direction), position \(direction)
                """
        }
        return """
            SELECT start, 0, count, sum, minimum, maximum, first, last FROM \(level.table)
            WHERE series = ?1 AND start >= ?2 AND start < ?3 ORDER BY start \(direction)
            """
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
