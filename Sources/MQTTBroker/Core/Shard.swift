import DequeModule
import MQTTCodec
import NIOCore
import Synchronization

/// The state of the broker on one event loop. `BrokerCore` reaches it through one pointer: structs behind pointers have
/// no run-time exclusivity checks and no reference counting, which the fast path could not afford.
///
/// Nothing here reads a clock: `now` is given in nanoseconds and only grows.
struct Shard {
    typealias ConnectionPointer = UnsafeMutablePointer<Connection>
    typealias SessionPointer = UnsafeMutablePointer<Session>

    /// Bytes from which on an outbox is written soon, while they are in the processor's cache.
    private static let earlyWrite = 16_384

    let index: Int
    let hub: BrokerHub
    /// The broker has no other shard.
    let isAlone: Bool
    let policy: any BrokerPolicy
    /// The policy has a say in who gets what.
    let authorizesDeliveries: Bool
    private(set) var limits: BrokerLimits
    let pool: UnsafeMutablePointer<BufferPool>
    /// Every publish must be looked at for what the configuration does not allow, or did not when its client connected.
    private(set) var isRestricted: Bool
    /// Only topics of this length and more can be too long or too deep.
    private(set) var suspiciousTopicLength: Int
    /// Bytes in an outbox from which on something is done about it.
    private(set) var largeOutbox: Int

    var connections = SlotTable<Connection>()
    var sessions = SlotTable<Session>()
    var sessionsByClientID: [ExactText: SessionPointer] = [:]
    var trie = TopicTrie()
    /// Grows with every change of a subscription; routes made before are worked out again.
    var subscriptionEpoch: UInt64 = 1
    var routes: RouteCache
    var messages = MessagePool()
    var timers = TimerHeap()
    /// Connections that the transport must look at: bytes to write, reading to pause or resume, closing.
    var touched: [ConnectionID] = []
    /// How many of them have been looked at.
    var takenTouched = 0
    /// Touched connections with so much to write that it should not wait for the end of the tick.
    var large: [ConnectionID] = []
    /// Sessions on their way here, by client identifier.
    var arrivals: [ExactText: [Arrival]] = [:]
    /// A client whose session is being replaced: its claim stays while the old one ends.
    var claiming: ExactText?
    /// Sessions that have left, by the number of their move; their subscriptions are kept until they are installed
    /// elsewhere.
    var departed: [UInt64: SessionPointer] = [:]
    /// Where sessions went that were asked for by a third shard before they came, by the number of their move.
    var passedOn: [UInt64: Int] = [:]
    /// How many sessions have come, to which messages may still come by way of the old shard.
    var crossings = 0
    /// By tickets with number 0, which stand for their session.
    var movedTickets: [HoldTicket: MovedTickets] = [:]
    /// Numbers the publishes that other shards get.
    var lastIdentity: UInt64 = 0
    /// Publishers that wait until another shard has read its mail.
    var mailWaiters: [Int: Set<ConnectionID>] = [:]
    /// Other shards whose mailbox has got its first message.
    var shardsToWake: [Int] = []
    /// For properties that have to be copied together before a message can be forwarded.
    var scratch = RawBytes()
    /// For packets written by the codec.
    var encoder = ByteBuffer()
    var statistics = BrokerStatistics()
    var journal: Journal
    /// Messages in the queues of all sessions, and their bytes.
    var queuedMessages = 0
    var queuedBytes = 0
    /// This shard's part of what the broker may keep.
    private(set) var maximumQueuedMessages: Int
    private(set) var maximumQueuedBytes: Int
    /// Bytes of the messages that are under way to clients and not acknowledged.
    let inflightBytes: UnsafeMutablePointer<Int>
    /// From how many bytes under way to one client, or kept for all, on a message is not sent without a look at the bounds.
    private(set) var freeWindow = 1
    private(set) var freeTotal = 1
    /// A session whose queue takes much of it.
    var largest: (slot: UInt32, generation: UInt32) = (.max, .max)
    var random: () -> UInt64
    var isShuttingDown = false
    /// From when on the policy hears again of a connection that was one too many.
    var nextTurnAwayNotice: UInt64 = 0
    /// Publishers that wait until the host can take more.
    var hostWaiters: Set<ConnectionID> = []
    private var isSweepSet = false

