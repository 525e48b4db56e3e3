/// A message that is on its way to a webhook.
public struct Delivery: Sendable, Hashable {
    /// The position of the event that it tells of.
    public var position: Int64
    /// The event's id, by which the receiver can tell a repetition.
    public var id: String
    public var body: [UInt8]
    /// How often it was tried in vain.
    public var attempts: Int
    /// When it was first due, in microseconds since 1970.
    public var since: Int64
    /// When it is to be tried next, in microseconds since 1970.
    public var due: Int64

    public init(position: Int64, id: String, body: [UInt8], since: Int64) {
        self.position = position
        self.id = id
        self.body = body
        attempts = 0
        self.since = since
        due = since
    }

    /// A message is given up after this time, and not before it was tried this often: a clock that is put right, as that
    /// of a board without a battery is after each start, leaps over years.
    public static let lifetimeSeconds: Int64 = 24 * 60 * 60
    private static let leastAttempts = 20
    private static let longestPauseSeconds: Int64 = 60 * 60

    /// Whether it is to be tried. No pause is longer than an hour: one that seems so began before the clock was put back.
    public func isDue(at now: Int64) -> Bool {
        due <= now || due - now > Delivery.longestPauseSeconds * 1_000_000
    }

    /// The message after an attempt in vain: the pause doubles from 5 seconds to an hour. `nil` if it is given up.
    public func failed(at now: Int64) -> Delivery? {
        var next = self
        next.attempts += 1
        guard now &- since < Delivery.lifetimeSeconds * 1_000_000 || next.attempts < Delivery.leastAttempts else {
            return nil
        }
        let pause = min(5 << Int64(min(attempts, 20)), Delivery.longestPauseSeconds)
        next.due = now + pause * 1_000_000
        return next
    }
}
