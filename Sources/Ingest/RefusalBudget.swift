public import GarageDomain

/// How many refusals are recorded in one minute, so that someone who goes on asking can't fill the disk. How many were
/// left out is told with the next that is recorded.
public struct RefusalBudget: Sendable {
    /// The most in one minute.
    public static let perMinute = 30

    private var minute: Int64 = 0
    private var count = 0
    private var leftOut = 0

    public init() {}

    /// The text to record for an attempt, at most 300 characters and a remark; `nil` if it is to be left out.
    public mutating func text(for attempt: String, at now: Timestamp) -> String? {
        let minute = now.microseconds / 60_000_000
        if minute != self.minute { (self.minute, count) = (minute, 0) }
        guard count < Self.perMinute else {
            leftOut += 1
            return nil
        }
        count += 1
        defer { leftOut = 0 }
        return String(attempt.prefix(300)) + (leftOut > 0 ? " (and \(leftOut) more refusals)" : "")
    }
}
