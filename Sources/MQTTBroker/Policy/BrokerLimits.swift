public import MQTTCodec

/// Bounds of the broker. Each has a default that suits a garage and stands up to a hostile client.
public struct BrokerLimits: Sendable, Hashable {
    /// The deepest topics that there can be: matching goes down a level at a time and must not use up a thread's stack.
    public static let highestTopicLevels = 1000

    /// Largest packet taken from a client, in bytes, header included.
    public var maximumPacketSize = 1_048_576
    /// QoS 1 and 2 publishes a client may have unacknowledged (advertised as Receive Maximum, enforced for MQTT 5).
    public var receiveMaximum: UInt16 = 1024
    /// QoS 1 and 2 messages sent to a client and not acknowledged yet; a client's own Receive Maximum may lower it.
    public var sendMaximum: UInt16 = 1024
    /// Topic aliases a client may use towards the broker, and the broker at most towards a client that takes them.
    public var topicAliasMaximum: UInt16 = 64
    /// Longest life in seconds of a session without a connection. `.max` means for ever.
    public var maximumSessionExpiry: UInt32 = .max
    /// Longest keep-alive in seconds; a client that asks for more (or for none) gets this one. 0 means no limit.
    public var maximumKeepAlive: UInt16 = 0
    /// Messages waiting for one session.
    public var maximumQueuedMessages = 10_000
    /// Bytes waiting for one session, or sent and not acknowledged yet; topics and properties counted. From half of it on,
    /// or of the number of messages, publishers wait for a client that is connected.
    public var maximumQueuedBytes = 16_777_216
    /// Messages waiting for all sessions together; event loops have equal parts of it.
    public var maximumTotalQueuedMessages = 1_000_000
    /// Bytes waiting for all sessions together, or sent and not acknowledged; event loops have equal parts of it.
    public var maximumTotalQueuedBytes = 268_435_456
    /// What goes when a queue is full.
    public var queueDrop = QueueDrop.newest
    public var maximumRetainedMessages = 100_000
    public var maximumRetainedBytes = 268_435_456
    public var maximumSubscriptionsPerSession = 10_000
    /// Levels of a topic or topic filter, 1 to `highestTopicLevels`; a value above that means that.
    public var maximumTopicLevels = 128 {
        didSet { maximumTopicLevels = min(maximumTopicLevels, Self.highestTopicLevels) }
    }
    /// Bytes of a topic or topic filter, 1 to 65535.
    public var maximumTopicLength = 65_535
    /// The most bytes that someone who has not been let in yet may make the broker keep.
    public var maximumConnectSize = 131_072
    /// Messages per second that one client may publish; one that sends more is read more slowly, and may send a second's
    /// worth at once after a pause. 0 for any number.
    public var publishRate: UInt32 = 0
    /// The highest QoS of publishes that are taken and of subscriptions that are granted.
    public var maximumQoS = QoS.exactlyOnce
    /// Whether clients may publish retained messages.
    public var retainAvailable = true
    public var wildcardSubscriptionsAvailable = true
    public var sharedSubscriptionsAvailable = true
    public var subscriptionIdentifiersAvailable = true
    /// Given to clients that ask for it, as the beginning of their response topics; `%c` becomes the client identifier.
    public var responseInformation: String?
    /// Where `BrokerHub.setDraining` sends clients, such as `other.example:1883`.
    public var serverReference: String?
    /// Sessions of one event loop, those without a connection included.
    public var maximumSessions = 100_000
    /// Whether a client may go on with, or end, the session of another user's client with the same identifier. Otherwise
    /// it is refused with 0x85 (Client Identifier not valid); MQTT leaves to the server which identifiers it allows whom
    /// (MQTT 5.0, 3.1.3.1).
    public var anyUserTakesOver = false
    /// Connections at one time, over all listeners.
    public var maximumConnections = 100_000
    /// Seconds within which a connection must send its CONNECT.
    public var connectTimeout: UInt32 = 10
    /// Bytes waiting to be written to one connection before its publishers are slowed down.
    public var outboxHighWater = 262_144
    /// Seconds for which a receiver that does not read may slow its publishers down; after that its QoS 0 messages are
    /// dropped and counted.
    public var stalledReceiverTimeout: UInt32 = 5

