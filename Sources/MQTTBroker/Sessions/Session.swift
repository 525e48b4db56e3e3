import DequeModule
import MQTTCodec

/// What the broker keeps of a client, with or without a connection (MQTT 5.0 section 4.1).
struct Session {
    let slot: UInt32
    let generation: UInt32
    let clientID: String
    /// The user whose session it is (`Principal.owner`); `nil` if that is not known, so that the next to come becomes it.
    var owner: String?
    var connection: UnsafeMutablePointer<Connection>?
    /// Seconds that the session outlives its connection; `.max` for ever.
    var expiryInterval: UInt32 = 0
    /// Why it ends, when it does.
    var endCause = SessionEnd.connectionEnded
    /// On the shard's clock while there is no connection; 0 for never.
    var expiresAt: UInt64 = 0
    /// By the filter as the client sent it, share name included.
    var subscriptions: [ExactText: SubscriptionRecord] = [:]
    /// How many of the subscriptions are shared.
    var sharedSubscriptions = 0
    var outbound: OutboundWindow
    var queue: Deque<QueuedMessage> = []
    var queuedBytes = 0
    /// What holds for this session in place of the limits.
    var terms: SessionTerms? {
        didSet { slowBytes = terms.map { max(1, $0.maximumQueuedBytes / 2) } ?? .max }
    }
    /// By the terms, from how many bytes under way on publishers are slowed down.
    private(set) var slowBytes = Int.max
    /// Retained messages for new subscriptions that have been looked up and wait.
    var retainedBacklog: Deque<RetainedDelivery> = []
    /// New subscriptions whose retained messages have not all been looked up.
    var retainedRequests: Deque<RetainedRequest> = []
    /// QoS 2 publishes of the client between PUBLISH and PUBREL.
    var inboundQoS2 = PacketIDTable<InboundQoS2>(placeholder: InboundQoS2())
    /// Numbers the hold tickets; the first is 1.
    var lastHoldSequence: UInt64 = 0
    /// Tickets up to this number were made on shards where the session was before.
    var lastForeignSequence: UInt64 = 0
    /// A will that waits for its delay after the connection's end.
    var will: PendingWill?
    /// Messages dropped and not reported yet.
    var unreportedDrops = 0
    var hasReportedDrop = false
    var lastDropReason = DropReason.queueFull
    /// Publishers whose acknowledgements wait until the queue has room.
    var gatedPublishers: [ConnectionID] = []
    /// When the client last acknowledged something.
    var lastProgress: UInt64 = 0
    /// It has not acknowledged anything for so long that publishers no longer wait for it.
    var isStalled = false

    /// Under which the store knows the session; 0 for one that ends with its connection, or without a store.
    var key: SessionKey = 0
    /// Numbers the deliveries for the store; the first is 1.
    var lastOrder: Int64 = 0
    /// The last batch after which the session is looked at again.
    var drainsAfter: UInt64 = 0

    /// The number of the tenure under which its shard has it; 0 with one shard.
    var tenure: UInt64 = 0
    /// Set while the session is between two shards.
    var move: Move?

    /// - Parameter inflightBytes: counts what is under way to all clients of the shard.
    init(slot: UInt32, generation: UInt32, clientID: String, inflightBytes: UnsafeMutablePointer<Int>) {
        outbound = OutboundWindow(total: inflightBytes)
        self.slot = slot
        self.generation = generation
        self.clientID = clientID
    }

    /// Something must be sent before a new message may be.
    var hasEarlier: Bool { !queue.isEmpty || !outbound.resend.isEmpty }

    /// The session has gone to another shard.
    var isLeaving: Bool { if case .leaving? = move { true } else { false } }

    /// Something waits for quota or room, be it a publisher.
    var hasBacklog: Bool { hasEarlier || hasRetainedBacklog || isLagging }

    var hasRetainedBacklog: Bool { !retainedBacklog.isEmpty || !retainedRequests.isEmpty }

    /// Publishers wait for the client, or no longer do because it has made no progress.
    var isLagging: Bool { !gatedPublishers.isEmpty || isStalled }

    /// What the client's messages take that wait for it or for its acknowledgement.
    var heldBytes: Int { queuedBytes &+ outbound.bytes }
}

/// A QoS 2 PUBLISH that has been taken over and not released by PUBREL.
struct InboundQoS2 {
    /// The hold ticket's number while the host has not let the PUBREC go; 0 afterwards.
    var heldSequence: UInt64 = 0
    /// The batch that must be on disk before PUBREC; 0 for none.
    var batch: UInt64 = 0
    /// The hold ticket's number while other shards have something to store.
    var storedSequence: UInt64 = 0
    /// Counted among those that have come on the present connection.
    var isCounted = false
}

/// A message that waits for quota, room or a connection.
struct QueuedMessage {
    var message: Message
    /// 1 or 2.
    var qos: UInt8
    var retain: Bool
    var identifiers: SubscriptionIdentifiers?
    /// Under which the store knows the delivery; 0 for one that it does not.
    var order: Int64 = 0
}

/// A retained message to be sent because of a new subscription.
struct RetainedDelivery: Sendable {
    var message: RetainedMessage
    /// 0, 1 or 2.
    var qos: UInt8
    var identifiers: SubscriptionIdentifiers?
}

/// One subscription of a session, by where it lies in the trie.
struct SubscriptionRecord {
    /// `nil` for a member of a share group whose home is another shard.
    var node: Int32?
    /// The share group; `nil` for a subscription that is not shared.
    var share: ShareKey?
    var options: SubscriptionOptions
}

/// What SUBSCRIBE says of a topic filter, as far as deliveries need it.
public struct SubscriptionOptions: Hashable, Sendable {
    /// 0, 1 or 2.
    public var qos: UInt8
    public var noLocal: Bool
    public var retainAsPublished: Bool
    /// 0 for none.
    public var identifier: UInt32

    public init(qos: UInt8, noLocal: Bool, retainAsPublished: Bool, identifier: UInt32) {
        self.qos = qos
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.identifier = identifier
    }
}
