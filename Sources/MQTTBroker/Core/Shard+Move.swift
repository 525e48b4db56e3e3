import DequeModule
import MQTTCodec
import Synchronization

/// Sessions that follow their clients from shard to shard. A session belongs to one shard, and a connection stays on
/// the loop that accepted it; so when a client comes back elsewhere, its session is sent there.
///
/// Between leaving the old shard and being installed in the new one no message may be lost, doubled or overtaken. The
/// old shard therefore keeps the subscriptions until the new one has them, and sends on what they get. Each shard's
/// publishes come to both in the same order, the old one getting them up to some point and the new one from an earlier
/// point on; so the new one keeps back what it gets itself until the old one has finished, and then leaves out what
/// came by both ways.
extension Shard {
    /// Joins an accepted connection with its session: at once, or when the session has arrived from another shard.
    mutating func accept(_ connection: ConnectionPointer, _ pending: PendingConnect, _ now: UInt64) {
        let key = ExactText(pending.context.clientID)
        if sessionsByClientID.count >= limits.maximumSessions, sessionsByClientID[key] == nil {
            refuseConnect(
                connection, .quotaExceeded, detail: "too many sessions", clientID: key.text,
                isV5: connection.pointee.isV5, now)
            return
        }
        let owner = limits.anyUserTakesOver ? nil : pending.context.principal.owner
        guard !isAlone else {
            if let owner, let other = sessionsByClientID[key]?.pointee.owner, other != owner {
                refuseStranger(connection, pending, now)
            } else {
                join(connection, pending, now)
            }
            return
        }
        guard let (own, previous) = hub.claim(key, for: index, by: owner) else {
            refuseStranger(connection, pending, now)
            return
        }
        if let previous {
            let arrival = Arrival(tenure: own.number, connection: connection.pointee.id, pending: pending)
            arrivals[key, default: []].append(arrival)
            suspend(connection)
            let endsSession = pending.connect.cleanStart
            post(.handOver(clientID: key, of: previous.number, to: own, endsSession: endsSession), to: previous.shard)
        } else if let position = arrivals[key]?.firstIndex(where: { $0.tenure == own.number }) {
            // Another connection of this client waits for the same session.
            let other = arrivals[key]?[position].connection
            if let other = other.flatMap({ connections.find($0.slot, $0.generation) }) {
                close(other, reason: .sessionTakenOver, cause: .takenOver, now)
            }
            arrivals[key]?[position].connection = connection.pointee.id
            arrivals[key]?[position].pending = pending
            suspend(connection)
        } else {
            join(connection, pending, now)
        }
    }

    /// The session of this client identifier, with all that waits in it, is another user's.
    private mutating func refuseStranger(_ connection: ConnectionPointer, _ pending: PendingConnect, _ now: UInt64) {
        policy.observe(.refusedTakeover(pending.context))
        refuseConnect(
            connection, .clientIdentifierNotValid, detail: "the client identifier is another user's",
            clientID: pending.context.clientID, isV5: connection.pointee.isV5, now)
    }

    /// Joins a connection with the session that is here, or a new one.
    private mutating func join(_ connection: ConnectionPointer, _ pending: PendingConnect, _ now: UInt64) {
        let hadKey = sessionsByClientID[ExactText(pending.context.clientID)].map { $0.pointee.key != 0 } ?? false
        let (session, isPresent) = attach(connection, pending, now)
        if hadKey, !isPresent {
            // The client counts on the old session's being gone once it sees CONNACK.
            connection.pointee.session = session
            suspend(connection)
            journal.wait(for: journal.last, .welcome(connection.pointee.id, pending))
        } else {
            welcome(connection, session, pending, isPresent: isPresent, now)
        }
    }

    private mutating func suspend(_ connection: ConnectionPointer) {
        connection.pointee.phase = .awaitingSession
        touch(connection)
    }