    public init() {}
}

/// Which message is lost when a queue is full.
public enum QueueDrop: String, Sendable, Hashable, CaseIterable {
    /// The one that comes last does not get in.
    case newest
    /// The one that has waited longest makes room. If it is the broker that is full, it is one of the session that takes
    /// most of the room.
    case oldest
}

/// Counters and gauges since the start.
public struct BrokerStatistics: Sendable, Hashable {
    public var connections = 0
    /// Sessions of one event loop, those without a connection included.
    public var sessions = 0
    public var subscriptions = 0
    /// Those of `subscriptions` that are shared.
    public var sharedSubscriptions = 0
    public var retainedMessages = 0
    public var retainedBytes = 0
    /// Messages that wait in sessions' queues.
    public var queuedMessages = 0
    public var messagesReceived = 0
    public var messagesSent = 0
    /// Those of `messagesReceived` that came with QoS 1 and 2.
    public var messagesReceivedQoS1 = 0
    public var messagesReceivedQoS2 = 0
    public var bytesReceived = 0
    public var bytesSent = 0
    public var messagesDropped = 0
    public var connectionsRefused = 0
    public var connectionsOpened = 0
    public var connectsReceived = 0
    /// Clients that are logged in.
    public var connectedClients = 0
    /// The most connections at one time since the start.
    public var peakConnections = 0
    /// Packets of any type.
    public var packetsReceived = 0
    public var packetsSent = 0
    /// Bytes of the payloads of publishes.
    public var payloadBytesReceived = 0
    public var payloadBytesSent = 0
    public var queuedBytes = 0
    /// QoS 1 and 2 messages under way to clients.
    public var inflightMessages = 0
    /// Publishes that a limit has refused: the topic too long, too deep, or the broker's own.
    public var publishesRefused = 0
    /// How often a client was slowed down because it published too fast.
    public var publishersThrottled = 0
    public var sessionsExpired = 0
    /// Connections closed because they did not log in in time.
    public var connectTimeouts = 0
    /// How often a bound was reached.
    public var limitsReached: [LimitKind: Int] = [:]

    public init() {}

    /// Packets that were sent, publishes included.
    public var allPacketsSent: Int { packetsSent &+ messagesSent }

    /// Adds another loop's figures.
    public static func += (left: inout BrokerStatistics, right: BrokerStatistics) {
        left.connections += right.connections
        left.sessions += right.sessions
        left.subscriptions += right.subscriptions
        left.sharedSubscriptions += right.sharedSubscriptions
        left.retainedMessages += right.retainedMessages
        left.retainedBytes += right.retainedBytes
        left.queuedMessages += right.queuedMessages
        left.messagesReceived += right.messagesReceived
        left.messagesSent += right.messagesSent
        left.bytesReceived += right.bytesReceived
        left.bytesSent += right.bytesSent
        left.messagesDropped += right.messagesDropped
        left.connectionsRefused += right.connectionsRefused
        left.messagesReceivedQoS1 += right.messagesReceivedQoS1
        left.messagesReceivedQoS2 += right.messagesReceivedQoS2
        left.connectionsOpened += right.connectionsOpened
        left.connectsReceived += right.connectsReceived
        left.connectedClients += right.connectedClients
        left.peakConnections = max(left.peakConnections, right.peakConnections)
        left.packetsReceived += right.packetsReceived
        left.packetsSent += right.packetsSent
        left.payloadBytesReceived += right.payloadBytesReceived
        left.payloadBytesSent += right.payloadBytesSent
        left.queuedBytes += right.queuedBytes
        left.inflightMessages += right.inflightMessages
        left.publishesRefused += right.publishesRefused
        left.publishersThrottled += right.publishersThrottled
        left.sessionsExpired += right.sessionsExpired
        left.connectTimeouts += right.connectTimeouts
        left.limitsReached.merge(right.limitsReached, uniquingKeysWith: +)
    }
}
