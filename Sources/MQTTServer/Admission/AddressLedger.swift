/// Counts connections by address and decides on new ones. Time is in nanoseconds of any clock that does not go back.
struct AddressLedger {
    enum Decision: Hashable {
        case admitted
        case tooManyConnections
        case tooFast
    }

    private struct Entry {
        var connections = 0
        /// Connections that may be opened now, in thousandths.
        var allowance: UInt64
        var updated: UInt64
    }

    private static let leastSweepSize = 1024

    private var limits: AdmissionLimits
    private var entries: [IPAddress: Entry] = [:]
    private var sweepSize = leastSweepSize

    init(limits: AdmissionLimits) {
        self.limits = limits
    }

    /// Decides by other limits from now on; what was counted stays counted.
    mutating func replaceLimits(_ limits: AdmissionLimits) { self.limits = limits }

    /// How many addresses are remembered.
    var count: Int { entries.count }

    /// Whether `address` is counted at all.
    private func isCounted(_ address: IPAddress) -> Bool {
        (limits.maximumConnectionsPerAddress > 0 || limits.connectionRatePerAddress > 0)
            && !isExempt(address)
    }

    /// Whether `address` is one that the limits leave out.
    func isExempt(_ address: IPAddress) -> Bool { limits.exempt.contains { $0.contains(address) } }

    /// Decides on a connection, and counts it if it is admitted; `leave` must follow then.
    mutating func enter(_ address: IPAddress, _ now: UInt64) -> Decision {
        guard isCounted(address) else { return .admitted }
        let key = address.countedAs
        var entry = entries[key] ?? Entry(allowance: burst, updated: now)
        refill(&entry, now)
        defer {
            entries[key] = entry
            if entries.count >= sweepSize { sweep(now) }
        }
        if limits.connectionRatePerAddress > 0 {
            guard entry.allowance >= 1000 else { return .tooFast }
        }
        if limits.maximumConnectionsPerAddress > 0 {
            guard entry.connections < limits.maximumConnectionsPerAddress else { return .tooManyConnections }
        }
        if limits.connectionRatePerAddress > 0 { entry.allowance -= 1000 }
        entry.connections += 1
        return .admitted
    }

    /// A connection that was admitted has ended.
    mutating func leave(_ address: IPAddress, _ now: UInt64) {
        // Whether it is counted may have changed since it came.
        let key = address.countedAs
        guard var entry = entries[key] else { return }
        entry.connections = max(0, entry.connections - 1)
        refill(&entry, now)
        entries[key] = isForgettable(entry) ? nil : entry
    }

    private var burst: UInt64 { UInt64(max(0, limits.connectionRatePerAddress)) * 2000 }

    private func refill(_ entry: inout Entry, _ now: UInt64) {
        guard limits.connectionRatePerAddress > 0, now > entry.updated else { return }
        let milliseconds = min((now - entry.updated) / 1_000_000, 10_000)
        guard milliseconds > 0 else { return }
        entry.allowance = min(burst, entry.allowance + milliseconds * UInt64(limits.connectionRatePerAddress))
        entry.updated = now
    }

    /// Nothing is lost by forgetting an address that has no connection and its full allowance.
    private func isForgettable(_ entry: Entry) -> Bool { entry.connections == 0 && entry.allowance >= burst }

    /// Forgets what can be forgotten. Run again only when the table has doubled, so that it costs little for each
    /// connection even under attack from very many addresses.
    private mutating func sweep(_ now: UInt64) {
        for (key, entry) in entries {
            var entry = entry
            refill(&entry, now)
            if isForgettable(entry) { entries[key] = nil }
        }
        sweepSize = max(Self.leastSweepSize, entries.count * 2)
    }
}
