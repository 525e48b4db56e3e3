public import MQTTCodec

/// All that outlives the process.
public struct DurableState: Sendable, Hashable {
    /// A session with everything that belongs to it.
    public struct Session: Sendable, Hashable {
        public var session: DurableSession
        public var subscriptions: [DurableSubscription] = []
        /// In ascending order.
        public var deliveries: [DurableDelivery] = []
        /// Packet identifiers of QoS 2 publishes that wait for PUBREL.
        public var received: Set<UInt16> = []

        public init(session: DurableSession) {
            self.session = session
        }
    }

    public var sessions: [Session] = []
    /// The contents that deliveries name.
    public var messages: [Int64: DurableMessage] = [:]
    public var retained: [DurableRetained] = []

    public init() {}

    public var isEmpty: Bool { sessions.isEmpty && retained.isEmpty }
}

/// A session that outlives its connections.
public struct DurableSession: Sendable, Hashable {
    public var key: SessionKey
    public var clientID: String
    /// The name of the user whose it is, empty for clients without one; `nil` if that is not known, so that the next to
    /// come becomes it.
    public var owner: String?
    /// Seconds that it outlives its connection; `.max` for ever.
    public var expiryInterval: UInt32
    /// In nanoseconds on the broker's clock while there is no connection; 0 with a connection, or for never.
    public var expiresAt: UInt64
    /// The will of its connection, or one that waits for its delay after the connection's end.
    public var will: DurableWill?

    public init(
        key: SessionKey, clientID: String, owner: String? = nil, expiryInterval: UInt32, expiresAt: UInt64 = 0,
        will: DurableWill? = nil
    ) {
        self.key = key
        self.clientID = clientID
        self.owner = owner
        self.expiryInterval = expiryInterval
        self.expiresAt = expiresAt
        self.will = will
    }
}

/// A subscription of a session that outlives its connections.
public struct DurableSubscription: Sendable, Hashable {
    /// As the client sent it, share name included.
    public var filter: String
    public var options: SubscriptionOptions

    public init(filter: String, options: SubscriptionOptions) {
        self.filter = filter
        self.options = options
    }
}

/// A will, with what was known of the client who made it.
public struct DurableWill: Sendable, Hashable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: QoS
    public var retain: Bool
    /// The MQTT 5 property block as it stands in a PUBLISH.
    public var properties: [UInt8]
    /// Seconds after the end of the connection.
    public var delay: UInt32
    /// In nanoseconds on the broker's clock; 0 while the client is connected.
    public var deadline: UInt64
    public var principal: String?
    public var userName: String?
    public var remoteAddress: String
    public var listener: String
    public var version: ProtocolVersion
    public var keepAlive: UInt16

    public init(
        topic: String, payload: [UInt8], qos: QoS, retain: Bool, properties: [UInt8], delay: UInt32, deadline: UInt64,
        principal: String?, userName: String?, remoteAddress: String, listener: String, version: ProtocolVersion,
        keepAlive: UInt16
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
        self.delay = delay
        self.deadline = deadline
        self.principal = principal
        self.userName = userName
        self.remoteAddress = remoteAddress
        self.listener = listener
        self.version = version
        self.keepAlive = keepAlive
    }
}

/// The content of one or more deliveries.
public struct DurableMessage: Sendable, Hashable {
    public var id: Int64
    public var topic: [UInt8]
    /// The MQTT 5 property block without expiry interval, topic alias and subscription identifiers.
    public var properties: [UInt8]
    public var payload: [UInt8]
    /// In nanoseconds on the broker's clock; 0 for never.
    public var expiresAt: UInt64

    public init(id: Int64, topic: [UInt8], properties: [UInt8], payload: [UInt8], expiresAt: UInt64) {
        self.id = id
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.expiresAt = expiresAt
    }
}

/// A message for one session.
public struct DurableDelivery: Sendable, Hashable {
    public var session: SessionKey
    /// Grows with each delivery of a session.
    public var order: Int64
    /// The content's id; `nil` once PUBREC has come.
    public var message: Int64?
    /// 1 or 2.
    public var qos: UInt8
    public var retain: Bool
    /// Subscription identifiers.
    public var identifiers: [UInt32]
    /// 0 for one that waits to be sent.
    public var packetID: UInt16
    /// The order in which PUBREC packets came; 0 for one whose has not.
    public var released: Int64

    public init(
        session: SessionKey, order: Int64, message: Int64?, qos: UInt8, retain: Bool, identifiers: [UInt32],
        packetID: UInt16, released: Int64 = 0
    ) {
        self.session = session
        self.order = order
        self.message = message
        self.qos = qos
        self.retain = retain
        self.identifiers = identifiers
        self.packetID = packetID
        self.released = released
    }
}

/// A retained message.
public struct DurableRetained: Sendable, Hashable {
    public var topic: [UInt8]
    /// The MQTT 5 property block without expiry interval, topic alias and subscription identifiers.
    public var properties: [UInt8]
    public var payload: [UInt8]
    /// 0, 1 or 2.
    public var qos: UInt8
    /// In nanoseconds on the broker's clock; 0 for never.
    public var expiresAt: UInt64

    public init(topic: [UInt8], properties: [UInt8], payload: [UInt8], qos: UInt8, expiresAt: UInt64) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.expiresAt = expiresAt
    }
}
