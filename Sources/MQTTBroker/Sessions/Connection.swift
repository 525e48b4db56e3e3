import MQTTCodec

/// One network connection of a shard.
struct Connection {
    enum Phase {
        /// Nothing but CONNECT may come.
        case awaitingConnect
        /// An enhanced authentication is under way: only AUTH and DISCONNECT may come.
        case authenticating
        /// CONNECT is accepted, and the session is on its way from another shard.
        case awaitingSession
        case active
        /// Over for MQTT: what comes is ignored, what waits is written, then the transport is closed.
        case closing
    }

    let id: ConnectionID
    let remoteAddress: String
    let listener: String
    /// The name in the certificate that the client has shown.
    var certificateIdentity: String?
    /// Slowed down instead of cut off when it exceeds the Receive Maximum.
    var isLenient = false
    /// What the client may do; set anew with the CONNACK.
    var offer: Offer
    var phase = Phase.awaitingConnect
    var version = ProtocolVersion.v5
    var isV5 = true
    /// Whether `sentAliases` has any to give. Here, as each delivery asks.
    var takesAliases = false
    var session: UnsafeMutablePointer<Session>?
    var context: ClientContext?

    /// The beginning of a packet whose rest has not come yet.
    var inbox = RawBytes()
    var outbox: RawBytes
    /// On the shard's list of connections whose state the transport must look at.
    var isTouched = false
    /// On the shard's list of connections to be written soon.
    var isLarge = false
    /// The peer said goodbye or must not get more: close at once instead of letting it read the rest.
    var closesAtOnce = false

    /// Nanoseconds without a packet after which the client is gone; 0 for never.
    var keepAliveTimeout: UInt64 = 0
    var lastReceived: UInt64
    /// Largest packet that the client takes.
    var maximumPacketSize = Int.max
    /// QoS 1 and 2 messages that may be under way to the client.
    var sendQuota = 0

    var aliases = AliasTable()
    var acknowledgements = AcknowledgementQueue()
    /// QoS 1 publishes of the client without PUBACK.
    var unacknowledgedQoS1 = 0
    /// QoS 2 publishes that have come on this connection and have not been released. Those of earlier connections do not
    /// count, as the client's quota begins anew [MQTT-4.9.0-1].
    var unreleasedQoS2 = 0
    var will: PendingWill?
    /// Set while the client authenticates by a method of its own choice, and afterwards.
    var login: EnhancedLogin?
    var rate: PublishRate
    var backPressure = BackPressure()
    /// The last batch after which its acknowledgements are looked at again.
    var flushesAfter: UInt64 = 0

    /// The last topic published to, with what the cache knew of it then.
    var lastRoute: UnsafeMutablePointer<Route>?
    var lastRouteGeneration: UInt64 = 0
    var sentAliases = SentAliases()

    init(
        id: ConnectionID, remoteAddress: String, listener: String, offer: Offer, outbox: RawBytes, now: UInt64
    ) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.listener = listener
        self.offer = offer
        self.outbox = outbox
        lastReceived = now
        rate = PublishRate(updated: now)
    }

    mutating func deallocate() {
        inbox.deallocate()
        outbox.deallocate()
        aliases.deallocate()
        sentAliases.deallocate()
    }
}

/// What a client may publish before it is slowed down, as a token bucket that holds a second's worth.
struct PublishRate {
    /// Nanoseconds that the client has saved up; a message costs a second divided by the rate.
    var allowance: Int64 = 1_000_000_000
    var updated: UInt64
    /// Not read until the allowance is no longer negative.
    var isThrottled = false
}

/// A will with what is needed to publish it later.
struct PendingWill: Sendable {
    var will: Will
    /// Seconds after the end of the connection.
    var delay: UInt32
    var context: ClientContext
    /// On the shard's clock, once the connection has ended.
    var deadline: UInt64 = 0
}

/// Who slows whom down. As a receiver: whether it is clogged and which publishers wait for it. As a publisher: how many
/// receivers it waits for.
struct BackPressure {
    /// The transport takes more bytes.
    var isWritable = true
    /// As a receiver: too many bytes wait to be written.
    var isClogged = false
    /// As a receiver: clogged for so long that it no longer slows others down; its QoS 0 messages are dropped.
    var isStalled = false
    /// Whether a timer is set that looks for a stall.
    var isWatched = false
    var cloggedSince: UInt64 = 0
    /// Publishers that do not read until this receiver has room.
    var waitingPublishers: [ConnectionID] = []
    /// As a publisher: the receivers whose sockets it waits for; meanwhile it is not read.
    var waits = 0
    /// As a publisher: the receivers whose queues it waits for; meanwhile it gets no acknowledgements.
    var gates = 0
    /// What the transport was last told.
    var isReadingPaused = false
}
