import DequeModule
import MQTTCodec

extension Shard {
    /// Sends what waits for a session, as far as quota and room allow: first what has to be sent again, then the queue,
    /// then retained messages for new subscriptions.
    mutating func drain(_ session: SessionPointer, _ now: UInt64) {
        guard let connection = session.pointee.connection, connection.pointee.phase == .active else { return }
        resend(session, connection, now)
        drainQueue(session, connection, now)
        drainRetained(session, connection, now)
        if session.pointee.isLagging, hasCaughtUp(session) {
            session.pointee.isStalled = false
            releaseGate(of: session)
        }
    }

    mutating func drainQueue(_ session: SessionPointer, _ connection: ConnectionPointer, _ now: UInt64) {
        while hasRoom(session, connection), let next = session.pointee.queue.first {
            let isStaged = next.qos == 2 && next.order != 0
            guard isStaged || session.pointee.outbound.resend.isEmpty, let queued = takeFirst(of: session) else {
                break
            }
            guard !queued.message.isExpired(now) else {
                discard(queued, of: session)
                continue
            }
            send(queued, session, connection, isStaged: isStaged, now)
        }
    }

    func hasRoom(_ session: SessionPointer, _ connection: ConnectionPointer) -> Bool {
        session.pointee.outbound.sentCount &+ session.pointee.outbound.resend.count < connection.pointee.sendQuota
            && hasOutboxRoom(connection)
    }

    func hasOutboxRoom(_ connection: ConnectionPointer) -> Bool {
        connection.pointee.outbox.count <= limits.outboxHighWater && connection.pointee.backPressure.isWritable
    }

    private mutating func send(
        _ queued: QueuedMessage, _ session: SessionPointer, _ connection: ConnectionPointer, isStaged: Bool,
        _ now: UInt64
    ) {
        let publish = outgoing(queued.message, queued.identifiers, now)
        guard
            publish.encodedCount(isV5: connection.pointee.isV5, hasPacketID: true)
                <= connection.pointee.maximumPacketSize
        else {
            drop(session, queued.message.topic, .packetTooLarge)
            discard(queued, of: session)
            return
        }
        let packetID =
            isStaged
            ? stage(queued, session)
            : session.pointee.outbound.insert(
                queued.message, qos: queued.qos, retain: queued.retain, identifiers: queued.identifiers,
                order: queued.order)
        guard let packetID else {
            drop(session, queued.message.topic, .queueFull)
            discard(queued, of: session)
            return
        }
        if queued.order != 0, session.pointee.key != 0 {
            journal.append(.sent(session.pointee.key, order: queued.order, packetID: packetID))
        }
        if isStaged {
            drain(session, after: journal.last)
            return
        }
        write(publish, connection, qos: queued.qos, retain: queued.retain, dup: false, packetID: packetID)
    }

    /// A QoS 2 message is only sent under a packet identifier that the store has: after a restart it must be the same,
    /// by which the client knows the message.
    private mutating func stage(_ queued: QueuedMessage, _ session: SessionPointer) -> UInt16? {
        // The change that is about to be entered.
        session.pointee.outbound.stage(queued, until: journal.number)
    }

    /// Has a session looked at when a batch is on disk.
    private mutating func drain(_ session: SessionPointer, after batch: UInt64) {
        guard session.pointee.drainsAfter < batch else { return }
        session.pointee.drainsAfter = batch
        journal.wait(for: batch, .drain(slot: session.pointee.slot, generation: session.pointee.generation))
    }

