/// A moment in time: microseconds since 1970-01-01T00:00:00Z, as read from the service's own clock.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
    /// Microseconds since the Unix epoch. Negative values are before 1970.
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The whole milliseconds from `earlier` to this moment; 0 if the clock went back, `Int64.max` on overflow.
    public func milliseconds(since earlier: Timestamp) -> Int64 {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        if overflow { return self < earlier ? 0 : .max }
        return max(0, difference / 1000)
    }

    /// This moment moved by `milliseconds`, clamped to the representable range.
    public func adding(milliseconds: Int64) -> Timestamp {
        let (scaled, scaleOverflow) = milliseconds.multipliedReportingOverflow(by: 1000)
        let (sum, sumOverflow) = microseconds.addingReportingOverflow(scaled)
        if scaleOverflow || sumOverflow { return Timestamp(microseconds: milliseconds < 0 ? .min : .max) }
        return Timestamp(microseconds: sum)
    }

    public init(from decoder: any Decoder) throws {
        microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