    mutating func post(_ mail: Mail, to shard: Int) {
        shardsToWake += hub.post(mail, to: [shard], from: index).toWake
    }

    // MARK: The old shard

    /// Another shard asks for a session.
    mutating func handOver(_ key: ExactText, of number: UInt64, to tenure: Tenure, endsSession: Bool, _ now: UInt64) {
        if let position = arrivals[key]?.firstIndex(where: { $0.tenure == number }) {
            // It is not here yet, and goes on to the next shard when it comes.
            let waiting = arrivals[key]?[position].connection
            if let connection = waiting.flatMap({ connections.find($0.slot, $0.generation) }) {
                close(connection, reason: .sessionTakenOver, cause: .takenOver, now)
            }
            arrivals[key]?[position].connection = nil
            arrivals[key]?[position].forward = (tenure, endsSession)
            return
        }
        if let session = sessionsByClientID[key], case .coming(var crossing)? = session.pointee.move {
            // One move after the other.
            crossing.handOver = (tenure, endsSession)
            session.pointee.move = .coming(crossing)
            return
        }
        leave(key, endsSession: endsSession, now)
        guard let session = sessionsByClientID[key] else {
            post(.arrival(clientID: key, tenure: tenure.number, nil), to: tenure.shard)
            return
        }
        reportDrops(session)
        let moved = MovedSession(session.pointee, from: index, move: tenure.number)
        // The store gets this shard's changes of the session before those of the next.
        journal.flush(shard: index)
        post(.arrival(clientID: key, tenure: tenure.number, moved), to: tenure.shard)
        depart(session, to: tenure)
    }

    /// Keeps of a session only its subscriptions, whose messages are sent on.
    private mutating func depart(_ session: SessionPointer, to tenure: Tenure) {
        let key = ExactText(session.pointee.clientID)
        sessionsByClientID[key] = nil
        var held: Set<UInt64> = []
        session.pointee.inboundQoS2.forEach { if $1.heldSequence != 0 { held.insert($1.heldSequence) } }
        if !held.isEmpty {
            let ticket = HoldTicket(
                shard: 0, slot: session.pointee.slot, generation: session.pointee.generation, sequence: 0)
            movedTickets[ticket] = MovedTickets(clientID: key, sequences: held)
        }
        session.pointee.outbound.removeAll { messages.release($0) }
        clearQueue(of: session)
        session.pointee.retainedBacklog = []
        session.pointee.inboundQoS2.removeAll()
        session.pointee.will = nil
        session.pointee.expiresAt = 0
        session.pointee.move = .leaving(to: tenure, sentOn: 0)
        departed[tenure.number] = session
    }

    /// The new shard has the subscriptions.
    mutating func installed(_ move: UInt64) {
        guard let session = departed.removeValue(forKey: move),
            case .leaving(let tenure, let count)? = session.pointee.move
        else { return }
        post(.settled(clientID: ExactText(session.pointee.clientID), move: move, count: count), to: tenure.shard)
        removeSubscriptions(session)
        if session.pointee.key != 0 { hub.shards[index].durableSessions.wrappingSubtract(1, ordering: .releasing) }
        sessions.remove(session.pointee.slot)
    }

    /// Takes a QoS 1 or 2 message for a session between two shards.
    mutating func deliverMoving(
        _ session: SessionPointer, _ publication: Publication, qos: UInt8, retain: Bool,
        _ identifiers: SubscriptionIdentifiers?
    ) {
        let message = MovedMessage(
            publish: MailedPublish(publication), qos: qos, retain: retain, identifiers: identifiers)
        switch session.pointee.move {
        case .leaving(let tenure, let number)?:
            session.pointee.move = .leaving(to: tenure, sentOn: number + 1)
            let key = ExactText(session.pointee.clientID)
            post(.late(clientID: key, move: tenure.number, number: number, message), to: tenure.shard)
        case .coming(var crossing)?:
            session.pointee.move = nil
            crossing.direct.append(message)
            session.pointee.move = .coming(crossing)
        case nil: break
        }
    }

