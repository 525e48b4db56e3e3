/// Which TLS handshakes are under way, and since when. Time is in nanoseconds of any clock that does not go back.
struct HandshakeLedger<Key: Hashable> {
    /// What happens to a connection that waits to be accepted.
    enum Decision: Hashable {
        case accepted
        /// All places are taken; at this time the oldest handshake may be given up for it.
        case waits(until: UInt64)
    }

    /// Handshakes at one time; at least 1.
    private(set) var limit: Int
    /// How long a handshake is left alone while others wait for its place.
    private let patience: UInt64
    private var began: [Key: UInt64] = [:]

    /// - Parameters:
    ///   - limit: handshakes at one time; at least 1.
    ///   - patience: nanoseconds that each of them has when others wait.
    init(limit: Int, patience: UInt64) {
        self.limit = max(1, limit)
        self.patience = patience
    }

    /// Allows another number at one time from now on. Those under way go on.
    mutating func replaceLimit(_ limit: Int) { self.limit = max(1, limit) }

    /// How many are under way.
    var count: Int { began.count }

    /// Whether another connection may be accepted.
    var decision: Decision {
        guard began.count >= limit, let oldest = began.values.min() else { return .accepted }
        let (deadline, isLate) = oldest.addingReportingOverflow(patience)
        return .waits(until: isLate ? .max : deadline)
    }

    /// A connection has been accepted and its handshake begins.
    mutating func begin(_ key: Key, _ now: UInt64) { began[key] = now }

    /// A handshake is over, or its connection has ended. Does nothing for one that is not known any more.
    mutating func end(_ key: Key) { began[key] = nil }

    /// Takes the oldest handshake out, if the places are all taken and it has had its time.
    mutating func giveUpOldest(_ now: UInt64) -> Key? {
        guard case .waits(until: let deadline) = decision, now >= deadline,
            let oldest = began.min(by: { $0.value < $1.value })?.key
        else { return nil }
        began[oldest] = nil
        return oldest
    }
}
