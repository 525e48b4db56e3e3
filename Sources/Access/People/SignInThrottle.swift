/// Slows down guessing: after a few wrong passwords, a name and an address are each locked, for twice as long after every
/// further one.
///
/// A pure value: time is given, in seconds.
struct SignInThrottle: Sendable {
    private struct Record {
        var failures: Int
        var lockedUntil: Int64
        var lastFailure: Int64

        mutating func lock(at now: Int64) {
            let excess = failures - SignInThrottle.free
            if excess > 0 { lockedUntil = now &+ min(SignInThrottle.longestLock, Int64(1) << min(excess, 12)) }
        }
    }

    private var records: [String: Record] = [:]

    /// Wrong passwords that cost nothing but the time to check them.
    static let free = 4
    /// The longest lock: an hour.
    static let longestLock: Int64 = 3600
    /// Names and addresses remembered at once. A guesser with more addresses than these is slowed down by the name.
    static let capacity = 10_000
    /// Failures are forgotten after a day without another.
    static let memory: Int64 = 86_400

    /// Until when this name or address has to wait; `nil` if it may try now. A lock that seems longer than the longest began
    /// before the clock was put back, and is over.
    func lockedUntil(_ keys: [String], at now: Int64) -> Int64? {
        keys.compactMap { records[$0]?.lockedUntil }.filter { $0 > now && $0 &- now <= Self.longestLock }.max()
    }

    /// Notes a wrong password for each of the keys.
    mutating func noteFailure(_ keys: [String], at now: Int64) {
        for key in keys {
            var record = records[key] ?? Record(failures: 0, lockedUntil: 0, lastFailure: now)
            // A failure of tomorrow is one from before the clock was put back.
            if abs(now &- record.lastFailure) > Self.memory { record.failures = 0 }
            record.failures = min(record.failures + 1, 64)
            record.lastFailure = now
            record.lock(at: now)
            records[key] = record
        }
        if records.count > Self.capacity { forgetOldest(now) }
    }

    /// Has the locks that there are begin now.
    mutating func extendLock(_ keys: [String], at now: Int64) {
        for key in keys { records[key]?.lock(at: now) }
    }

    /// Forgets a name's failures after it signed in.
    mutating func noteSuccess(_ keys: [String]) {
        for key in keys { records[key] = nil }
    }

    private mutating func forgetOldest(_ now: Int64) {
        records = records.filter { now &- $0.value.lastFailure <= Self.memory }
        let excess = records.count - Self.capacity / 2
        guard excess > 0 else { return }
        for (key, _) in records.sorted(by: { $0.value.lastFailure < $1.value.lastFailure }).prefix(excess) {
            records[key] = nil
        }
    }
}