    /// The host's word on a ticket of a session that is no longer here.
    mutating func releaseMoved(_ ticket: HoldTicket, _ reason: ReasonCode) {
        let name = HoldTicket(shard: 0, slot: ticket.slot, generation: ticket.generation, sequence: 0)
        // Tickets of QoS 1 publishes mean nothing without their connection.
        guard var moved = movedTickets[name], moved.sequences.remove(ticket.sequence) != nil else { return }
        movedTickets[name] = moved.sequences.isEmpty ? nil : moved
        guard let owner = hub.owner(of: moved.clientID) else { return }
        post(.released(clientID: moved.clientID, sequence: ticket.sequence, isError: reason.isError), to: owner)
    }

    // MARK: The new shard

    /// The answer of the old shard.
    mutating func arrive(_ key: ExactText, _ tenure: UInt64, _ moved: MovedSession?, _ now: UInt64) {
        guard let position = arrivals[key]?.firstIndex(where: { $0.tenure == tenure }) else { return }
        let arrival = arrivals[key]?.remove(at: position)
        if arrivals[key]?.isEmpty == true { arrivals[key] = nil }
        if let forward = arrival?.forward {
            passOn(key, moved, to: forward.tenure, endsSession: forward.endsSession, now)
            return
        }
        let connection = arrival?.connection.flatMap { connections.find($0.slot, $0.generation) }
        let isWaiting = connection?.pointee.phase == .awaitingSession
        if let moved { install(key, moved, now) }
        guard let connection, let pending = arrival?.pending, isWaiting else {
            // The client has gone again. If it has come back meanwhile, its session is in use.
            if let session = sessionsByClientID[key] {
                if session.pointee.connection == nil { settle(session, nil, now) }
            } else {
                hub.disown(key, by: index)
            }
            return
        }
        join(connection, pending, now)
        if connection.pointee.phase == .active { receiveEarly(connection, now) }
    }

    private mutating func passOn(
        _ key: ExactText, _ moved: MovedSession?, to tenure: Tenure, endsSession: Bool, _ now: UInt64
    ) {
        guard let moved, endsSession else {
            if let moved { passedOn[moved.move] = tenure.shard }
            post(.arrival(clientID: key, tenure: tenure.number, moved?.passed(by: index)), to: tenure.shard)
            return
        }
        // The session ends on the way.
        if moved.key != 0 { journal.append(.sessionEnded(moved.key)) }
        post(.installed(move: moved.move), to: moved.from)
        for shard in moved.path { post(.arrived(move: moved.move), to: shard) }
        if let will = moved.will { publish(will, now) }
        post(.arrival(clientID: key, tenure: tenure.number, nil), to: tenure.shard)
    }

    private mutating func install(_ key: ExactText, _ moved: MovedSession, _ now: UInt64) {
        let session = sessions.insert { slot, generation in
            Session(slot: slot, generation: generation, clientID: key.text)
        }
        sessionsByClientID[key] = session
        // It may have passed through here before.
        passedOn[moved.move] = nil
        session.pointee.owner = moved.owner
        session.pointee.expiryInterval = moved.expiryInterval
        if moved.key != 0 {
            session.pointee.key = moved.key
            session.pointee.lastOrder = moved.lastOrder
            hub.shards[index].durableSessions.wrappingAdd(1, ordering: .releasing)
            // The old shard's last batches may not be on disk yet; they are when this is.
            journal.append(.barrier)
        }
        session.pointee.move = .coming(Crossing(move: moved.move, path: moved.path))
        for (filter, options) in moved.subscriptions {
            if let parsed = TopicFilter(filter.text) { add(parsed, options, to: session, key: filter) }
        }
        for message in moved.queue { append(message, to: session) }
        for exchange in moved.exchanges {
            session.pointee.outbound.restore(
                exchange.packetID,
                .init(
                    message: exchange.message.map { keep($0) }, state: exchange.state, retain: exchange.retain,
                    isSent: false, wasSent: exchange.wasSent, sequence: exchange.sequence, order: exchange.order,
                    identifiers: exchange.identifiers))
        }
        let batch = session.pointee.key == 0 ? 0 : journal.last
        session.pointee.outbound.resume(
            lastPacketID: moved.lastPacketID, lastSequence: moved.lastSequence, lastHeld: batch)
        for (packetID, heldSequence) in moved.inboundQoS2 {
            session.pointee.inboundQoS2.insert(packetID, InboundQoS2(heldSequence: heldSequence, batch: batch))
        }
        session.pointee.lastHoldSequence = moved.lastHoldSequence
        session.pointee.retainedBacklog = Deque(moved.retainedBacklog)
        post(.installed(move: moved.move), to: moved.from)
    }

