import MQTTCodec
import NIOCore
import Synchronization

/// Messages that do not come straight from a client: the host's own, wills, and mail of other shards.
extension Shard {
    /// Publishes a message of the host. One that is never queued goes to the sessions of this shard only: the host has
    /// every shard publish it. Any other goes to all shards.
    /// - Returns: to how many connected sessions of this shard it was handed.
    mutating func publish(_ local: LocalMessage, _ now: UInt64) -> Int {
        guard Topic.isValidName(local.topic) else { return 0 }
        var properties = local.properties
        let expiry = properties.messageExpiryInterval
        Self.removeHopProperties(&properties)
        let block = PropertyBlock.encode(properties)
        let topic = Array(local.topic.utf8)
        guard Self.isSayable(topic: topic.count, properties: block.count, payload: local.payload.readableBytes) else {
            return 0
        }
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
                    return local.neverQueued ? deliverHere(&publication, now) : route(&publication, now)
                }
            }
        }
    }

    /// Whether a session of this shard, connected or not, would get a message with this topic.
    mutating func hasReceivers(of topic: String) -> Bool {
        let topic = Array(topic.utf8)
        return topic.withUnsafeBytes { topic in
            let route = routes.route(for: topic)
            if route.pointee.epoch != subscriptionEpoch { workOut(route) }
            return !route.pointee.receivers.isEmpty || !route.pointee.shares.isEmpty
        }
    }

    /// How many connected sessions of this shard a message with this topic would go to.
    mutating func countReceivers(of topic: String) -> Int {
        let topic = Array(topic.utf8)
        return topic.withUnsafeBytes { topic in
            let route = routes.route(for: topic)
            if route.pointee.epoch != subscriptionEpoch { workOut(route) }
            let direct = route.pointee.receivers.filter { $0.session.pointee.connection != nil }.count
            let shared = route.pointee.shares.filter { trie.hasPresentMember($0.name, at: $0.node) }
            return direct + shared.count
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
                    if let expiry {
                        publication.expiry = expiry
                        publication.expiresAt = now + nanoseconds(expiry)
                    }
                    let verdict = policy.inspect(inspection)
                    guard verdict != .rewrite else {
                        rewrite(inspection, &publication, now) { $0.routeWill(&$1, $2, now) }
                        return
                    }
                    routeWill(&publication, verdict, now)
                }
            }
        }
    }

    private mutating func routeWill(_ publication: inout Publication, _ verdict: PublishVerdict, _ now: UInt64) {
        switch verdict {
        case .forward, .rewrite: break
        case .forwardRetained: publication.retain = true
        case .hold(let retained): publication.retain = publication.retain || retained
        case .holdOnly, .consume, .refuse: return
        }
        route(&publication, now)
    }

    /// Handles what other shards have sent.
    mutating func deliverMail(_ now: UInt64) {
        let (mail, waiting) = hub.takeMail(of: index)
        for item in mail {
            switch item {
            case .publish(let mailed): withPublication(mailed, now) { _ = $0.deliverHere(&$1, now) }
            case .handOver(let clientID, let number, let tenure, let endsSession):
                handOver(clientID, of: number, to: tenure, endsSession: endsSession, now)
            case .arrival(let clientID, let tenure, let moved, let hasEnded):
                arrive(clientID, tenure, moved, hasEnded: hasEnded, now)
            case .installed(let move): installed(move)
            case .late(let clientID, let move, let number, let message):
                deliverLate(clientID, move, number, message, now)
            case .settled(let clientID, let move, let count): settled(clientID, move, count, now)
            case .arrived(let move): passedOn[move] = nil
            case .released(let clientID, let sequence, let isError):
                released(clientID, sequence, isError: isError, now)
            case .share(let key, let clientID, let shard, let change): share(key, clientID, shard, change)
            case .shared(let key, let clientID, let left, let home, let options, let mailed):
                deliverShared(key, clientID, left: left, home: home, options, mailed, now)
            case .chooseAgain(let key, let left, let mailed): chooseAgain(key, besides: left, mailed, now)
            case .storedElsewhere(let clientID, let sequence, let transfer):
                stored(clientID, sequence, transfer: transfer)
            case .stored(let ticket, let transfer): stored(ticket, transfer: transfer)
            case .drained(let shard): releasePublishers(waitingForMailOf: shard)
            }
            hold(item.receipt)
        }
        for shard in waiting { post(.drained(shard: index), to: shard) }
    }

    /// Hands `body` a publish of another shard in the form in which this one delivers.
    mutating func withPublication(
        _ mailed: MailedPublish, _ now: UInt64, _ body: (inout Shard, inout Publication) -> Void
    ) {
        mailed.topic.withUnsafeBytes { topic in
            mailed.properties.withUnsafeBytes { properties in
                mailed.payload.withUnsafeBytes { payload in
                    var publication = Publication(
                        topic: topic, properties: properties, payload: payload, qos: mailed.qos, retain: mailed.retain)
                    publication.isEphemeral = mailed.isEphemeral
                    publication.expiresAt = mailed.expiresAt
                    publication.expiry = Self.secondsLeft(until: mailed.expiresAt, now)
                    publication.identity = mailed.identity
                    publication.receipt = mailed.receipt.map { Unmanaged.passUnretained($0) }
                    let start = journal.mark
                    body(&self, &publication)
                    journal.hold(from: start, mailed.receipt?.transfer ?? 0)
                }
            }
        }
    }

    /// Replaces the retained message of the publication's topic; an empty payload removes it [MQTT-3.3.1-6].
    mutating func storeRetained(_ publication: Publication, _ now: UInt64) {
        let topic = Array(publication.topic)
        let hub = hub
        guard !publication.payload.isEmpty else {
            hub.retained.withLock {
                if $0.remove(topic) { recordRetained(.retainedRemoved(topic: topic), size: topic.count) }
            }
            return
        }
        let message = RetainedMessage(
            topic: topic, properties: Array(publication.properties), payload: Array(publication.payload),
            qos: publication.qos, expiresAt: publication.expiresAt)
        if message.expiresAt != 0 { setSweep(now) }
        let isStored = hub.retained.withLock {
            let isStored = $0.store(message)
            let change: StateChange =
                isStored ? .retained(DurableRetained(message)) : .retainedRemoved(topic: topic)
            if !Self.isSystemTopic(publication.topic) { recordRetained(change, size: message.size) }
            return isStored
        }
        guard !isStored else { return }
        statistics.messagesDropped &+= 1
        count(.retained)
        policy.observe(
            .dropped(
                clientID: publication.session?.pointee.clientID ?? "", topic: String(decoding: topic, as: UTF8.self),
                count: 1, reason: .retainedStoreFull))
    }

    /// What concerns only the way to the broker, or is written anew for each receiver.
    static func removeHopProperties(_ properties: inout Properties) {
        for identifier: PropertyIdentifier in [
            .messageExpiryInterval, .topicAlias, .subscriptionIdentifier, .willDelayInterval,
        ] {
            properties.remove(identifier)
        }
    }
}