    init(
        index: Int, hub: BrokerHub, policy: any BrokerPolicy, random: @escaping () -> UInt64
    ) {
        self.index = index
        self.hub = hub
        isAlone = hub.shardCount == 1
        self.policy = policy
        authorizesDeliveries = policy.authorizesDeliveries
        limits = hub.limits
        journal = Journal(store: hub.store)
        maximumQueuedMessages = 1
        maximumQueuedBytes = 1
        largeOutbox = 1
        isRestricted = false
        suspiciousTopicLength = 1
        inflightBytes = .allocate(capacity: 1)
        inflightBytes.initialize(to: 0)
        pool = .allocate(capacity: 1)
        pool.initialize(to: BufferPool())
        routes = RouteCache(seed: random())
        self.random = random
        replaceLimits(limits)
    }

    /// Puts other limits in force. They bind what comes next: nothing that waits is lost, and a client is held to what its
    /// CONNACK said for as long as it is connected.
    mutating func replaceLimits(_ new: BrokerLimits) {
        limits = new
        maximumQueuedMessages = max(1, new.maximumTotalQueuedMessages / hub.shardCount)
        maximumQueuedBytes = max(1, new.maximumTotalQueuedBytes / hub.shardCount)
        freeWindow = max(1, new.maximumQueuedBytes / 2)
        freeTotal = max(1, maximumQueuedBytes / 2)
        largeOutbox = min(Self.earlyWrite, max(1, new.outboxHighWater))
        // Stays set, as clients that were told of a restriction may be there for long.
        isRestricted = isRestricted || Offer(new).isRestricted || new.publishRate > 0
        suspiciousTopicLength = min(new.maximumTopicLength &+ 1, max(1, new.maximumTopicLevels))
    }

    /// Gives back everything the shard has allocated by hand.
    mutating func deallocate() {
        connections.forEach { $0.pointee.deallocate() }
        sessions.forEach { session in
            session.pointee.outbound.removeAll { messages.release($0) }
            for queued in session.pointee.queue { messages.release(queued.message) }
            session.pointee.queue = []
        }
        connections.removeAll()
        sessions.removeAll()
        routes.removeAll()
        messages.deallocate()
        scratch.deallocate()
        inflightBytes.deallocate()
        pool.pointee.deallocate()
        pool.deinitialize(count: 1)
        pool.deallocate()
    }

    // MARK: Effects

    /// Puts a connection on the list of those that the transport must look at.
    @inline(__always)
    mutating func touch(_ connection: ConnectionPointer) {
        if !connection.pointee.isTouched {
            connection.pointee.isTouched = true
            touched.append(connection.pointee.id)
        }
    }

    /// Appends a packet that is not on the fast path.
    /// - Returns: false for one larger than the client takes, which is left out [MQTT-3.1.2-24].
    @discardableResult
    mutating func send(_ packet: Packet, to connection: ConnectionPointer) -> Bool {
        encoder.clear()
        guard (try? packet.encode(into: &encoder, version: connection.pointee.version)) != nil,
            encoder.readableBytes <= connection.pointee.maximumPacketSize
        else { return false }
        encoder.withUnsafeReadableBytes { connection.pointee.outbox.append($0) }
        statistics.packetsSent &+= 1
        touch(connection)
        return true
    }

    /// Appends an answer that the client waits for. One that it does not take ends the connection, as it would wait for
    /// ever.
    mutating func answer(_ packet: Packet, to connection: ConnectionPointer) throws(DecodeError) {
        guard !send(packet, to: connection) else { return }
        throw DecodeError(
            reasonCode: .packetTooLarge, clause: "MQTT-3.1.2-24",
            detail: "the client does not take an answer this large"
        )
    }

    // MARK: Timers

    mutating func setTimer(_ kind: TimerHeap.Kind, for connection: ConnectionPointer, at deadline: UInt64) {
        let id = connection.pointee.id
        insertTimer(.init(deadline: deadline, kind: kind, slot: id.slot, generation: id.generation))
    }