    /// A message that went by way of the old shard.
    mutating func deliverLate(
        _ key: ExactText, _ move: UInt64, _ number: Int, _ message: MovedMessage, _ now: UInt64
    ) {
        guard let session = sessionsByClientID[key], case .coming(var crossing)? = session.pointee.move,
            crossing.move == move
        else {
            if let shard = passedOn[move] {
                post(.late(clientID: key, move: move, number: number, message), to: shard)
            }
            return
        }
        session.pointee.move = nil
        crossing.early[number] = message
        while let next = crossing.early.removeValue(forKey: crossing.lateCount) {
            crossing.lateCount += 1
            crossing.late.insert(next.publish.identity)
            append(next, to: session)
        }
        session.pointee.move = .coming(crossing)
        drain(session, now)
        finish(key, session, crossing, now)
    }

    /// The old shard has nothing more.
    mutating func settled(_ key: ExactText, _ move: UInt64, _ count: Int, _ now: UInt64) {
        guard let session = sessionsByClientID[key], case .coming(var crossing)? = session.pointee.move,
            crossing.move == move
        else {
            if let shard = passedOn[move] { post(.settled(clientID: key, move: move, count: count), to: shard) }
            return
        }
        crossing.lateTotal = count
        session.pointee.move = .coming(crossing)
        finish(key, session, crossing, now)
    }

    /// Ends the crossing once everything from the old shard is here.
    private mutating func finish(_ key: ExactText, _ session: SessionPointer, _ crossing: Crossing, _ now: UInt64) {
        guard crossing.lateCount == crossing.lateTotal else { return }
        session.pointee.move = nil
        for message in crossing.direct where !crossing.late.contains(message.publish.identity) {
            append(message, to: session)
        }
        for shard in crossing.path { post(.arrived(move: crossing.move), to: shard) }
        drain(session, now)
        if let (tenure, endsSession) = crossing.handOver {
            handOver(key, of: 0, to: tenure, endsSession: endsSession, now)
        }
    }

    mutating func released(_ key: ExactText, _ sequence: UInt64, isError: Bool, _ now: UInt64) {
        guard let session = sessionsByClientID[key] else { return }
        release(session, sequence, isError ? .unspecifiedError : .success, now)
    }

    private mutating func append(_ message: MovedMessage, to session: SessionPointer) {
        let queued = QueuedMessage(
            message: keep(message.publish), qos: message.qos, retain: message.retain,
            identifiers: message.identifiers, order: message.order)
        put(queued, in: session)
        hold(message.publish.receipt)
    }

    private mutating func keep(_ mailed: MailedPublish) -> Message {
        mailed.topic.withUnsafeBytes { topic in
            mailed.properties.withUnsafeBytes { properties in
                mailed.payload.withUnsafeBytes { payload in
                    messages.make(
                        topic: topic, properties: properties, payload: payload, expiresAt: mailed.expiresAt,
                        isEphemeral: mailed.isEphemeral)
                }
            }
        }
    }
}
