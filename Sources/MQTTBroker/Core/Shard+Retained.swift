import Synchronization

/// A retained message as an operator sees it.
public struct RetainedInfo: Sendable, Hashable {
    public var topic: String
    /// At most 200 bytes of the payload, as text; what is no text is replaced.
    public var payload: String
}

extension Shard {
    /// The retained messages of all shards; `nil` if there are so many that looking at them would hold up the broker.
    func retainedMessages(limit: Int, now: UInt64) -> [RetainedInfo]? {
        let found = hub.retained.withLock { store in
            store.count > 20_000 ? nil : store.matching("#", now)
        }
        return found.map { messages in
            let all = messages.map { message in
                RetainedInfo(
                    topic: String(decoding: message.topic, as: UTF8.self),
                    payload: String(decoding: message.payload.prefix(200), as: UTF8.self))
            }
            return Array(all.sorted { $0.topic < $1.topic }.prefix(max(0, limit)))
        }
    }
}
