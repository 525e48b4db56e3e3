import DequeModule
import MQTTCodec
import Synchronization

extension Shard {
    /// Breaks a connection off because of what the client sent or failed to send.
    mutating func refuse(_ connection: ConnectionPointer, reason: ReasonCode, detail: String, _ now: UInt64) {
        guard connection.pointee.phase != .closing else { return }
        switch reason {
        case .packetTooLarge: count(.packetSize)
        case .receiveMaximumExceeded: count(.inFlight)
        default: break
        }
        let clientID = connection.pointee.context?.clientID ?? ""
        if connection.pointee.phase == .authenticating {
            refuseConnect(connection, reason, detail: detail, clientID: clientID, isV5: true, now)
            return
        }
        policy.observe(.refused(address: connection.pointee.remoteAddress, clientID: clientID, reason: detail))
        guard connection.pointee.phase != .awaitingConnect else {
            // Nothing is sent before a CONNECT has come [MQTT-4.13.1-1].
            statistics.connectionsRefused &+= 1
            connection.pointee.phase = .closing
            touch(connection)
            return
        }
        close(connection, reason: reason, cause: .protocolError(reason, detail: detail), now)
    }

    /// Ends a connection from the broker's side. MQTT 5 clients are told the reason; MQTT 3 has no such packet.
    mutating func close(
        _ connection: ConnectionPointer, reason: ReasonCode, cause: DisconnectCause, saysWhy: Bool = true,
        _ now: UInt64
    ) {
        guard connection.pointee.phase != .closing else { return }
        if saysWhy, connection.pointee.isV5, connection.pointee.phase == .active {
            send(.disconnect(Disconnect(reasonCode: reason.inDisconnect)), to: connection)
        }
        detach(connection, cause, publishesWill: true, now)
    }

    mutating func handleDisconnect(
        _ connection: ConnectionPointer, _ disconnect: Disconnect, _ now: UInt64
    ) throws(DecodeError) {
        if let expiry = disconnect.properties.sessionExpiryInterval, let session = connection.pointee.session {
            if session.pointee.expiryInterval == 0, expiry != 0 {
                throw DecodeError(
                    reasonCode: .protocolError, clause: "MQTT-3.14.2-2",
                    detail: "DISCONNECT sets an expiry for a session that CONNECT gave none")
            }
            session.pointee.expiryInterval = min(expiry, connection.pointee.offer.maximumSessionExpiry)
        }
        connection.pointee.closesAtOnce = true
        // Only the normal reason takes the will back [MQTT-3.14.4-3].
        let isNormal = disconnect.reasonCode == .normalDisconnection
        detach(connection, .clientDisconnect(disconnect.reasonCode), publishesWill: !isNormal, now)
    }

