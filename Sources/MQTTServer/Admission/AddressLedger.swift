/// Counts connections by address and decides on new ones. Time is in nanoseconds of any clock that does not go back.
struct AddressLedger {
    enum Decision: Hashable {
        case admitted
        case tooManyConnections
        case tooFast
    }

    private struct Entry {
        var connections = 0
        /// Connections opened of late, in thousandths: what is used up of the burst. Falls by the rate.
        var spent: UInt64 = 0
        var updated: UInt64
    }

    private static let leastSweepSize = 1024

    private var limits: AdmissionLimits
    private var entries: [IPAddress: Entry] = [:]
    private var sweepSize = leastSweepSize

    init(limits: AdmissionLimits) {
        self.limits = limits
    }

    /// Decides by other limits from now on; what was counted stays counted, also of addresses that had no limit.
    mutating func replaceLimits(_ limits: AdmissionLimits) { self.limits = limits }

    /// How many addresses are remembered.
    var count: Int { entries.count }

    /// Whether `address` is one that the limits leave out.
    func isExempt(_ address: IPAddress) -> Bool { limits.exempt.contains { $0.contains(address) } }

    /// Decides on a connection, and counts it if it is admitted; `leave` must follow then.
    mutating func enter(_ address: IPAddress, _ now: UInt64) -> Decision {
        let key = address.countedAs
        var entry = entries[key] ?? Entry(updated: now)
        recover(&entry, now)
        defer {
            entries[key] = entry
            if entries.count >= sweepSize { sweep(now) }
        }
        // Who has no limit now is counted all the same: limits may come while the connection lasts.
        if !isExempt(address) {
            if limits.connectionRatePerAddress > 0 {
                guard entry.spent + 1000 <= burst else { return .tooFast }
            }
            if limits.maximumConnectionsPerAddress > 0 {
                guard entry.connections < limits.maximumConnectionsPerAddress else { return .tooManyConnections }
            }
            if limits.connectionRatePerAddress > 0 { entry.spent += 1000 }
        }
        entry.connections += 1
        return .admitted
    }

    /// A connection that was admitted has ended.
    mutating func leave(_ address: IPAddress, _ now: UInt64) {
        let key = address.countedAs
        guard var entry = entries[key] else { return }
        entry.connections = max(0, entry.connections - 1)
        recover(&entry, now)
        entries[key] = isForgettable(entry) ? nil : entry
    }

    private var burst: UInt64 { UInt64(max(0, limits.connectionRatePerAddress)) * 2000 }

    private func recover(_ entry: inout Entry, _ now: UInt64) {
        guard limits.connectionRatePerAddress > 0 else {
            entry.spent = 0
            return
        }
        guard now > entry.updated else { return }
        let milliseconds = min((now - entry.updated) / 1_000_000, 10_000)
        guard milliseconds > 0 else { return }
        // No more than a burst was spent, also if the rate is a smaller one now.
        let spent = min(entry.spent, burst)
        entry.spent = spent - min(spent, milliseconds * UInt64(limits.connectionRatePerAddress))
        entry.updated = now
    }

    /// Nothing is lost by forgetting an address that has no connection and may open all that it may after a pause.
    private func isForgettable(_ entry: Entry) -> Bool { entry.connections == 0 && entry.spent == 0 }

    /// Forgets what can be forgotten. Run again only when the table has doubled, so that it costs little for each
    /// connection even under attack from very many addresses.
    private mutating func sweep(_ now: UInt64) {
        for (key, entry) in entries {
            var entry = entry
            recover(&entry, now)
            if isForgettable(entry) { entries[key] = nil }
        }
        sweepSize = max(Self.leastSweepSize, entries.count * 2)
    }
}
