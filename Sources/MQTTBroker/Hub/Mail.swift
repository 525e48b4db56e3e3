/// What one shard tells another. The mail from one shard to another keeps its order.
enum Mail: Sendable {
    /// A publish, for the subscriptions of the shard.
    case publish(MailedPublish)
    /// A client has connected elsewhere: send the session of tenure `of` to `to`, or end it.
    case handOver(clientID: ExactText, of: UInt64, to: Tenure, endsSession: Bool)
    /// The answer to `handOver` for the shard's own tenure; `nil` if there is no session to go on with. `hasEnded` if
    /// there was one that the store has been told to forget.
    indirect case arrival(clientID: ExactText, tenure: UInt64, MovedSession?, hasEnded: Bool)
    /// The subscriptions of the session that moved with this number are in place, or no longer needed: the old shard
    /// need not look after them any longer.
    case installed(move: UInt64)
    /// A message that the old shard got for a session that has moved, the first of which has number 0.
    case late(clientID: ExactText, move: UInt64, number: Int, MovedMessage)
    /// The answer to `installed`: how many `late` there were in all.
    case settled(clientID: ExactText, move: UInt64, count: Int)
    /// The move is over; shards that the session came through need not send anything on any longer.
    case arrived(move: UInt64)
    /// A session of `shard` tells the home of a share group of itself.
    case share(ShareKey, clientID: ExactText, shard: Int, ShareChange)
    /// The home of a share group has chosen this member for a message, for which `left` were chosen before.
    case shared(ShareKey, clientID: ExactText, left: Set<ExactText>, home: Int, SubscriptionOptions, MailedPublish)
    /// These members were chosen and have left; the home is to choose another.
    case chooseAgain(ShareKey, left: Set<ExactText>, MailedPublish)
    /// A shard has read its mail, of which there had been too much.
    case drained(shard: Int)
    /// Every shard has stored what it got of a publish, or handed over its part of this transfer.
    case stored(HoldTicket, transfer: UInt64)
    /// The host's word on a QoS 2 publish that was held when the session moved.
    case released(clientID: ExactText, sequence: UInt64, isError: Bool)
    /// Every shard has stored what it got of a QoS 2 publish whose publisher's session has moved meanwhile.
    case storedElsewhere(clientID: ExactText, sequence: UInt64, transfer: UInt64)
}

/// A publish as it travels between shards.
final class MailedPublish: Sendable {
    let topic: [UInt8]
    let properties: [UInt8]
    let payload: [UInt8]
    let qos: UInt8
    let retain: Bool
    let isEphemeral: Bool
    let expiresAt: UInt64
    /// The same for every copy of one publish, and for no other.
    let identity: UInt64
    /// Held by everyone who still has to store the publish; `nil` if its publisher does not wait for that.
    let receipt: Receipt?

    init(_ publication: Publication) {
        receipt = publication.receipt?.takeUnretainedValue()
        topic = Array(publication.topic)
        properties = Array(publication.properties)
        payload = Array(publication.payload)
        qos = publication.qos
        retain = publication.retain
        isEphemeral = publication.isEphemeral
        expiresAt = publication.expiresAt
        identity = publication.identity
    }

    init(_ message: Message) {
        receipt = nil
        topic = Array(message.topic)
        properties = Array(message.properties)
        payload = Array(message.payload)
        qos = 0
        retain = false
        isEphemeral = message.header.pointee.isEphemeral
        expiresAt = message.header.pointee.expiresAt
        identity = 0
    }
}

/// A message for one session on its way to another shard.
struct MovedMessage: Sendable {
    var publish: MailedPublish
    /// 1 or 2.
    var qos: UInt8
    var retain: Bool
    var identifiers: SubscriptionIdentifiers?
    /// Under which the store knows it; 0 for one that it does not know yet.
    var order: Int64 = 0
}

/// A session on its way to another shard.
struct MovedSession: Sendable {
    struct Exchange: Sendable {
        var packetID: UInt16
        var message: MailedPublish?
        var state: OutboundWindow.State
        var retain: Bool
        var wasSent: Bool
        var sequence: UInt64
        var order: Int64
        var identifiers: SubscriptionIdentifiers?
    }

    /// The shard that still has the subscriptions until it hears that they are installed.
    let from: Int
    /// The number of the tenure that first asked for the session.
    let move: UInt64
    /// The shards that asked for the session, and had it asked of them before it came.
    private(set) var path: [Int] = []
    let owner: String?
    let expiryInterval: UInt32
    let subscriptions: [ExactText: SubscriptionOptions]
    let queue: [MovedMessage]
    let exchanges: [Exchange]
    let lastPacketID: UInt16
    let lastSequence: UInt64
    let inboundQoS2: [(packetID: UInt16, heldSequence: UInt64, storedSequence: UInt64)]
    let lastHoldSequence: UInt64
    let retainedBacklog: [RetainedDelivery]
    let retainedRequests: [RetainedRequest]
    let will: PendingWill?
    /// 0 for a session that the store does not keep.
    let key: SessionKey
    let lastOrder: Int64

    /// The same after one more shard has passed it on.
    func passed(by shard: Int) -> MovedSession {
        var copy = self
        if !copy.path.contains(shard) { copy.path.append(shard) }
        return copy
    }

    init(_ session: Session, from shard: Int, move: UInt64) {
        from = shard
        self.move = move
        owner = session.owner
        expiryInterval = session.expiryInterval
        subscriptions = session.subscriptions.mapValues(\.options)
        queue = session.queue.map {
            MovedMessage(
                publish: MailedPublish($0.message), qos: $0.qos, retain: $0.retain, identifiers: $0.identifiers,
                order: $0.order)
        }
        var exchanges: [Exchange] = []
        session.outbound.forEach { packetID, entry in
            exchanges.append(
                Exchange(
                    packetID: packetID, message: entry.message.map { MailedPublish($0) }, state: entry.state,
                    retain: entry.retain, wasSent: entry.wasSent, sequence: entry.sequence, order: entry.order,
                    identifiers: entry.identifiers))
        }
        self.exchanges = exchanges
        lastPacketID = session.outbound.lastPacketID
        lastSequence = session.outbound.lastSequence
        var inbound: [(packetID: UInt16, heldSequence: UInt64, storedSequence: UInt64)] = []
        session.inboundQoS2.forEach { inbound.append(($0, $1.heldSequence, $1.storedSequence)) }
        inboundQoS2 = inbound
        lastHoldSequence = session.lastHoldSequence
        retainedBacklog = Array(session.retainedBacklog)
        retainedRequests = Array(session.retainedRequests)
        will = session.will
        key = session.key
        lastOrder = session.lastOrder
    }
}

extension Mail {
    /// What the publisher's shard waits for.
    var receipt: Receipt? {
        switch self {
        case .publish(let mailed), .shared(_, _, _, _, _, let mailed), .chooseAgain(_, _, let mailed): mailed.receipt
        default: nil
        }
    }

    /// Bytes of the message that it carries, as far as a mailbox is bounded by them.
    var weight: Int {
        switch self {
        case .publish(let mailed), .shared(_, _, _, _, _, let mailed), .chooseAgain(_, _, let mailed):
            mailed.payload.count &+ mailed.properties.count
        case .late(_, _, _, let moved): moved.publish.payload.count &+ moved.publish.properties.count
        default: 0
        }
    }
}
