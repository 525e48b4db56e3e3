/// Where the broker keeps what must outlive the process: sessions that outlive their connections with everything that
/// waits for them, and retained messages.
///
/// The broker hands over what changes after each burst of input, and holds the acknowledgements that depend on it until
/// the store says that the changes are on disk. Without a store it keeps everything in memory.
public protocol DurableStore: AnyObject, Sendable {
    /// What an earlier run left behind, once, before anything else. Deadlines are on the clock of `now`.
    func takeState(now: UInt64) -> DurableState

    /// Sets whom to tell of batches that are on disk; `BrokerCore.committed` of that shard must then be called. Numbers
    /// only grow; one stands for all below it.
    func setReceiver(_ committed: @escaping @Sendable (_ shard: Int, _ number: UInt64) -> Void)

    /// Takes a batch of changes, which become durable together, after those of all earlier calls from whatever shard;
    /// what is `held` becomes so with its `settled`, and its batch is committed only then (`HeldChanges`).
    /// Called on event loops: it must not block.
    func write(_ changes: [StateChange], shard: Int, number: UInt64)
}

/// Names a session in the store. No number is used twice.
public typealias SessionKey = Int64

/// One change of what must outlive the process.
public enum StateChange: Sendable, Hashable {
    /// A session has begun, or what is known of it has changed.
    case session(DurableSession)
    /// A session has ended, with everything that belongs to it.
    case sessionEnded(SessionKey)
    /// A subscription was made, or its options were replaced; the filter is as the client sent it.
    case subscribed(SessionKey, filter: String, SubscriptionOptions)
    case unsubscribed(SessionKey, filter: String)
    /// The content of deliveries that follow in the same batch.
    case message(DurableMessage)
    /// A message waits for a session, or is on its way to it.
    case delivery(DurableDelivery)
    /// A waiting message is about to be sent under this packet identifier.
    case sent(SessionKey, order: Int64, packetID: UInt16)
    /// PUBREC has come: from now on only the packet identifier matters. `sequence` orders those of one session.
    case released(SessionKey, order: Int64, sequence: Int64)
    /// The delivery has come to its end: acknowledged, expired or dropped.
    case delivered(SessionKey, order: Int64)
    /// A QoS 2 PUBLISH of the client was taken over.
    case received(SessionKey, packetID: UInt16)
    /// The client has released it with PUBREL.
    case forgotten(SessionKey, packetID: UInt16)
    /// A message is retained, in place of the one of its topic.
    case retained(DurableRetained)
    case retainedRemoved(topic: [UInt8])
    /// What one shard made of a QoS 2 publish that others have to store too: it counts from `settled` on.
    case held(transfer: UInt64, [StateChange])
    /// Every shard has handed over its part of that publish, which was taken over under this packet identifier of its
    /// publisher's session; session 0 if that is gone.
    case settled(transfer: UInt64, SessionKey, packetID: UInt16)
    /// Nothing; that it is on disk says that everything before it is.
    case barrier
}
