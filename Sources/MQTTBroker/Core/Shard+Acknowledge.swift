import MQTTCodec

extension Shard {
    /// Sends the PUBACK or PUBREC of a publish, or puts it in the queue if it, or one before it, has to wait.
    /// - Parameter reason: `nil` while the host's word is awaited.
    @inline(__always)
    mutating func acknowledge(
        _ connection: ConnectionPointer, _ session: SessionPointer, packetID: UInt16, isQoS2: Bool,
        _ reason: ReasonCode?, _ sequence: UInt64
    ) {
        if let reason, connection.pointee.acknowledgements.isEmpty, !isGated(connection) {
            sendAcknowledgement(connection, session, packetID: packetID, isQoS2: isQoS2, reason)
            return
        }
        if reason == nil, isQoS2, let index = session.pointee.inboundQoS2.index(of: packetID) {
            session.pointee.inboundQoS2[at: index].heldSequence = sequence
        }
        connection.pointee.acknowledgements.append(
            .init(packetID: packetID, isQoS2: isQoS2, reason: reason, sequence: sequence))
    }

    /// Puts the acknowledgement of a publish that led to changes in the queue, until they are on disk.
    @inline(never)
    mutating func acknowledgeStored(
        _ connection: ConnectionPointer, _ session: SessionPointer, _ entry: AcknowledgementQueue.Entry
    ) {
        if entry.isQoS2, let index = session.pointee.inboundQoS2.index(of: entry.packetID) {
            session.pointee.inboundQoS2[at: index].heldSequence = entry.reason == nil ? entry.sequence : 0
            session.pointee.inboundQoS2[at: index].batch = entry.batch
            session.pointee.inboundQoS2[at: index].storedSequence = entry.awaitsOthers ? entry.sequence : 0
        }
        connection.pointee.acknowledgements.append(entry)
        guard connection.pointee.flushesAfter < entry.batch else { return }
        connection.pointee.flushesAfter = entry.batch
        journal.wait(for: entry.batch, .acknowledgements(connection.pointee.id))
    }

    /// Answers a QoS 2 PUBLISH whose message was taken over before.
    mutating func repeatPubrec(
        _ connection: ConnectionPointer, _ session: SessionPointer, _ packetID: UInt16, _ index: Int
    ) {
        let exchange = session.pointee.inboundQoS2[at: index]
        if connection.pointee.acknowledgements.contains(packetID: packetID, isQoS2: true) { return }
        let held = exchange.heldSequence
        guard exchange.batch > journal.committed || exchange.storedSequence != 0 else {
            acknowledge(
                connection, session, packetID: packetID, isQoS2: true, held == 0 ? .success : nil, held)
            return
        }
        acknowledgeStored(
            connection, session,
            .init(
                packetID: packetID, isQoS2: true, reason: held == 0 ? .success : nil,
                sequence: max(held, exchange.storedSequence), batch: exchange.batch,
                awaitsOthers: exchange.storedSequence != 0))
    }

    private mutating func sendAcknowledgement(
        _ connection: ConnectionPointer, _ session: SessionPointer, packetID: UInt16, isQoS2: Bool,
        _ reason: ReasonCode
    ) {
        if isQoS2 {
            // PUBREL has come already, or the exchange was given up.
            guard let index = session.pointee.inboundQoS2.index(of: packetID) else { return }
            if reason.isError, connection.pointee.isV5 {
                forget(packetID, at: index, session)
            } else {
                session.pointee.inboundQoS2[at: index].heldSequence = 0
            }
        } else {
            connection.pointee.unacknowledgedQoS1 &-= 1
        }
        let type: UInt8 = isQoS2 ? 0x50 : 0x40
        appendAcknowledgement(connection, type, packetID, reason)
    }

    /// Appends a PUBACK, PUBREC, PUBREL or PUBCOMP. MQTT 3 and success need no reason code.
    @inline(__always)
    mutating func appendAcknowledgement(
        _ connection: ConnectionPointer, _ typeAndFlags: UInt8, _ packetID: UInt16, _ reason: ReasonCode
    ) {
        if reason == .success || !connection.pointee.isV5 {
            connection.pointee.outbox.append(typeAndFlags, 2, packetID)
        } else {
            connection.pointee.outbox.append(typeAndFlags, 3, packetID)
            connection.pointee.outbox.extend(by: 1).storeBytes(of: reason.rawValue, as: UInt8.self)
        }
        statistics.packetsSent &+= 1
        touch(connection)
    }

    /// The host's word on held acknowledgements.
    mutating func release(_ ticket: HoldTicket, _ reason: ReasonCode, _ now: UInt64) {
        if let session = sessions.find(ticket.slot, ticket.generation), !session.pointee.isLeaving {
            release(session, ticket.sequence, reason, now)
        } else {
            releaseMoved(ticket, reason, now)
        }
    }

    mutating func release(_ session: SessionPointer, _ sequence: UInt64, _ reason: ReasonCode, _ now: UInt64) {
        if let connection = session.pointee.connection,
            connection.pointee.acknowledgements.release(sequence, reason.inPuback)
        {
            if reason.isError, !connection.pointee.isV5 {
                // MQTT 3 can't be told; without an acknowledgement it sends again on its next connection.
                forgetHeld(session, sequence)
                close(
                    connection, reason: reason, cause: .protocolError(reason, detail: "not accepted by the host"), now)
                return
            }
            flushAcknowledgements(connection)
            return
        }
        // The connection has gone. A QoS 2 message that was taken over is acknowledged when the client repeats it.
        if reason.isError {
            forgetHeld(session, sequence)
        } else if let index = heldIndex(session, sequence) {
            session.pointee.inboundQoS2[at: index].heldSequence = 0
        }
    }