    mutating func setTimer(_ kind: TimerHeap.Kind, for session: SessionPointer, at deadline: UInt64) {
        insertTimer(
            .init(
                deadline: deadline, kind: kind, slot: session.pointee.slot, generation: session.pointee.generation))
    }

    private mutating func insertTimer(_ entry: TimerHeap.Entry) {
        timers.insert(entry)
        guard timers.isSweepDue else { return }
        let (connections, sessions) = (connections, sessions)
        timers.sweep { Self.holds($0, connections, sessions) }
    }

    /// Whether something is still to be done at an entry's time.
    private static func holds(
        _ entry: TimerHeap.Entry, _ connections: SlotTable<Connection>, _ sessions: SlotTable<Session>
    ) -> Bool {
        switch entry.kind {
        case .connectTimeout:
            let phase = connections.find(entry.slot, entry.generation)?.pointee.phase
            return phase == .awaitingConnect || phase == .authenticating
        case .keepAlive, .stalledReceiver, .publishRate:
            return connections.find(entry.slot, entry.generation) != nil
        case .will: return sessions.find(entry.slot, entry.generation)?.pointee.will?.deadline == entry.deadline
        case .sessionExpiry:
            let session = sessions.find(entry.slot, entry.generation)
            return session?.pointee.connection == nil && session?.pointee.expiresAt == entry.deadline
        case .retainedExpiry, .congestedHost: return true
        }
    }

    /// Does everything that is due.
    mutating func expire(_ now: UInt64) {
        while let due = timers.popDue(now) {
            switch due.kind {
            case .connectTimeout:
                guard let connection = connections.find(due.slot, due.generation),
                    connection.pointee.phase == .awaitingConnect || connection.pointee.phase == .authenticating
                else { continue }
                statistics.connectTimeouts &+= 1
                refuse(connection, reason: .notAuthorized, detail: "not logged in within the time allowed", now)
            case .keepAlive: expireKeepAlive(due, now)
            case .stalledReceiver: expireStall(due, now)
            case .publishRate: expirePublishRate(due, now)
            case .congestedHost: expireHostCongestion(now)
            case .will:
                guard let session = sessions.find(due.slot, due.generation), let will = session.pointee.will,
                    will.deadline <= now
                else { continue }
                session.pointee.will = nil
                if session.pointee.key != 0 { persist(session) }
                publish(will, now)
            case .sessionExpiry:
                guard let session = sessions.find(due.slot, due.generation), session.pointee.connection == nil,
                    session.pointee.expiresAt != 0, session.pointee.expiresAt <= now
                else { continue }
                statistics.sessionsExpired &+= 1
                session.pointee.endCause = .expired
                end(session, now)
            case .retainedExpiry:
                isSweepSet = false
                sweepRetained(now)
            }
        }
    }

    private mutating func sweepRetained(_ now: UInt64) {
        let hub = hub
        let remaining = hub.retained.withLock { store in
            for topic in store.removeExpired(now) { recordRetained(.retainedRemoved(topic: topic), size: topic.count) }
            return store.expiringCount
        }
        if remaining > 0 { setSweep(now) }
    }

    /// Has expired retained messages removed within a minute.
    mutating func setSweep(_ now: UInt64) {
        guard !isSweepSet else { return }
        isSweepSet = true
        timers.insert(.init(deadline: now + nanoseconds(60), kind: .retainedExpiry, slot: 0, generation: 0))
    }

    private mutating func expireKeepAlive(_ due: TimerHeap.Entry, _ now: UInt64) {
        guard let connection = connections.find(due.slot, due.generation), connection.pointee.phase == .active else {
            return
        }
        // What the broker does not read says nothing about the client, unless it is for the client's not reading.
        if isReadingPaused(connection), !isDeaf(connection) { connection.pointee.lastReceived = now }
        let deadline = connection.pointee.lastReceived + connection.pointee.keepAliveTimeout
        if deadline > now {
            setTimer(.keepAlive, for: connection, at: deadline)
        } else {
            close(connection, reason: .keepAliveTimeout, cause: .keepAliveTimeout, now)
        }
    }
}

/// Nanoseconds of a number of seconds.
func nanoseconds(_ seconds: UInt32) -> UInt64 {
    UInt64(seconds) * 1_000_000_000
}
