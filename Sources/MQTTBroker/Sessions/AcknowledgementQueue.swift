import DequeModule
import MQTTCodec

/// PUBACK and PUBREC packets that can't leave yet, in the order of their PUBLISH packets [MQTT-4.6.0-2],
/// [MQTT-4.6.0-3]. Empty for a client whose acknowledgements are never held.
struct AcknowledgementQueue {
    struct Entry {
        var packetID: UInt16
        var isQoS2: Bool
        /// The host's word, or that of the broker itself; `nil` while it is awaited.
        var reason: ReasonCode?
        /// The ticket's number; 0 for one that waits only for those before it.
        var sequence: UInt64
        /// The batch of changes that must be on disk first; 0 for none.
        var batch: UInt64 = 0
        /// Other shards still have something to store.
        var awaitsOthers = false
    }

    private var entries: Deque<Entry> = []

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
    }

    /// Notes the host's word. False if no entry has this number.
    mutating func release(_ sequence: UInt64, _ reason: ReasonCode) -> Bool {
        // Releases come in the order of the tickets, so this stops at or near the front.
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return false }
        entries[index].reason = reason
        return true
    }

    /// Notes that the other shards have stored the publish, and what is to be on disk here besides. False if no entry has
    /// this number.
    mutating func stored(_ sequence: UInt64, batch: UInt64) -> Bool {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return false }
        entries[index].awaitsOthers = false
        entries[index].batch = max(entries[index].batch, batch)
        return true
    }

    func contains(packetID: UInt16, isQoS2: Bool) -> Bool {
        entries.contains { $0.packetID == packetID && $0.isQoS2 == isQoS2 }
    }

    /// Empties the queue and hands out what was in it.
    mutating func removeAll(_ body: (Entry) -> Void) {
        for entry in entries { body(entry) }
        entries = []
    }

    /// Takes the first entry if it may leave.
    /// - Parameter committed: the last batch that is on disk.
    mutating func popReady(committed: UInt64) -> Entry? {
        guard let first = entries.first, first.reason != nil, first.batch <= committed, !first.awaitsOthers else {
            return nil
        }
        return entries.removeFirst()
    }
}
