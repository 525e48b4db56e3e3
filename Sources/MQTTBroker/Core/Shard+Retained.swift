import DequeModule
import MQTTCodec
import Synchronization

/// A retained message as an operator sees it.
public struct RetainedInfo: Sendable, Hashable {
    public var topic: String
    /// At most 200 bytes of the payload, as text; what is no text is replaced.
    public var payload: String
}

extension Shard {
    /// The retained messages of all shards; `nil` if there are so many that looking at them would hold up the broker.
    func retainedMessages(limit: Int, now: UInt64) -> [RetainedInfo]? {
        let found = hub.retained.withLock { store in
            store.count > 20_000 ? nil : store.matching("#", now)
        }
        return found.map { messages in
            let all = messages.map { message in
                RetainedInfo(
                    topic: String(decoding: message.topic, as: UTF8.self),
                    payload: String(decoding: message.payload.prefix(200), as: UTF8.self))
            }
            return Array(all.sorted { $0.topic < $1.topic }.prefix(max(0, limit)))
        }
    }

    /// Sends retained messages to new subscriptions, as far as quota and room allow. None is lost because the client has
    /// not acknowledged the ones before: it is made when there is room.
    mutating func drainRetained(_ session: SessionPointer, _ connection: ConnectionPointer, _ now: UInt64) {
        while hasOutboxRoom(connection), let next = nextRetained(of: session, now),
            hasRoom(session, connection) || next.qos == 0,
            next.qos == 0 || session.pointee.key == 0 || session.pointee.queue.isEmpty
        {
            guard next.qos == 0 || !shouldWait(for: Self.size(of: next.message), session) else { return }
            session.pointee.retainedBacklog.removeFirst()
            // A newer message of the topic has gone out live; this one must not come after it.
            guard next.message.isCurrent, !next.message.isExpired(now) else { continue }
            sendRetained(next, session, connection, now)
        }
    }

    /// The first that waits; if there is none, the next of the session's requests are looked up.
    private func nextRetained(of session: SessionPointer, _ now: UInt64) -> RetainedDelivery? {
        while session.pointee.retainedBacklog.isEmpty, var request = session.pointee.retainedRequests.popFirst() {
            // The client has unsubscribed meanwhile.
            guard session.pointee.subscriptions[request.key] != nil else { continue }
            let found = hub.retained.withLock { $0.next(of: &request, now) }
            if !request.isComplete { session.pointee.retainedRequests.prepend(request) }
            let identifiers = request.identifier == 0 ? nil : SubscriptionIdentifiers([request.identifier])
            for message in found where message.topic.withUnsafeBytes({ mayDeliver($0, to: session) }) {
                session.pointee.retainedBacklog.append(
                    RetainedDelivery(message: message, qos: min(message.qos, request.qos), identifiers: identifiers))
            }
        }
        return session.pointee.retainedBacklog.first
    }

    private static func size(of message: RetainedMessage) -> Int {
        Message.size(
            topic: message.topic.count, properties: message.properties.count, payload: message.payload.count)
    }

    private mutating func sendRetained(
        _ delivery: RetainedDelivery, _ session: SessionPointer, _ connection: ConnectionPointer, _ now: UInt64
    ) {
        let retained = delivery.message
        retained.topic.withUnsafeBytes { topic in
            retained.properties.withUnsafeBytes { properties in
                retained.payload.withUnsafeBytes { payload in
                    let publish = OutgoingPublish(
                        topic: topic, properties: properties, payload: payload,
                        expiry: Self.secondsLeft(until: retained.expiresAt, now), identifiers: delivery.identifiers)
                    let size = publish.encodedCount(
                        isV5: connection.pointee.isV5, hasPacketID: delivery.qos > 0)
                    guard size <= connection.pointee.maximumPacketSize else {
                        drop(session, topic, .packetTooLarge)
                        return
                    }
                    var packetID: UInt16 = 0
                    if delivery.qos > 0 {
                        if let reason = lackOfRoom(for: Self.size(of: retained), session) {
                            drop(session, topic, reason)
                            return
                        }
                        let message = messages.make(
                            topic: topic, properties: properties, payload: payload, expiresAt: retained.expiresAt,
                            isEphemeral: false)
                        guard session.pointee.key == 0 else {
                            // By way of the queue, whose messages the store knows.
                            put(
                                QueuedMessage(
                                    message: message, qos: delivery.qos, retain: true,
                                    identifiers: delivery.identifiers), in: session)
                            drainQueue(session, connection, now)
                            return
                        }
                        guard
                            let fresh = session.pointee.outbound.insert(
                                message, qos: delivery.qos, retain: true, identifiers: delivery.identifiers)
                        else {
                            drop(session, topic, .queueFull)
                            messages.release(message)
                            return
                        }
                        packetID = fresh
                    }
                    write(publish, connection, qos: delivery.qos, retain: true, dup: false, packetID: packetID)
                }
            }
        }
    }
}
