/// Deadlines of one shard, earliest first. Entries are never taken out early: whoever handles one looks whether it
/// still holds.
struct TimerHeap {
    enum Kind: UInt8 {
        case connectTimeout
        case keepAlive
        case stalledReceiver
        case will
        case sessionExpiry
        case retainedExpiry
        case publishRate
    }

    struct Entry {
        /// Nanoseconds on the shard's clock.
        var deadline: UInt64
        var kind: Kind
        var slot: UInt32
        var generation: UInt32
    }

    private var entries: [Entry] = []

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
