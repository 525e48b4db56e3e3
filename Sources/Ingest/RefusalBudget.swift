import GarageDomain

/// How many refusals are recorded in one minute, so that a client that goes on asking can't fill the disk.
struct RefusalBudget: Sendable {
    /// The most in one minute.
    static let perMinute = 60

    private var minute: Int64 = 0
    private var count = 0

    /// Whether one more may be recorded.
    mutating func take(at now: Timestamp) -> Bool {
        let minute = now.microseconds / 60_000_000
        if minute != self.minute { (self.minute, count) = (minute, 0) }
        guard count < Self.perMinute else { return false }
        count += 1
        return true
    }
}
