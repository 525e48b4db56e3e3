import MQTTCodec

/// What waits for the store, and what happens once it has written.
extension Shard {
    /// Every batch up to this one is on disk.
    mutating func committed(_ number: UInt64, _ now: UInt64) {
        journal.commit(number)
        while let task = journal.popDue() {
            switch task {
            case .acknowledgements(let id):
                if let connection = connections.find(id.slot, id.generation) { flushAcknowledgements(connection) }
            case .packet(let id, let bytes):
                guard let connection = active(id) else { continue }
                bytes.withUnsafeBytes { connection.pointee.outbox.append($0) }
                touch(connection)
            case .pubrel(let id, let packetID):
                guard let connection = active(id), let session = connection.pointee.session,
                    let index = session.pointee.outbound.index(of: packetID),
                    session.pointee.outbound.state(at: index) == .awaitingPubcomp
                else { continue }
                appendAcknowledgement(connection, 0x62, packetID, .success)
            case .drain(let slot, let generation):
                if let session = sessions.find(slot, generation), !session.pointee.isLeaving { drain(session, now) }
            case .welcome(let id, let pending): welcomeLate(id, pending, now)
            case .receipt: break
            case .bytes(let count): journal.uncommittedBytes &-= count
            }
        }
        if !journal.waiters.isEmpty, journal.uncommittedBytes <= Journal.highWater / 2 {
            let waiters = journal.waiters
            journal.waiters = []
            release(waiters)
        }
    }

    private func active(_ id: ConnectionID) -> ConnectionPointer? {
        guard let connection = connections.find(id.slot, id.generation), connection.pointee.phase == .active else {
            return nil
        }
        return connection
    }

    private mutating func welcomeLate(_ id: ConnectionID, _ pending: PendingConnect, _ now: UInt64) {
        guard let connection = connections.find(id.slot, id.generation), connection.pointee.phase == .awaitingSession,
            let session = connection.pointee.session
        else { return }
        welcome(connection, session, pending, isPresent: false, now)
        receiveEarly(connection, now)
    }

    /// Slows down a client whose messages come faster than the disk takes them.
    mutating func waitForStore(_ connection: ConnectionPointer) {
        guard connection.pointee.phase == .active, journal.waiters.insert(connection.pointee.id).inserted else {
            return
        }
        connection.pointee.backPressure.waits += 1
        touch(connection)
    }

    // MARK: Holding back

    /// Whether something that depends on the session's changes so far must wait.
    func mustWait(_ session: SessionPointer) -> Bool { session.pointee.key != 0 && journal.isBehind }

    /// Sends an acknowledgement that promises something about the session: at once, or when that is on disk.
    mutating func promise(
        _ typeAndFlags: UInt8, _ packetID: UInt16, _ reason: ReasonCode, to connection: ConnectionPointer,
        _ session: SessionPointer
    ) {
        guard mustWait(session) else {
            appendAcknowledgement(connection, typeAndFlags, packetID, reason)
            return
        }
        var bytes = [typeAndFlags, 2, UInt8(truncatingIfNeeded: packetID >> 8), UInt8(truncatingIfNeeded: packetID)]
        if reason != .success, connection.pointee.isV5 {
            bytes[1] = 3
            bytes.append(reason.rawValue)
        }
        journal.wait(for: journal.last, .packet(connection.pointee.id, bytes))
    }

    /// Sends PUBREL, once the store knows that PUBREC has come: a client that has seen it takes the packet identifier for
    /// free, so that the message must not be sent again.
    mutating func sendPubrel(
        _ packetID: UInt16, to connection: ConnectionPointer, _ session: SessionPointer
    ) {
        if session.pointee.outbound.lastHeld > journal.committed {
            journal.wait(
                for: session.pointee.outbound.lastHeld, .pubrel(connection.pointee.id, packetID: packetID))
        } else {
            appendAcknowledgement(connection, 0x62, packetID, .success)
        }
    }

    /// Answers SUBSCRIBE or UNSUBSCRIBE: at once, or when the session's subscriptions are on disk.
    mutating func answer(
        _ packet: Packet, to connection: ConnectionPointer, _ session: SessionPointer
    ) throws(DecodeError) {
        guard mustWait(session) else { return try answer(packet, to: connection) }
        let start = connection.pointee.outbox.count
        try answer(packet, to: connection)
        journal.wait(
            for: journal.last, .packet(connection.pointee.id, connection.pointee.outbox.takeEnd(from: start)))
    }

    /// Lets go a publish of another shard when what it led to here is on disk, or handed over if it is a transfer.
    mutating func hold(_ receipt: Receipt?) {
        guard let receipt, journal.isBehind else { return }
        if receipt.transfer != 0 {
            journal.keepUntilFlush(receipt)
        } else {
            journal.wait(for: journal.last, .receipt(receipt))
        }
    }

    /// The other shards have stored what they got of a publish, or handed over their part of a transfer. Those parts
    /// count from here on, whatever has become of the publisher.
    mutating func stored(_ ticket: HoldTicket, transfer: UInt64) {
        if let session = sessions.find(ticket.slot, ticket.generation), !session.pointee.isLeaving {
            stored(session, ticket.sequence, transfer: transfer)
        } else {
            storedMoved(ticket, transfer: transfer)
        }
    }

    /// The same for a session that had moved here, or on, before they had.
    mutating func stored(_ key: ExactText, _ sequence: UInt64, transfer: UInt64) {
        if let session = sessionsByClientID[key] {
            stored(session, sequence, transfer: transfer)
        } else if !send(.storedElsewhere(clientID: key, sequence: sequence, transfer: transfer), after: key) {
            settle(transfer)
        }
    }

    /// Lets the parts of a transfer count, together with the publisher's packet identifier.
    mutating func settle(_ transfer: UInt64, of key: SessionKey = 0, packetID: UInt16 = 0) {
        if transfer != 0 { journal.append(.settled(transfer: transfer, key, packetID: packetID)) }
    }

    private mutating func stored(_ session: SessionPointer, _ sequence: UInt64, transfer: UInt64) {
        var received: UInt16?
        session.pointee.inboundQoS2.forEach { packetID, value in
            if value.storedSequence == sequence { received = packetID }
        }
        var batch: UInt64 = 0
        if let received, let index = session.pointee.inboundQoS2.index(of: received) {
            if transfer != 0 {
                settle(transfer, of: session.pointee.key, packetID: received)
            } else {
                recordReceived(received, session)
            }
            batch = journal.last
            session.pointee.inboundQoS2[at: index].storedSequence = 0
            session.pointee.inboundQoS2[at: index].batch = batch
        } else {
            settle(transfer)
        }
        guard let connection = session.pointee.connection,
            connection.pointee.acknowledgements.stored(sequence, batch: batch)
        else { return }
        if batch > journal.committed {
            journal.wait(for: batch, .acknowledgements(connection.pointee.id))
        } else {
            flushAcknowledgements(connection)
        }
    }
}