    /// Lets go every acknowledgement that nothing holds any longer.
    mutating func flushAcknowledgements(_ connection: ConnectionPointer) {
        guard let session = connection.pointee.session, !isGated(connection) else { return }
        while let entry = connection.pointee.acknowledgements.popReady(committed: journal.committed) {
            sendAcknowledgement(
                connection, session, packetID: entry.packetID, isQoS2: entry.isQoS2, entry.reason ?? .success)
        }
        // Reading may go on.
        if connection.pointee.backPressure.isReadingPaused { touch(connection) }
    }

    /// Keeps the host's word on QoS 2 publishes whose PUBREC had to wait for another's, for when the client repeats them
    /// on its next connection.
    mutating func keepWord(of connection: ConnectionPointer, for session: SessionPointer) {
        var refused: [UInt16] = []
        connection.pointee.acknowledgements.removeAll { entry in
            guard entry.isQoS2, let reason = entry.reason,
                let index = session.pointee.inboundQoS2.index(of: entry.packetID)
            else { return }
            session.pointee.inboundQoS2[at: index].heldSequence = 0
            if reason.isError { refused.append(entry.packetID) }
        }
        for packetID in refused {
            guard let index = session.pointee.inboundQoS2.index(of: packetID) else { continue }
            forget(packetID, at: index, session)
        }
    }

    /// Ends the client's QoS 2 exchange.
    private mutating func forget(_ packetID: UInt16, at index: Int, _ session: SessionPointer) {
        let exchange = session.pointee.inboundQoS2.remove(at: index)
        if exchange.isCounted, let connection = session.pointee.connection {
            connection.pointee.unreleasedQoS2 &-= 1
        }
        recordForgotten(packetID, session)
    }

    private mutating func forgetHeld(_ session: SessionPointer, _ sequence: UInt64) {
        guard let packetID = heldPacketID(session, sequence),
            let index = session.pointee.inboundQoS2.index(of: packetID)
        else { return }
        forget(packetID, at: index, session)
    }

    private func heldIndex(_ session: SessionPointer, _ sequence: UInt64) -> Int? {
        heldPacketID(session, sequence).flatMap { session.pointee.inboundQoS2.index(of: $0) }
    }

    private func heldPacketID(_ session: SessionPointer, _ sequence: UInt64) -> UInt16? {
        var found: UInt16?
        session.pointee.inboundQoS2.forEach { packetID, value in
            if value.heldSequence == sequence { found = packetID }
        }
        return found
    }

    // MARK: The client's acknowledgements

    @inline(__always)
    mutating func handleAcknowledgement(
        _ connection: ConnectionPointer, _ packet: UnsafeRawBufferPointer, _ header: FixedHeader, _ now: UInt64
    ) throws(DecodeError) {
        let view = try AcknowledgementView.parse(packet, header: header, version: connection.pointee.version)
        guard let session = connection.pointee.session else { return }
        switch header.type {
        case .puback:
            // One that belongs to no exchange is ignored: it may be late from before a restart.
            guard let index = session.pointee.outbound.index(of: view.packetID) else { return }
            guard session.pointee.outbound.state(at: index) == .awaitingPuback else { throw wrongExchange() }
            complete(session, index, now)
        case .pubrec: try handlePubrec(connection, session, view, now)
        case .pubrel:
            if let index = session.pointee.inboundQoS2.index(of: view.packetID) {
                forget(view.packetID, at: index, session)
                promise(0x70, view.packetID, .success, to: connection, session)
            } else {
                promise(0x70, view.packetID, .packetIdentifierNotFound, to: connection, session)
            }
        default:
            guard let index = session.pointee.outbound.index(of: view.packetID) else { return }
            guard session.pointee.outbound.state(at: index) == .awaitingPubcomp else { throw wrongExchange() }
            complete(session, index, now)
        }
    }

    private mutating func handlePubrec(
        _ connection: ConnectionPointer, _ session: SessionPointer, _ view: AcknowledgementView, _ now: UInt64
    ) throws(DecodeError) {
        guard let index = session.pointee.outbound.index(of: view.packetID) else {
            appendAcknowledgement(connection, 0x62, view.packetID, .packetIdentifierNotFound)
            return
        }
        switch session.pointee.outbound.state(at: index) {
        case .awaitingPuback: throw wrongExchange()
        case .awaitingPubrec:
            if view.reasonCode.isError {
                complete(session, index, now)
                return
            }
            let order = session.pointee.outbound.order(at: index)
            let isKept = order != 0 && session.pointee.key != 0
            if isKept {
                let sequence = Int64(clamping: session.pointee.outbound.lastSequence &+ 1)
                journal.append(.released(session.pointee.key, order: order, sequence: sequence))
            }
            let message = session.pointee.outbound.received(at: index, until: isKept ? journal.last : 0)
            if let message { messages.release(message) }
            if session.pointee.isLagging { drain(session, now) }
        case .awaitingPubcomp: break
        }
        sendPubrel(view.packetID, to: connection, session)
    }

    @inline(__always)
    private mutating func complete(_ session: SessionPointer, _ index: Int, _ now: UInt64) {
        let (message, order) = session.pointee.outbound.complete(at: index)
        if let message { messages.release(message) }
        recordEnd(of: order, session)
        session.pointee.lastProgress = now
        if session.pointee.hasBacklog { drain(session, now) }
    }

    @inline(never)
    private func wrongExchange() -> DecodeError {
        DecodeError(
            reasonCode: .protocolError, clause: "MQTT-4.3.3", detail: "an acknowledgement of the wrong kind")
    }
}