    /// Sends again, with DUP, what an earlier connection left unacknowledged [MQTT-4.4.0-1].
    private mutating func resend(_ session: SessionPointer, _ connection: ConnectionPointer, _ now: UInt64) {
        while let (packetID, index, batch) = session.pointee.outbound.nextResend() {
            guard batch <= journal.committed else {
                drain(session, after: batch)
                return
            }
            let entry = session.pointee.outbound.entry(at: index)
            guard let message = entry.message, entry.state != .awaitingPubcomp else {
                session.pointee.outbound.markResent(at: index)
                connection.pointee.outbox.append(0x62, 2, packetID)
                statistics.packetsSent &+= 1
                touch(connection)
                continue
            }
            guard session.pointee.outbound.sentCount < connection.pointee.sendQuota, hasOutboxRoom(connection) else {
                return
            }
            let publish = outgoing(message, entry.identifiers, now)
            let size = publish.encodedCount(isV5: connection.pointee.isV5, hasPacketID: true)
            // Once sent, a message is sent again even when its time has passed meanwhile.
            guard size <= connection.pointee.maximumPacketSize else {
                drop(session, message.topic, .packetTooLarge)
                let (_, order) = session.pointee.outbound.complete(at: index)
                messages.release(message)
                recordEnd(of: order, session)
                continue
            }
            session.pointee.outbound.markResent(at: index)
            let qos: UInt8 = entry.state == .awaitingPuback ? 1 : 2
            write(publish, connection, qos: qos, retain: entry.retain, dup: entry.wasSent, packetID: packetID)
        }
    }

    mutating func write(
        _ publish: OutgoingPublish, _ connection: ConnectionPointer, qos: UInt8, retain: Bool, dup: Bool,
        packetID: UInt16
    ) {
        let firstByte = 0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0)
        aliased(publish, connection, hasPacketID: packetID != 0).write(
            to: &connection.pointee.outbox, firstByte: firstByte, isV5: connection.pointee.isV5, packetID: packetID)
        statistics.messagesSent &+= 1
        statistics.payloadBytesSent &+= publish.payload.count
        touch(connection)
    }

    /// The publish with a topic alias, where the client takes one. It has to be written next.
    @inline(never)
    mutating func aliased(
        _ publish: OutgoingPublish, _ connection: ConnectionPointer, hasPacketID: Bool
    ) -> OutgoingPublish {
        guard connection.pointee.takesAliases else { return publish }
        var shorter = publish
        switch connection.pointee.sentAliases.use(for: publish.topic) {
        case .none: return publish
        case .known(let alias):
            shorter.alias = alias
            shorter.topic = UnsafeRawBufferPointer(start: nil, count: 0)
        case .new(let alias):
            shorter.alias = alias
            let size = shorter.encodedCount(isV5: true, hasPacketID: hasPacketID)
            guard size <= connection.pointee.maximumPacketSize else { return publish }
            connection.pointee.sentAliases.add(publish.topic)
        }
        return shorter
    }

    private func outgoing(
        _ message: Message, _ identifiers: SubscriptionIdentifiers?, _ now: UInt64
    ) -> OutgoingPublish {
        OutgoingPublish(
            topic: message.topic, properties: message.properties, payload: message.payload,
            expiry: Self.secondsLeft(until: message.header.pointee.expiresAt, now), identifiers: identifiers)
    }

    /// What is left of an expiry interval [MQTT-3.3.2-6], rounded up so that what is alive has at least one second.
    static func secondsLeft(until deadline: UInt64, _ now: UInt64) -> UInt32? {
        guard deadline != 0 else { return nil }
        guard deadline > now else { return 0 }
        return UInt32(clamping: (deadline - now + 999_999_999) / 1_000_000_000)
    }

    // MARK: Drops

    /// Counts a message that a session does not get. The first is told at once, further ones in bulk.
    mutating func drop(_ session: SessionPointer, _ topic: UnsafeRawBufferPointer, _ reason: DropReason) {
        statistics.messagesDropped &+= 1
        if let limit = LimitKind(reason) { count(limit) }
        session.pointee.unreportedDrops &+= 1
        session.pointee.lastDropReason = reason
        guard !session.pointee.hasReportedDrop || session.pointee.unreportedDrops >= 1000 else { return }
        session.pointee.hasReportedDrop = true
        let count = session.pointee.unreportedDrops
        session.pointee.unreportedDrops = 0
        policy.observe(
            .dropped(
                clientID: session.pointee.clientID, topic: String(decoding: topic, as: UTF8.self), count: count,
                reason: reason))
    }

    /// Tells of drops that were only counted.
    mutating func reportDrops(_ session: SessionPointer) {
        session.pointee.hasReportedDrop = false
        guard session.pointee.unreportedDrops > 0 else { return }
        let count = session.pointee.unreportedDrops
        session.pointee.unreportedDrops = 0
        policy.observe(
            .dropped(
                clientID: session.pointee.clientID, topic: nil, count: count, reason: session.pointee.lastDropReason))
    }
}
