/// A message on its way through one shard, its bytes borrowed from wherever it came.
struct Publication {
    var topic: UnsafeRawBufferPointer
    /// Without expiry interval, topic alias and subscription identifiers.
    var properties: UnsafeRawBufferPointer
    var payload: UnsafeRawBufferPointer
    /// 0, 1 or 2.
    var qos: UInt8
    var retain: Bool
    /// Only for sessions connected now.
    var isEphemeral = false
    /// Seconds left when it came; `nil` for a message that does not expire.
    var expiry: UInt32?
    /// On the shard's clock; 0 means never.
    var expiresAt: UInt64 = 0
    /// Tells a publish from every other one where several shards are; else 0.
    var identity: UInt64 = 0
    /// The publishing session, for No Local.
    var session: UnsafeMutablePointer<Session>?
    /// The publishing connection, to slow it down when receivers do not keep up.
    var connection: UnsafeMutablePointer<Connection>?
    /// The packet as received if it may be forwarded byte for byte; else empty.
    var packet = UnsafeRawBufferPointer(start: nil, count: 0)
    var packetIsV5 = false
    var packetIDOffset = 0
    /// Passed on with what other shards have to store; whoever began the publish holds it.
    var receipt: Unmanaged<Receipt>?
    /// The copy that sessions keep, made when the first one needs it.
    var message: Message?

    /// The parts as a receiver gets them.
    func outgoing(_ identifiers: SubscriptionIdentifiers?) -> OutgoingPublish {
        OutgoingPublish(
            topic: topic, properties: properties, payload: payload, expiry: expiry, identifiers: identifiers)
    }
}
