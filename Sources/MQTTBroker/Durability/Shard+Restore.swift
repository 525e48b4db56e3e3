import MQTTCodec
import Synchronization

/// What an earlier run left behind.
extension Shard {
    /// Enters sessions of an earlier run, none of which has a connection.
    mutating func restore(_ sessions: [DurableState.Session], _ contents: [Int64: DurableMessage], _ now: UInt64) {
        var made: [Int64: Message] = [:]
        for state in sessions {
            var tenure: UInt64 = 0
            if !isAlone {
                let claim = hub.claim(ExactText(state.session.clientID), for: index, by: state.session.owner)
                tenure = claim?.own.number ?? 0
            }
            restore(state, tenure, contents, &made, now)
        }
        for message in made.values { messages.release(message) }
    }

    /// Enters retained messages, which all shards share.
    mutating func restore(_ retained: [DurableRetained], _ now: UInt64) {
        for message in retained where message.expiresAt == 0 || message.expiresAt > now {
            let message = RetainedMessage(
                topic: message.topic, properties: message.properties, payload: message.payload, qos: message.qos,
                expiresAt: message.expiresAt)
            if message.expiresAt != 0 { setSweep(now) }
            _ = hub.retained.withLock { $0.store(message, isRestored: true) }
        }
        for message in retained where message.expiresAt != 0 && message.expiresAt <= now {
            recordRetained(.retainedRemoved(topic: message.topic), size: message.topic.count)
        }
    }

    private mutating func restore(
        _ state: DurableState.Session, _ tenure: UInt64, _ contents: [Int64: DurableMessage],
        _ made: inout [Int64: Message], _ now: UInt64
    ) {
        let key = ExactText(state.session.clientID)
        let session = sessions.insert { [inflightBytes] slot, generation in
            Session(slot: slot, generation: generation, clientID: key.text, inflightBytes: inflightBytes)
        }
        sessionsByClientID[key] = session
        session.pointee.tenure = tenure
        session.pointee.key = state.session.key
        session.pointee.owner = state.session.owner
        hub.shards[index].durableSessions.wrappingAdd(1, ordering: .releasing)
        session.pointee.expiryInterval = state.session.expiryInterval
        for subscription in state.subscriptions {
            guard let filter = TopicFilter(subscription.filter) else { continue }
            add(filter, subscription.options, to: session, key: ExactText(subscription.filter))
        }
        restoreDeliveries(state.deliveries, of: session, contents, &made)
        for packetID in state.received where packetID != 0 {
            session.pointee.inboundQoS2.insert(packetID, InboundQoS2())
        }
        restoreTimes(state.session, of: session, now)
    }

    /// Nothing is done here that is due: the other sessions must be there first.
    private mutating func restoreTimes(_ state: DurableSession, of session: SessionPointer, _ now: UInt64) {
        var will = state.will.map { PendingWill($0, clientID: state.clientID, shard: index) }
        session.pointee.expiresAt = state.expiresAt
        // Its connection ended with the process; with a pending will it had ended before.
        if state.expiresAt == 0, will?.deadline ?? 0 == 0 {
            let delay = min(state.will?.delay ?? 0, state.expiryInterval)
            will?.deadline = now + nanoseconds(delay)
            if state.expiryInterval != .max { session.pointee.expiresAt = now + nanoseconds(state.expiryInterval) }
        }
        session.pointee.will = will
        if let will { setTimer(.will, for: session, at: will.deadline) }
        if session.pointee.expiresAt != 0 { setTimer(.sessionExpiry, for: session, at: session.pointee.expiresAt) }
        persist(session)
    }

    private mutating func restoreDeliveries(
        _ deliveries: [DurableDelivery], of session: SessionPointer, _ contents: [Int64: DurableMessage],
        _ made: inout [Int64: Message]
    ) {
        var sequence: UInt64 = 0
        var lastPacketID: UInt16 = 0
        // PUBREL packets go out in the order of the PUBREC packets, messages in the order in which they came.
        let released = deliveries.filter { $0.released != 0 }.sorted { $0.released < $1.released }
        for delivery in released + deliveries.filter({ $0.released == 0 }) {
            session.pointee.lastOrder = max(session.pointee.lastOrder, delivery.order)
            let identifiers = delivery.identifiers.isEmpty ? nil : SubscriptionIdentifiers(delivery.identifiers)
            var message: Message?
            if let content = delivery.message.flatMap({ contents[$0] }) { message = self.message(for: content, &made) }
            if delivery.packetID != 0, session.pointee.outbound.index(of: delivery.packetID) == nil {
                guard message != nil || delivery.released != 0 else { continue }
                sequence += 1
                lastPacketID = delivery.packetID
                let state: OutboundWindow.State =
                    delivery.released != 0 ? .awaitingPubcomp : delivery.qos == 1 ? .awaitingPuback : .awaitingPubrec
                session.pointee.outbound.restore(
                    delivery.packetID,
                    .init(
                        message: message, state: state, retain: delivery.retain, isSent: false, wasSent: true,
                        sequence: sequence, order: delivery.order, identifiers: identifiers))
            } else if let message {
                putBack(
                    QueuedMessage(
                        message: message, qos: delivery.qos, retain: delivery.retain, identifiers: identifiers,
                        order: delivery.order), in: session)
            }
        }
        session.pointee.outbound.resume(lastPacketID: lastPacketID, lastSequence: sequence, lastHeld: 0)
    }

    /// The content with one more reference.
    private mutating func message(for content: DurableMessage, _ made: inout [Int64: Message]) -> Message {
        if let message = made[content.id] {
            message.retain()
            return message
        }
        let message = content.topic.withUnsafeBytes { topic in
            content.properties.withUnsafeBytes { properties in
                content.payload.withUnsafeBytes { payload in
                    messages.make(
                        topic: topic, properties: properties, payload: payload, expiresAt: content.expiresAt,
                        isEphemeral: false)
                }
            }
        }
        message.header.pointee.id = content.id
        message.retain()
        made[content.id] = message
        return message
    }
}