    /// The transport has gone; frees the connection.
    mutating func closed(_ id: ConnectionID, _ now: UInt64) {
        guard let connection = connections.find(id.slot, id.generation) else { return }
        detach(connection, .connectionLost, publishesWill: true, now)
        connection.pointee.deallocate()
        connections.remove(id.slot)
        hub.connections.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Takes the connection off its session, once: the will, the session's life without it, and those who wait for it.
    private mutating func detach(
        _ connection: ConnectionPointer, _ cause: DisconnectCause, publishesWill: Bool, _ now: UInt64
    ) {
        guard connection.pointee.phase != .closing else { return }
        connection.pointee.phase = .closing
        touch(connection)
        releasePublishers(waitingFor: connection)
        connection.pointee.inbox.deallocate()
        guard let session = connection.pointee.session else { return }
        connection.pointee.session = nil
        session.pointee.connection = nil
        keepWord(of: connection, for: session)
        session.pointee.inboundQoS2.update { $0.isCounted = false }
        tellPresence(session)
        releaseGate(of: session)
        reportDrops(session)
        purgeEphemeral(session)
        session.pointee.outbound.detach()
        let will = publishesWill ? connection.pointee.will : nil
        connection.pointee.will = nil
        if let context = connection.pointee.context { policy.observe(.disconnected(context, cause: cause)) }
        settle(session, will, now)
    }

    /// Decides what becomes of a session that has lost its connection, and of the will.
    mutating func settle(_ session: SessionPointer, _ will: PendingWill?, _ now: UInt64) {
        let expiry = session.pointee.expiryInterval
        if let will {
            if will.delay == 0 || expiry == 0 {
                publish(will, now)
            } else {
                // At the end of the delay or of the session, whichever comes first [MQTT-3.1.3-9].
                var pending = will
                pending.deadline = now + nanoseconds(min(will.delay, expiry))
                session.pointee.will = pending
                setTimer(.will, for: session, at: pending.deadline)
            }
        }
        guard expiry != 0 else {
            end(session, now)
            return
        }
        if expiry != .max {
            session.pointee.expiresAt = now + nanoseconds(expiry)
            setTimer(.sessionExpiry, for: session, at: session.pointee.expiresAt)
        }
        persist(session)
    }

    /// Forgets a session that has no connection, and publishes a will that still waits.
    mutating func end(_ session: SessionPointer, _ now: UInt64) {
        if let will = session.pointee.will {
            session.pointee.will = nil
            publish(will, now)
        }
        reportDrops(session)
        policy.observe(
            .sessionEnded(
                clientID: session.pointee.clientID, cause: session.pointee.endCause,
                unacknowledged: session.pointee.queue.count &+ session.pointee.outbound.count))
        removeSubscriptions(session)
        let hadKey = session.pointee.key != 0
        forget(session)
        if case .coming(let crossing)? = session.pointee.move {
            crossings -= 1
            // What is still sent after it has nowhere to go.
            for shard in crossing.path { post(.arrived(move: crossing.move), to: shard) }
            if let (tenure, _) = crossing.handOver {
                let key = ExactText(session.pointee.clientID)
                answer(tenure, key, nil, hasEnded: hadKey)
            }
        }
        session.pointee.outbound.removeAll { messages.release($0) }
        clearQueue(of: session)
        let key = ExactText(session.pointee.clientID)
        sessionsByClientID[key] = nil
        if key != claiming { hub.disown(key, tenure: session.pointee.tenure) }
        sessions.remove(session.pointee.slot)
    }

    /// Throws away what only a present connection may get.
    private mutating func purgeEphemeral(_ session: SessionPointer) {
        if session.pointee.queue.contains(where: { $0.message.header.pointee.isEphemeral }) {
            for _ in 0..<session.pointee.queue.count {
                guard let queued = takeFirst(of: session) else { break }
                if queued.message.header.pointee.isEphemeral {
                    messages.release(queued.message)
                } else {
                    // Behind the others, all of which come by in turn.
                    putBack(queued, in: session)
                }
            }
        }
        var ephemeral: [UInt16] = []
        session.pointee.outbound.forEach { packetID, entry in
            if let message = entry.message, message.header.pointee.isEphemeral { ephemeral.append(packetID) }
        }
        for packetID in ephemeral {
            guard let index = session.pointee.outbound.index(of: packetID) else { continue }
            if let message = session.pointee.outbound.complete(at: index).message { messages.release(message) }
        }
        session.pointee.retainedBacklog.removeAll { $0.qos == 0 }
        session.pointee.retainedRequests.removeAll { $0.qos == 0 }
    }

    /// Tells every client goodbye.
    mutating func shutdown(_ now: UInt64) {
        isShuttingDown = true
        var all: [ConnectionID] = []
        connections.forEach { all.append($0.pointee.id) }
        for id in all {
            guard let connection = connections.find(id.slot, id.generation) else { continue }
            if connection.pointee.phase == .awaitingConnect {
                connection.pointee.phase = .closing
                touch(connection)
            } else {
                close(connection, reason: .serverShuttingDown, cause: .serverShutdown, now)
            }
        }
    }
}
