/// Deadlines of one shard, earliest first. No entry is taken out alone: whoever handles one looks whether it still
/// holds, and now and then all that do not are thrown out at once, so that clients who come and go leave nothing behind.
struct TimerHeap {
    enum Kind: UInt8 {
        case connectTimeout
        case keepAlive
        case stalledReceiver
        case will
        case sessionExpiry
        case retainedExpiry
        case publishRate
        case congestedHost
    }

    struct Entry {
        /// Nanoseconds on the shard's clock.
        var deadline: UInt64
        var kind: Kind
        var slot: UInt32
        var generation: UInt32
    }

    private var entries: [Entry] = []
    /// So many entries are worth looking through.
    private var sweepCount = 1024

    var count: Int { entries.count }

    var nextDeadline: UInt64? { entries.first?.deadline }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Whether there are twice as many entries as the last sweep left.
    var isSweepDue: Bool { entries.count >= sweepCount }

    /// Keeps only the entries that still hold.
    mutating func sweep(_ holds: (Entry) -> Bool) {
        entries.removeAll { !holds($0) }
        sweepCount = max(1024, 2 * entries.count)
        // Any sorted array is a heap.
        entries.sort { $0.deadline < $1.deadline }
    }

    /// Takes the earliest entry if it is due.
    mutating func popDue(_ now: UInt64) -> Entry? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown()
        }
        return first
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
