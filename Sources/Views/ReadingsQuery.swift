public import GarageDomain

/// Which readings a reader wants, and how finely.
public struct ReadingsQuery: Sendable, Hashable {
    /// `nil` means every sensor.
    public var sensor: Subject?
    /// `nil` means every quantity.
    public var quantity: Quantity?
    /// From this moment on, inclusive. A bucket counts if it begins at or after the bucket that holds this moment.
    public var from: Timestamp?
    /// Before this moment, exclusive.
    public var to: Timestamp?
    public var bucket: Bucket
    public var order: PageRequest.Order
    /// 1 to 10000.
    public var limit: Int
    /// Where the page begins: the `next` of the page before.
    public var after: ReadingsCursor?

    public init(
        sensor: Subject? = nil, quantity: Quantity? = nil, from: Timestamp? = nil, to: Timestamp? = nil,
        bucket: Bucket = .auto, order: PageRequest.Order = .ascending, limit: Int = 2000, after: ReadingsCursor? = nil
    ) {
        self.sensor = sensor
        self.quantity = quantity
        self.from = from
        self.to = to
        self.bucket = bucket
        self.order = order
        self.limit = limit
        self.after = after
    }
}

/// How readings are grouped. Buckets begin at whole multiples of their length since 1970-01-01T00:00:00Z, so a day is
/// a UTC day.
public enum Bucket: String, Sendable, Hashable, CaseIterable {
    /// Every reading by itself.
    case raw
    case minute = "1m"
    case fiveMinutes = "5m"
    case quarterHour = "15m"
    case hour = "1h"
    case day = "1d"
    /// The finest of the others that gives at most 2000 points for each sensor and quantity.
    case auto

    /// The length in microseconds; `nil` for `raw` and `auto`.
    public var microseconds: Int64? {
        switch self {
        case .raw, .auto: nil
        case .minute: 60_000_000
        case .fiveMinutes: 300_000_000
        case .quarterHour: 900_000_000
        case .hour: 3_600_000_000
        case .day: 86_400_000_000
        }
    }
}

/// The place of a point in the order of a readings list.
public struct ReadingsCursor: Sendable, Hashable {
    /// The point's time in microseconds since 1970.
    public var time: Int64
    /// Orders points of the same time: the event's position for raw readings, else the series.
    public var tie: Int64

    public init(time: Int64, tie: Int64) {
        self.time = time
        self.tie = tie
    }
}

/// A page of readings, ordered by time.
public struct ReadingsAnswer: Sendable, Hashable {
    public var points: [ReadingPoint]
    /// The places of the first and the last point; `nil` if there is none.
    public var first: ReadingsCursor?
    public var last: ReadingsCursor?
    /// The grouping used; never `auto`.
    public var bucket: Bucket
    /// Where the next page begins; `nil` after the last one.
    public var next: ReadingsCursor?

    public init(
        points: [ReadingPoint], bucket: Bucket, next: ReadingsCursor?, first: ReadingsCursor? = nil,
        last: ReadingsCursor? = nil
    ) {
        self.points = points
        self.first = first
        self.last = last
        self.bucket = bucket
        self.next = next
    }
}
