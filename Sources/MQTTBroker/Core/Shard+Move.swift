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
            count(.sessions)
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
                join(connection, pending, tenure: 0, afterEnd: false, now)
            }
            return
        }
        guard let (own, previous) = hub.claim(key, for: index, by: owner) else {
            refuseStranger(connection, pending, now)
            return
        }
        if let previous {
            let endsSession = pending.connect.cleanStart
            let arrival = Arrival(
                tenure: own.number, connection: connection.pointee.id, pending: pending, endsSession: endsSession)
            arrivals[key, default: []].append(arrival)
            suspend(connection)
            post(.handOver(clientID: key, of: previous.number, to: own, endsSession: endsSession), to: previous.shard)
        } else if let position = arrivals[key]?.firstIndex(where: { $0.tenure == own.number }) {
            // Another connection of this client waits for the same session.
            let other = arrivals[key]?[position].connection
            if let other = other.flatMap({ connections.find($0.slot, $0.generation) }) {
                close(other, reason: .sessionTakenOver, cause: .takenOver, now)
            }
            arrivals[key]?[position].connection = connection.pointee.id
            arrivals[key]?[position].pending = pending
            if pending.connect.cleanStart { arrivals[key]?[position].endsSession = true }
            suspend(connection)
        } else {
            join(connection, pending, tenure: own.number, afterEnd: false, now)
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
    /// - Parameter afterEnd: another shard has had the store forget the session that there was.
    private mutating func join(
        _ connection: ConnectionPointer, _ pending: PendingConnect, tenure: UInt64, afterEnd: Bool, _ now: UInt64
    ) {
        let hadKey = sessionsByClientID[ExactText(pending.context.clientID)].map { $0.pointee.key != 0 } ?? false
        let (session, isPresent) = attach(connection, pending, now)
        session.pointee.tenure = tenure
        if hadKey || afterEnd, !isPresent {
            // The client counts on the old session's being gone once it sees CONNACK.
            connection.pointee.session = session
            suspend(connection)
            // What the other shard has told the store comes before this.
            if afterEnd { journal.append(.barrier) }
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

    /// Sessions come here or go from here: what they get is stored later, and perhaps elsewhere.
    var isCrossed: Bool { crossings > 0 || !departed.isEmpty }

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
        let hadKey = sessionsByClientID[key].map { $0.pointee.key != 0 } ?? false
        leave(key, endsSession: endsSession, now)
        guard let session = sessionsByClientID[key] else {
            answer(tenure, key, nil, hasEnded: hadKey)
            return
        }
        reportDrops(session)
        answer(tenure, key, MovedSession(session.pointee, from: index, move: tenure.number), hasEnded: false)
        depart(session, to: tenure)
    }

    /// Answers a shard that has asked for a session.
    mutating func answer(_ tenure: Tenure, _ key: ExactText, _ moved: MovedSession?, hasEnded: Bool) {
        // The store gets this shard's changes of the session before those of the next.
        journal.flush(shard: index)
        post(.arrival(clientID: key, tenure: tenure.number, moved, hasEnded: hasEnded), to: tenure.shard)
    }

    /// Keeps of a session only its subscriptions, whose messages are sent on.
    private mutating func depart(_ session: SessionPointer, to tenure: Tenure) {
        let key = ExactText(session.pointee.clientID)
        sessionsByClientID[key] = nil
        var waiting = MovedTickets(clientID: key)
        let foreign = session.pointee.lastForeignSequence
        session.pointee.inboundQoS2.forEach {
            if $1.heldSequence > foreign { waiting.held.insert($1.heldSequence) }
            if $1.storedSequence > foreign { waiting.unstored.insert($1.storedSequence) }
        }
        if !waiting.isEmpty {
            let ticket = HoldTicket(
                shard: 0, slot: session.pointee.slot, generation: session.pointee.generation, sequence: 0)
            movedTickets[ticket] = waiting
        }
        session.pointee.outbound.removeAll { messages.release($0) }
        clearQueue(of: session)
        session.pointee.retainedBacklog = []
        session.pointee.retainedRequests = []
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

    /// Sends mail after a session that is not here: to the shard that has it or waits for it. If that is this one it is
    /// kept until the session comes.
    /// - Returns: false if there is no such session.
    mutating func send(_ mail: Mail, after key: ExactText) -> Bool {
        if let owner = hub.owner(of: key), owner != index {
            post(mail, to: owner)
        } else if let last = arrivals[key]?.indices.last {
            arrivals[key]?[last].mail.append(mail)
        } else {
            return false
        }
        return true
    }

    // MARK: The new shard

    /// The answer of the old shard.
    mutating func arrive(
        _ key: ExactText, _ tenure: UInt64, _ moved: MovedSession?, hasEnded: Bool, _ now: UInt64
    ) {
        guard let position = arrivals[key]?.firstIndex(where: { $0.tenure == tenure }) else { return }
        let arrival = arrivals[key]?.remove(at: position)
        if arrivals[key]?.isEmpty == true { arrivals[key] = nil }
        var moved = moved
        var hasEnded = hasEnded
        if let session = moved, arrival?.endsSession == true || arrival?.forward?.endsSession == true {
            endOnTheWay(key, session, now)
            moved = nil
            hasEnded = session.key != 0
        }
        if let (tenure, _) = arrival?.forward {
            if let moved { passedOn[moved.move] = tenure.shard }
            answer(tenure, key, moved?.passed(by: index), hasEnded: hasEnded)
        } else {
            let connection = arrival?.connection.flatMap { connections.find($0.slot, $0.generation) }
            let isWaiting = connection?.pointee.phase == .awaitingSession
            if let moved { install(key, moved, tenure: tenure, now) }
            if let connection, let pending = arrival?.pending, isWaiting {
                join(connection, pending, tenure: tenure, afterEnd: hasEnded, now)
                if connection.pointee.phase == .active { receiveEarly(connection, now) }
            } else if let session = sessionsByClientID[key] {
                // The client has gone again.
                if session.pointee.connection == nil { settle(session, nil, now) }
            } else {
                hub.disown(key, tenure: tenure)
            }
        }
        // It finds the session here now, or goes after it.
        for mail in arrival?.mail ?? [] { post(mail, to: index) }
    }

    /// Ends a session that comes, but is not to go on.
    private mutating func endOnTheWay(_ key: ExactText, _ moved: MovedSession, _ now: UInt64) {
        if moved.key != 0 { journal.append(.sessionEnded(moved.key)) }
        policy.observe(
            .sessionEnded(
                clientID: key.text, cause: .replaced, unacknowledged: moved.queue.count + moved.exchanges.count))
        // The old shard looks after the groups that have their home there, and counts on the new one for others.
        for (filter, _) in moved.subscriptions {
            guard let filter = TopicFilter(filter.text), let name = filter.shareName else { continue }
            let share = ShareKey(name: ExactText(name), filter: ExactText(filter.filter))
            leave(share, key, of: moved.from)
        }
        post(.installed(move: moved.move), to: moved.from)
        for shard in moved.path { post(.arrived(move: moved.move), to: shard) }
        if let will = moved.will { publish(will, now) }
    }

    private mutating func install(_ key: ExactText, _ moved: MovedSession, tenure: UInt64, _ now: UInt64) {
        let session = sessions.insert { [inflightBytes] slot, generation in
            Session(slot: slot, generation: generation, clientID: key.text, inflightBytes: inflightBytes)
        }
        sessionsByClientID[key] = session
        session.pointee.tenure = tenure
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
        crossings += 1
        for (filter, options) in moved.subscriptions {
            if let parsed = TopicFilter(filter.text) { add(parsed, options, to: session, key: filter) }
        }
        for message in moved.queue { append(message, to: session, hadPlace: true) }
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
        for (packetID, heldSequence, storedSequence) in moved.inboundQoS2 {
            session.pointee.inboundQoS2.insert(
                packetID, InboundQoS2(heldSequence: heldSequence, batch: batch, storedSequence: storedSequence))
        }
        session.pointee.lastHoldSequence = moved.lastHoldSequence
        session.pointee.lastForeignSequence = moved.lastHoldSequence
        session.pointee.retainedBacklog = Deque(moved.retainedBacklog)
        session.pointee.retainedRequests = Deque(moved.retainedRequests)
        // Still due if the client has gone again; a connection takes it back.
        session.pointee.will = moved.will
        if let will = moved.will { setTimer(.will, for: session, at: will.deadline) }
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
        crossings -= 1
        for message in crossing.direct where !crossing.late.contains(message.publish.identity) {
            append(message, to: session)
        }
        for shard in crossing.path { post(.arrived(move: crossing.move), to: shard) }
        drain(session, now)
        if let (tenure, endsSession) = crossing.handOver {
            handOver(key, of: 0, to: tenure, endsSession: endsSession, now)
        }
    }

    /// - Parameter hadPlace: it has waited in the session's queue before, and is not lost because limits are lower now.
    private mutating func append(_ message: MovedMessage, to session: SessionPointer, hadPlace: Bool = false) {
        let queued = QueuedMessage(
            message: keep(message.publish), qos: message.qos, retain: message.retain,
            identifiers: message.identifiers, order: message.order)
        let start = journal.mark
        if hadPlace { putBack(queued, in: session) } else { put(queued, in: session) }
        journal.hold(from: start, message.publish.receipt?.transfer ?? 0)
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
