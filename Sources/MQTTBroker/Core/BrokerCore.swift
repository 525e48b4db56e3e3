public import MQTTCodec
import Synchronization

/// The broker on one event loop, without sockets and without a clock: bytes and time go in, bytes come out.
///
/// After every call that takes input the host looks at `takeTouched()`: each connection named there has bytes in its
/// outbox, wants reading paused or resumed, or wants to be closed. Time is in nanoseconds of any monotonic clock that
/// all shards of one hub share. Not thread-safe: one loop calls it.
public final class BrokerCore {
    let shard: UnsafeMutablePointer<Shard>

    /// - Parameters:
    ///   - index: the number of this shard, below the hub's number of shards.
    ///   - random: gives random numbers, for assigned client identifiers and hash seeds.
    public init(index: Int, hub: BrokerHub, policy: any BrokerPolicy, random: @escaping () -> UInt64) {
        shard = .allocate(capacity: 1)
        shard.initialize(to: Shard(index: index, hub: hub, policy: policy, random: random))
    }

    deinit {
        // Mail that nobody reads any more may hold a receipt, and that the hub, which has the mail.
        _ = shard.pointee.hub.takeMail(of: shard.pointee.index)
        shard.pointee.deallocate()
        shard.deinitialize(count: 1)
        shard.deallocate()
    }

    // MARK: Input

    /// A new connection; `nil` if there are too many, and it is to be closed.
    /// - Parameters:
    ///   - isLenient: an MQTT 5 client that exceeds the Receive Maximum is slowed down instead of cut off.
    ///   - accepted: when its time to log in began, if that was before `now`.
    public func open(
        remoteAddress: String, listener: String, isLenient: Bool = false, accepted: UInt64? = nil, now: UInt64
    ) -> ConnectionID? {
        shard.pointee.open(
            remoteAddress: remoteAddress, listener: listener, isLenient: isLenient, accepted: accepted ?? now, now)
    }

    /// The name in the certificate that the client has shown, for `ConnectRequest.certificateIdentity`. Set before the
    /// client's first bytes.
    public func setCertificateIdentity(_ name: String, of connection: ConnectionID) {
        guard let connection = shard.pointee.connections.find(connection.slot, connection.generation) else { return }
        connection.pointee.certificateIdentity = name
    }

    /// Bytes from the client, cut at any place.
    @inline(__always)
    public func receive(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer, now: UInt64) {
        shard.pointee.receive(connection, bytes, now)
    }

    /// The transport has ended; the connection is forgotten.
    public func closed(_ connection: ConnectionID, now: UInt64) {
        shard.pointee.closed(connection, now)
        shard.pointee.flushJournal()
    }

    /// Whether the transport takes more bytes.
    public func setWritable(_ connection: ConnectionID, _ isWritable: Bool, now: UInt64) {
        shard.pointee.setWritable(connection, isWritable, now)
        shard.pointee.flushJournal()
    }

    /// Lets held acknowledgements go, see `MQTTServer.release`.
    public func release(_ ticket: HoldTicket, _ reason: ReasonCode, now: UInt64) {
        shard.pointee.release(ticket, reason, now)
        shard.pointee.flushJournal()
    }

    /// Publishes a message of the host. One that is never queued goes to the sessions of this shard only, so that every
    /// shard must be given it; any other goes to all shards by itself.
    /// - Returns: to how many connected sessions of this shard it was handed.
    public func publish(_ message: LocalMessage, now: UInt64) -> Int {
        defer { shard.pointee.flushJournal() }
        return shard.pointee.publish(message, now)
    }

    /// Whether a session of this shard, connected or not, would get a message with this topic.
    public func hasReceivers(of topic: String) -> Bool { shard.pointee.hasReceivers(of: topic) }

    /// How many connected sessions of this shard a message with this topic would go to.
    public func countReceivers(of topic: String) -> Int {
        shard.pointee.countReceivers(of: topic)
    }

    /// Handles the mail of other shards.
    public func deliverMail(now: UInt64) {
        shard.pointee.deliverMail(now)
        shard.pointee.flushJournal()
    }

    /// Does what is due: keep-alive, delayed wills, session expiry.
    public func expire(now: UInt64) {
        shard.pointee.expire(now)
        shard.pointee.flushJournal()
    }

    /// When `expire` should be called next.
    public var nextDeadline: UInt64? { shard.pointee.timers.nextDeadline }

    /// Ends a client's connection; false if it has none here.
    public func disconnect(clientID: String, now: UInt64) -> Bool {
        guard let session = shard.pointee.sessionsByClientID[ExactText(clientID)],
            let connection = session.pointee.connection
        else { return false }
        shard.pointee.close(connection, reason: .administrativeAction, cause: .administrative, now)
        shard.pointee.flushJournal()
        return true
    }

