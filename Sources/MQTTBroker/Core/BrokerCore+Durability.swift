/// With a store: what outlives the process.
extension BrokerCore {
    /// Enters this shard's part of what an earlier run left behind. Every shard must have done so before any of them gets
    /// other input, `expire` first.
    public func restore(_ state: DurableState, now: UInt64) {
        let hub = shard.pointee.hub
        let index = shard.pointee.index
        hub.raiseNumbers(
            session: state.sessions.map(\.session.key).max() ?? 0, message: state.messages.keys.max() ?? 0)
        let own = state.sessions.filter { Self.home(of: $0.session.clientID, shards: hub.shardCount) == index }
        shard.pointee.restore(own, state.messages, now)
        if index == 0 { shard.pointee.restore(state.retained, now) }
        shard.pointee.flushJournal()
    }

    /// Every batch of this shard up to this number is on disk.
    public func committed(_ number: UInt64, now: UInt64) {
        shard.pointee.committed(number, now)
        shard.pointee.flushJournal()
    }

    /// The shard on which a session is until its client comes back elsewhere.
    private static func home(of clientID: String, shards: Int) -> Int {
        Int(ExactText(clientID).stableHash % UInt64(max(1, shards)))
    }
}
