import MQTTCodec
import NIOCore
import Synchronization

/// What the shard tells the store. Everything here is for sessions that outlive their connections, which have a key, and
/// for retained messages; others never come here.
extension Shard {
    /// Hands the changes of a burst of input to the store.
    @inline(__always)
    mutating func flushJournal() {
        if journal.last >= journal.number { journal.flush(shard: index) }
    }

    // MARK: Sessions

    /// Decides whether a session outlives its connection, and tells the store what is known of it.
    mutating func persist(_ session: SessionPointer) {
        guard journal.store != nil else { return }
        guard session.pointee.expiryInterval > 0 else {
            forget(session)
            return
        }
        if session.pointee.key == 0 {
            session.pointee.key = hub.lastSessionKey.wrappingAdd(1, ordering: .relaxed).newValue
            hub.shards[index].durableSessions.wrappingAdd(1, ordering: .releasing)
        }
        let will = session.pointee.connection?.pointee.will ?? session.pointee.will
        journal.append(
            .session(
                DurableSession(
                    key: session.pointee.key, clientID: session.pointee.clientID, owner: session.pointee.owner,
                    expiryInterval: session.pointee.expiryInterval, expiresAt: session.pointee.expiresAt,
                    will: will.map { DurableWill($0) })),
            size: will?.will.payload.readableBytes ?? 0)
    }

    /// Has the store forget a session that has ended, or ends with its connection from now on.
    mutating func forget(_ session: SessionPointer) {
        guard session.pointee.key != 0 else { return }
        journal.append(.sessionEnded(session.pointee.key))
        session.pointee.key = 0
        hub.shards[index].durableSessions.wrappingSubtract(1, ordering: .releasing)
    }

    // MARK: Deliveries

    /// Enters a delivery in the journal.
    /// - Parameter packetID: 0 for one that waits.
    /// - Returns: the number by which the session's deliveries are told apart.
    @inline(never)
    mutating func record(
        _ message: Message, for session: SessionPointer, qos: UInt8, retain: Bool,
        _ identifiers: SubscriptionIdentifiers?, packetID: UInt16
    ) -> Int64 {
        if message.header.pointee.id == 0 {
            let id = hub.lastMessageID.wrappingAdd(1, ordering: .relaxed).newValue
            message.header.pointee.id = id
            journal.append(
                .message(
                    DurableMessage(
                        id: id, topic: Array(message.topic), properties: Array(message.properties),
                        payload: Array(message.payload), expiresAt: message.header.pointee.expiresAt)),
                size: message.size)
        }
        session.pointee.lastOrder &+= 1
        let order = session.pointee.lastOrder
        journal.append(
            .delivery(
                DurableDelivery(
                    session: session.pointee.key, order: order, message: message.header.pointee.id, qos: qos,
                    retain: retain, identifiers: identifiers?.values ?? [], packetID: packetID)))
        return order
    }

    /// Enters in the journal that a delivery has come to its end. `order` 0 stands for one that was never entered.
    @inline(__always)
    mutating func recordEnd(of order: Int64, _ session: SessionPointer) {
        guard order != 0, session.pointee.key != 0 else { return }
        journal.append(.delivered(session.pointee.key, order: order))
    }

    /// Ends a delivery that waited.
    mutating func discard(_ queued: QueuedMessage, of session: SessionPointer) {
        recordEnd(of: queued.order, session)
        messages.release(queued.message)
    }

    // MARK: QoS 2 from the client

    mutating func recordReceived(_ packetID: UInt16, _ session: SessionPointer) {
        guard session.pointee.key != 0 else { return }
        journal.append(.received(session.pointee.key, packetID: packetID))
    }

    mutating func recordForgotten(_ packetID: UInt16, _ session: SessionPointer) {
        guard session.pointee.key != 0 else { return }
        journal.append(.forgotten(session.pointee.key, packetID: packetID))
    }

    // MARK: Retained messages

    /// With several shards the change goes out under the lock of the retained messages, so that the store sees changes
    /// of one topic in the order in which they were made.
    mutating func recordRetained(_ change: StateChange, size: Int) {
        guard journal.store != nil else { return }
        journal.append(change, size: size)
        if !isAlone { journal.flush(shard: index) }
    }
}

extension DurableRetained {
    init(_ message: RetainedMessage) {
        self.init(
            topic: message.topic, properties: message.properties, payload: message.payload, qos: message.qos,
            expiresAt: message.expiresAt)
    }
}

extension DurableWill {
    init(_ pending: PendingWill) {
        var properties = pending.will.properties
        properties.remove(.willDelayInterval)
        self.init(
            topic: pending.will.topic, payload: Array(pending.will.payload.readableBytesView), qos: pending.will.qos,
            retain: pending.will.retain, properties: PropertyBlock.encode(properties), delay: pending.delay,
            deadline: pending.deadline, principal: pending.context.principal.name,
            userName: pending.context.userName, remoteAddress: pending.context.remoteAddress,
            listener: pending.context.listener, version: pending.context.version,
            keepAlive: pending.context.keepAlive)
    }
}

extension PendingWill {
    /// A will that the store has kept.
    init(_ will: DurableWill, clientID: String, shard: Int) {
        let properties = will.properties.withUnsafeBytes { PropertyBlock.decode($0) }
        let context = ClientContext(
            clientID: clientID, principal: Principal(name: will.principal), userName: will.userName,
            remoteAddress: will.remoteAddress, listener: will.listener, version: will.version,
            keepAlive: will.keepAlive, cleanStart: false, shard: shard)
        self.init(
            will: Will(
                topic: will.topic, payload: ByteBuffer(bytes: will.payload), qos: will.qos, retain: will.retain,
                properties: properties),
            delay: will.delay, context: context, deadline: will.deadline)
    }
}
