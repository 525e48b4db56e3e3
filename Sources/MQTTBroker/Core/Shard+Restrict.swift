import MQTTCodec
import Synchronization

/// What the configuration takes away from the protocol, and bounds on what a client may publish.
extension Shard {
    /// Whether a publish needs a closer look, as cheaply as can be told.
    @inline(__always)
    func needsCheck(_ topic: UnsafeRawBufferPointer) -> Bool {
        isRestricted || topic.count >= suspiciousTopicLength || topic.first == UInt8(ascii: "$")
    }

    /// Throws for a publish that ends the connection; gives the reason to refuse one that does not.
    @inline(never)
    mutating func check(
        _ connection: ConnectionPointer, _ view: PublishView, _ topic: UnsafeRawBufferPointer, _ now: UInt64
    ) throws(DecodeError) -> ReasonCode? {
        let offer = connection.pointee.offer
        if view.retain, !offer.retainAvailable {
            throw DecodeError(
                reasonCode: .retainNotSupported, clause: "MQTT-3.2.2-14", detail: "a retained message")
        }
        if view.qos.rawValue > offer.maximumQoS.rawValue {
            throw DecodeError(
                reasonCode: .qosNotSupported, clause: "MQTT-3.2.2-11",
                detail: "a publish with a QoS above \(offer.maximumQoS.rawValue)")
        }
        if limits.publishRate > 0 { spend(connection, now) }
        guard let reason = refusal(ofPublishTo: topic) else { return nil }
        // A message that was retained under wider bounds must be removable.
        if reason == .topicNameInvalid, view.retain, view.payload.isEmpty,
            hub.retained.withLock({ $0.contains(Array(topic)) })
        {
            return nil
        }
        statistics.publishesRefused &+= 1
        if let limit = limit(on: topic) { count(limit) }
        return reason
    }

    /// Why nobody may publish to a topic: it is the broker's own, too long or too deep.
    func refusal(ofPublishTo topic: UnsafeRawBufferPointer) -> ReasonCode? {
        if Self.isSystemTopic(topic) { return .notAuthorized }
        return limit(on: topic) == nil ? nil : .topicNameInvalid
    }

    /// The bound that a topic or filter is beyond.
    func limit(on topic: UnsafeRawBufferPointer) -> LimitKind? {
        if topic.count > limits.maximumTopicLength { return .topicLength }
        guard topic.count >= limits.maximumTopicLevels else { return nil }
        let levels = topic.reduce(1) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }
        return levels > limits.maximumTopicLevels ? .topicLevels : nil
    }

    /// Counts that somebody has run into a bound.
    mutating func count(_ limit: LimitKind) { statistics.limitsReached[limit, default: 0] &+= 1 }

    /// Whether a topic is `$SYS` or below it: the broker's own figures, of which nothing need outlive the process.
    static func isSystemTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        topic.starts(with: "$SYS".utf8) && (topic.count == 4 || topic[4] == UInt8(ascii: "/"))
    }

    /// Why a will can't be taken, in a code that CONNACK may carry. Counts the bound that its topic is beyond.
    mutating func refusal(of will: Will) -> (reason: ReasonCode, detail: String)? {
        if will.retain, !limits.retainAvailable { return (.retainNotSupported, "a retained will") }
        if will.qos.rawValue > limits.maximumQoS.rawValue { return (.qosNotSupported, "a will with a QoS too high") }
        let topic = Array(will.topic.utf8)
        guard let reason = topic.withUnsafeBytes({ refusal(ofPublishTo: $0) }) else { return nil }
        if let limit = topic.withUnsafeBytes({ limit(on: $0) }) { count(limit) }
        return (reason, "a will with a topic that is not taken")
    }

    /// Throws for a SUBSCRIBE that uses what CONNACK said is not there (MQTT 5.0 sections 3.2.2.3.11 to 13).
    func check(_ subscribe: Subscribe, _ connection: ConnectionPointer) throws(DecodeError) {
        let offer = connection.pointee.offer
        if !offer.subscriptionIdentifiersAvailable, !subscribe.properties.subscriptionIdentifiers.isEmpty {
            throw DecodeError(
                reasonCode: .subscriptionIdentifiersNotSupported, clause: "MQTT-3.2.2.3.12",
                detail: "a subscription identifier")
        }
        guard connection.pointee.isV5 else { return }
        for subscription in subscribe.subscriptions {
            if let reason = Self.refusal(of: subscription.filter, offer) {
                throw DecodeError(
                    reasonCode: reason, clause: "MQTT-3.2.2.3.11", detail: "a kind of subscription that is not offered")
            }
        }
    }

    /// The reason code for a filter of a kind that is not offered. An MQTT 3 client, which was not told, gets a refusal
    /// of the one filter.
    static func refusal(of filter: String, _ offer: Offer) -> ReasonCode? {
        if !offer.sharedSubscriptionsAvailable, filter.hasPrefix("$share/") { return .sharedSubscriptionsNotSupported }
        if !offer.wildcardSubscriptionsAvailable, filter.utf8.contains(where: { $0 == 0x23 || $0 == 0x2B }) {
            return .wildcardSubscriptionsNotSupported
        }
        return nil
    }

    // MARK: Publish rate

    /// Takes one message off what the client may publish now. A client that has spent more than it has is not read until
    /// it has earned that: what is under way is taken, so that nothing is lost.
    private mutating func spend(_ connection: ConnectionPointer, _ now: UInt64) {
        let cost: Int64 = 1_000_000_000 / Int64(limits.publishRate)
        let most: Int64 = 1_000_000_000
        let earned = Int64(clamping: now &- connection.pointee.rate.updated)
        connection.pointee.rate.updated = now
        let had = connection.pointee.rate.allowance
        connection.pointee.rate.allowance = min(most, had + min(earned, most - min(had, most))) - cost
        guard connection.pointee.rate.allowance < 0, !connection.pointee.rate.isThrottled else { return }
        connection.pointee.rate.isThrottled = true
        statistics.publishersThrottled &+= 1
        setTimer(.publishRate, for: connection, at: now + UInt64(-connection.pointee.rate.allowance))
        touch(connection)
    }

    /// Lets a client go on that has been slowed down.
    mutating func expirePublishRate(_ due: TimerHeap.Entry, _ now: UInt64) {
        guard let connection = connections.find(due.slot, due.generation), connection.pointee.rate.isThrottled else {
            return
        }
        let earned = Int64(clamping: now &- connection.pointee.rate.updated)
        if connection.pointee.rate.allowance + earned < 0 {
            let missing = -(connection.pointee.rate.allowance + earned)
            setTimer(.publishRate, for: connection, at: now + UInt64(missing))
        } else {
            connection.pointee.rate.isThrottled = false
            touch(connection)
        }
    }
}