    /// Asks the policy again about every subscription of the connected clients. A client that would not be granted one of
    /// them now is disconnected, MQTT 5 clients with 0x87 (Not authorized), and its session ends.
    public func reviewRights(now: UInt64) {
        shard.pointee.reviewRights(now)
        shard.pointee.flushJournal()
    }

    /// Puts other limits in force, see `MQTTServer.adopt`; the hub must be given them too.
    public func replaceLimits(_ limits: BrokerLimits) { shard.pointee.replaceLimits(limits) }

    /// Whether a connection that came now would be refused because there are as many as there may be.
    public var isFull: Bool {
        shard.pointee.hub.connections.load(ordering: .relaxed) >= shard.pointee.limits.maximumConnections
    }

    /// Notes a connection that was closed because of `isFull`, without the work of `open`.
    public func turnAway(now: UInt64, remoteAddress: () -> String) { shard.pointee.turnAway(now, remoteAddress) }

    /// Ends every connection and takes no new one.
    public func shutdown(now: UInt64) {
        shard.pointee.shutdown(now)
        shard.pointee.flushJournal()
    }

    // MARK: Effects

    /// Whether there is something for `takeTouched()` or `takeShardsToWake()`.
    public var hasEffects: Bool {
        shard.pointee.touched.count > shard.pointee.takenTouched || !shard.pointee.shardsToWake.isEmpty
            || shard.pointee.hub.hasLateMail
    }

    /// Takes the next connection to look at, in the order in which there was something for them: the receivers of a
    /// message before the publisher that is to know that they get it.
    public func takeTouched() -> ConnectionID? {
        while shard.pointee.takenTouched < shard.pointee.touched.count {
            let id = shard.pointee.touched[shard.pointee.takenTouched]
            shard.pointee.takenTouched += 1
            guard let connection = shard.pointee.connections.find(id.slot, id.generation) else { continue }
            connection.pointee.isTouched = false
            return id
        }
        shard.pointee.touched.removeAll(keepingCapacity: true)
        shard.pointee.takenTouched = 0
        return nil
    }

    /// Takes the next of the touched connections that have 16 KiB and more to be written, which should not wait for the
    /// end of the tick.
    public func takeLarge() -> ConnectionID? { shard.pointee.large.popLast() }

    /// Hands out the bytes that wait for a connection; `body` says how many of them the transport has taken.
    public func withOutbox(_ connection: ConnectionID, now: UInt64, _ body: (UnsafeRawBufferPointer) -> Int) {
        guard let connection = shard.pointee.connections.find(connection.slot, connection.generation) else { return }
        guard !connection.pointee.outbox.isEmpty else { return }
        let taken = body(connection.pointee.outbox.bytes)
        guard taken > 0 else { return }
        shard.pointee.written(connection, taken, now)
        shard.pointee.flushJournal()
    }

    /// What the transport is to do with a connection besides writing.
    public func state(of connection: ConnectionID) -> TransportState? {
        guard let connection = shard.pointee.connections.find(connection.slot, connection.generation) else {
            return nil
        }
        if connection.pointee.phase == .closing {
            return connection.pointee.closesAtOnce ? .closeAtOnce : .close
        }
        let isPaused = shard.pointee.isReadingPaused(connection)
        connection.pointee.backPressure.isReadingPaused = isPaused
        return isPaused ? .open(reading: false) : .open(reading: true)
    }

    /// Takes the numbers of shards whose mailbox has mail, each of which must have `deliverMail` called.
    public func takeShardsToWake() -> [Int] {
        guard !shard.pointee.shardsToWake.isEmpty || shard.pointee.hub.hasLateMail else { return [] }
        let shards = shard.pointee.shardsToWake + shard.pointee.hub.takeLateWakes()
        shard.pointee.shardsToWake = []
        return shards
    }

    // MARK: Figures

    public func statistics() -> BrokerStatistics { shard.pointee.currentStatistics() }

    /// The sessions of this shard.
    /// - Parameter withSubscriptions: with what they have subscribed to, which takes time to gather.
    public func clients(withSubscriptions: Bool = true) -> [ClientInfo] {
        shard.pointee.clients(withSubscriptions: withSubscriptions)
    }

    /// The retained messages of all shards, sorted by topic, at most `limit`.
    ///
    /// - Returns: `nil` if there are so many that looking at them would hold up the broker: more than 20000.
    public func retainedMessages(limit: Int, now: UInt64) -> [RetainedInfo]? {
        shard.pointee.retainedMessages(limit: limit, now: now)
    }
}

/// What the transport is to do with a connection.
public enum TransportState: Sendable, Hashable {
    /// Keep it, and read from it or leave its bytes for now.
    case open(reading: Bool)
    /// Write what waits, then close, giving the client time to read it.
    case close
    /// Write what waits and close.
    case closeAtOnce
}
