import DequeModule
import MQTTCodec
import Synchronization

extension Shard {
    mutating func handleSubscribe(
        _ connection: ConnectionPointer, _ subscribe: Subscribe, _ now: UInt64
    ) throws(DecodeError) {
        guard let session = connection.pointee.session, let context = connection.pointee.context else { return }
        try check(subscribe, connection)
        let identifier = subscribe.properties.subscriptionIdentifiers.first ?? 0
        var reasons: [ReasonCode] = []
        var requests: [RetainedRequest] = []
        for subscription in subscribe.subscriptions {
            guard let filter = TopicFilter(subscription.filter) else {
                reasons.append(.topicFilterInvalid)
                continue
            }
            if filter.shareName != nil, subscription.noLocal {
                throw DecodeError(
                    reasonCode: .protocolError, clause: "MQTT-3.8.3-4", detail: "No Local on a shared subscription")
            }
            if let refusal = refusal(of: filter, subscription, session, context, connection.pointee.offer) {
                reasons.append(refusal)
                continue
            }
            let mayGetRetained = filter.shareName == nil && subscription.retainHandling != .doNotSend
            if mayGetRetained, session.pointee.retainedRequests.count &+ requests.count >= maximumRequests {
                count(.subscriptions)
                reasons.append(.quotaExceeded)
                continue
            }
            let qos = min(subscription.qos.rawValue, connection.pointee.offer.maximumQoS.rawValue)
            let options = SubscriptionOptions(
                qos: qos, noLocal: subscription.noLocal,
                retainAsPublished: subscription.retainAsPublished, identifier: identifier)
            let key = ExactText(subscription.filter)
            if session.pointee.key != 0, session.pointee.subscriptions[key]?.options != options {
                journal.append(.subscribed(session.pointee.key, filter: key.text, options), size: 64)
            }
            let isNew = add(filter, options, to: session, key: key)
            reasons.append(.granted(QoS(rawValue: qos) ?? subscription.qos))
            if mayGetRetained, subscription.retainHandling == .send || isNew {
                requests.append(
                    RetainedRequest(
                        key: key, filter: filter.filter, qos: qos, identifier: identifier,
                        end: hub.retained.withLock { $0.lastSequence }))
            }
        }
        let suback = Suback(packetID: subscribe.packetID, reasonCodes: reasons)
        try answer(.suback(suback), to: connection, session)
        session.pointee.retainedRequests.append(contentsOf: requests)
        drain(session, now)
    }

    /// Subscriptions that may wait for their retained messages; a client that reads has no more of them than subscriptions.
    private var maximumRequests: Int { max(1, limits.maximumSubscriptionsPerSession) }

    private mutating func refusal(
        of filter: TopicFilter, _ subscription: Subscription, _ session: SessionPointer, _ context: ClientContext,
        _ offer: Offer
    ) -> ReasonCode? {
        if let reason = Self.refusal(of: subscription.filter, offer) { return reason }
        if let limit = Array(filter.filter.utf8).withUnsafeBytes({ limit(on: $0) }) {
            count(limit)
            return .topicFilterInvalid
        }
        if session.pointee.subscriptions.count >= limits.maximumSubscriptionsPerSession,
            session.pointee.subscriptions[ExactText(subscription.filter)] == nil
        {
            count(.subscriptions)
            return .quotaExceeded
        }
        guard let reason = policy.authorizeSubscribe(filter.filter, for: context) else { return nil }
        return reason.isError ? reason.inSuback : .notAuthorized
    }

    /// Makes or replaces a subscription; true if there was none with this filter [MQTT-3.8.4-3].
    @discardableResult
    mutating func add(
        _ filter: TopicFilter, _ options: SubscriptionOptions, to session: SessionPointer, key: ExactText
    ) -> Bool {
        let old = session.pointee.subscriptions[key]
        if let old, old.options == options { return false }
        var record = SubscriptionRecord(node: nil, share: nil, options: options)
        if let name = filter.shareName {
            let share = ShareKey(name: ExactText(name), filter: ExactText(filter.filter))
            record.share = share
            record.node = join(share, session, options)
        } else {
            let node = old?.node ?? trie.node(for: filter.filter)
            record.node = node
            trie.subscribe(.init(session: session, options: options), at: node, replacing: old != nil)
            subscriptionEpoch &+= 1
            if old == nil { hub.shards[index].subscriptions.wrappingAdd(1, ordering: .releasing) }
        }
        session.pointee.subscriptions[key] = record
        if old == nil, record.share != nil { session.pointee.sharedSubscriptions += 1 }
        return old == nil
    }

    /// Takes a subscription out of the trie, or out of its share group.
    private mutating func remove(_ record: SubscriptionRecord, of session: SessionPointer) {
        if let share = record.share {
            leave(share, session, node: record.node)
        } else if let node = record.node {
            trie.unsubscribe(session, at: node)
            subscriptionEpoch &+= 1
            hub.shards[index].subscriptions.wrappingSubtract(1, ordering: .releasing)
        }
    }

    mutating func removeSubscriptions(_ session: SessionPointer) {
        let isLeaving = session.pointee.isLeaving
        for (_, record) in session.pointee.subscriptions {
            // A session that has moved stays a member of groups whose home is elsewhere.
            if isLeaving, record.node == nil { continue }
            remove(record, of: session)
        }
        session.pointee.subscriptions = [:]
        session.pointee.sharedSubscriptions = 0
    }

    mutating func handleUnsubscribe(
        _ connection: ConnectionPointer, _ unsubscribe: Unsubscribe
    ) throws(DecodeError) {
        guard let session = connection.pointee.session else { return }
        var reasons: [ReasonCode] = []
        for filter in unsubscribe.filters {
            guard let record = session.pointee.subscriptions.removeValue(forKey: ExactText(filter)) else {
                reasons.append(Topic.isValidFilter(filter) ? .noSubscriptionExisted : .topicFilterInvalid)
                continue
            }
            remove(record, of: session)
            if record.share != nil { session.pointee.sharedSubscriptions -= 1 }
            if session.pointee.key != 0 { journal.append(.unsubscribed(session.pointee.key, filter: filter)) }
            reasons.append(.success)
        }
        try answer(.unsuback(Unsuback(packetID: unsubscribe.packetID, reasonCodes: reasons)), to: connection, session)
    }
}
