import MQTTCodec
import NIOCore
import Synchronization

/// Messages that do not come straight from a client: the host's own, wills, and mail of other shards.
extension Shard {
    /// Publishes a message of the host to the sessions of this shard.
    /// - Parameter storesRetained: one shard stores it for all.
    /// - Returns: to how many connected sessions it was handed.
    mutating func publish(_ local: LocalMessage, storesRetained: Bool, _ now: UInt64) -> Int {
        guard Topic.isValidName(local.topic) else { return 0 }
        var properties = local.properties
        let expiry = properties.messageExpiryInterval
        Self.removeHopProperties(&properties)
        let block = PropertyBlock.encode(properties)
        let topic = Array(local.topic.utf8)
        return topic.withUnsafeBytes { topic in
            block.withUnsafeBytes { block in
                local.payload.withUnsafeReadableBytes { payload in
                    var publication = Publication(
                        topic: topic, properties: block, payload: payload, qos: local.qos.rawValue,
                        retain: local.retain && !local.neverQueued)
                    publication.isEphemeral = local.neverQueued
                    if let expiry {
                        publication.expiry = expiry
                        publication.expiresAt = now + nanoseconds(expiry)
                    }
                    if publication.retain, storesRetained { storeRetained(publication) }
                    return deliverHere(&publication, now)
                }
            }
        }
    }

    /// Publishes a will that is due, if the policy lets it pass.
    mutating func publish(_ pending: PendingWill, _ now: UInt64) {
        var properties = pending.will.properties
        let expiry = properties.messageExpiryInterval
        Self.removeHopProperties(&properties)
        let block = PropertyBlock.encode(properties)
        let topic = Array(pending.will.topic.utf8)
        topic.withUnsafeBytes { topic in
            block.withUnsafeBytes { block in
                pending.will.payload.withUnsafeReadableBytes { payload in
                    let inspection = PublishInspection(
                        topic: topic, payload: payload, propertyBlock: block, qos: pending.will.qos,
                        retain: pending.will.retain, duplicate: false, isWill: true, client: pending.context,
                        ticket: .none)
                    var publication = Publication(
                        topic: topic, properties: block, payload: payload, qos: pending.will.qos.rawValue,
                        retain: pending.will.retain)
                    switch policy.inspect(inspection) {
                    case .forward: break
                    case .forwardRetained: publication.retain = true
                    case .hold(let retained): publication.retain = publication.retain || retained
                    case .holdOnly, .consume, .refuse: return
                    }
                    if let expiry {
                        publication.expiry = expiry
                        publication.expiresAt = now + nanoseconds(expiry)
                    }
                    route(&publication, now)
                }
            }
        }
    }

    /// Handles what other shards have sent.
    mutating func deliverMail(_ now: UInt64) {
        for mail in hub.takeMail(of: index) {
            switch mail {
            case .publish(let mailed): deliver(mailed, now)
            }
        }
    }

    private mutating func deliver(_ mailed: MailedPublish, _ now: UInt64) {
        mailed.topic.withUnsafeBytes { topic in
            mailed.properties.withUnsafeBytes { properties in
                mailed.payload.withUnsafeBytes { payload in
                    var publication = Publication(
                        topic: topic, properties: properties, payload: payload, qos: mailed.qos, retain: mailed.retain)
                    publication.isEphemeral = mailed.isEphemeral
                    publication.expiresAt = mailed.expiresAt
                    publication.expiry = Self.secondsLeft(until: mailed.expiresAt, now)
                    _ = deliverHere(&publication, now)
                }
            }
        }
    }

    /// Replaces the retained message of the publication's topic; an empty payload removes it [MQTT-3.3.1-6].
    mutating func storeRetained(_ publication: Publication) {
        let topic = Array(publication.topic)
        guard !publication.payload.isEmpty else {
            hub.retained.withLock { $0.remove(topic) }
            return
        }
        let message = RetainedMessage(
            topic: topic, properties: Array(publication.properties), payload: Array(publication.payload),
            qos: publication.qos, expiresAt: publication.expiresAt)
        let isStored = hub.retained.withLock { $0.store(message) }
        guard !isStored else { return }
        statistics.messagesDropped &+= 1
        policy.observe(
            .dropped(
                clientID: publication.session?.pointee.clientID ?? "", topic: String(decoding: topic, as: UTF8.self),
                count: 1, reason: .retainedStoreFull))
    }

    /// What concerns only the way to the broker, or is written anew for each receiver.
    private static func removeHopProperties(_ properties: inout Properties) {
        for identifier: PropertyIdentifier in [
            .messageExpiryInterval, .topicAlias, .subscriptionIdentifier, .willDelayInterval,
        ] {
            properties.remove(identifier)
        }
    }
}
