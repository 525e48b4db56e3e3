import DequeModule
import MQTTCodec
import Synchronization

extension Shard {
    /// Delivers a publication to everyone who wants it and retains it if it says so.
    /// - Returns: to how many connected sessions of this shard it was handed.
    @discardableResult
    mutating func route(_ publication: inout Publication, _ now: UInt64) -> Int {
        if !isAlone {
            lastIdentity &+= 1
            publication.identity = UInt64(index) &<< 48 | lastIdentity
        }
        if publication.retain, !publication.isEphemeral { storeRetained(publication, now) }
        let start = journal.mark
        let live = deliverHere(&publication, now)
        if !isAlone {
            journal.hold(from: start, publication.receipt?.takeUnretainedValue().transfer ?? 0)
            mail(publication)
        }
        return live
    }

    /// Delivers to the sessions of this shard only.
    mutating func deliverHere(_ publication: inout Publication, _ now: UInt64) -> Int {
        let route = self.route(of: publication)
        if route.pointee.epoch != subscriptionEpoch { workOut(route) }
        var live = 0
        if var receiver = route.pointee.receivers.baseAddress {
            let end = receiver + route.pointee.receivers.count
            while receiver < end {
                if deliver(receiver, &publication, isVolatile: route.pointee.isVolatile, now) { live &+= 1 }
                receiver += 1
            }
        }
        if !route.pointee.shares.isEmpty { live &+= deliverShared(route, &publication, now) }
        releaseMessage(of: &publication)
        return live
    }

    /// Lets go the reference that the publication itself has on the copy that sessions keep.
    @inline(__always)
    mutating func releaseMessage(of publication: inout Publication) {
        guard let message = publication.message else { return }
        messages.release(message)
        publication.message = nil
    }

    /// The route of the publication's topic. A client mostly publishes to the topic it published to last.
    @inline(__always)
    private mutating func route(of publication: Publication) -> UnsafeMutablePointer<Route> {
        if let connection = publication.connection, let last = connection.pointee.lastRoute,
            connection.pointee.lastRouteGeneration == routes.generation,
            RouteCache.equal(last.pointee.topic, publication.topic)
        {
            return last
        }
        let route = routes.route(for: publication.topic)
        if let connection = publication.connection {
            connection.pointee.lastRoute = route
            connection.pointee.lastRouteGeneration = routes.generation
        }
        return route
    }

    /// Asks the trie who wants the topic, and merges the subscriptions of each session.
    @inline(never)
    mutating func workOut(_ route: UnsafeMutablePointer<Route>) {
        var positions: [SessionPointer: Int] = [:]
        var receivers: [Route.Receiver] = []
        var matching: [[TopicTrie.Entry]] = []
        var shares: [Route.Share] = []
        trie.match(route.pointee.topic) { node in
            let entries = trie.nodes[node].entries
            for entry in entries {
                guard mayDeliver(route.pointee.topic, to: entry.session) else { continue }
                if let position = positions[entry.session] {
                    matching[position].append(entry)
                } else {
                    positions[entry.session] = matching.count
                    matching.append([entry])
                }
            }
            for group in trie.nodes[node].groups {
                shares.append(Route.Share(node: node, name: group.name, filter: trie.filter(of: node)))
            }
        }
        receivers.reserveCapacity(matching.count)
        for entries in matching { receivers.append(Self.merge(entries)) }
        route.pointee.setReceivers(receivers)
        route.pointee.shares = shares
        if route.pointee.epoch == 0 {
            route.pointee.isVolatile = policy.isVolatile(topic: String(decoding: route.pointee.topic, as: UTF8.self))
        }
        route.pointee.epoch = subscriptionEpoch
    }

    static func merge(_ entries: [TopicTrie.Entry]) -> Route.Receiver {
        let local = entries.filter { !$0.options.noLocal }
        return Route.Receiver(
            session: entries[0].session, qos: entries.map(\.options.qos).max() ?? 0,
            localQoS: local.map(\.options.qos).max() ?? Route.nothingLocal,
            retainAsPublished: entries.contains { $0.options.retainAsPublished },
            identifiers: identifiers(of: entries), localIdentifiers: identifiers(of: local))
    }

    private static func identifiers(of entries: [TopicTrie.Entry]) -> SubscriptionIdentifiers? {
        let values = entries.map(\.options.identifier).filter { $0 != 0 }
        return values.isEmpty ? nil : SubscriptionIdentifiers(values)
    }

    /// Gives one session its copy: at once, or by way of its queue.
    /// - Returns: whether the session has a connection that it goes to.
    @inline(__always)
    mutating func deliver(
        _ receiver: UnsafeMutablePointer<Route.Receiver>, _ publication: inout Publication, isVolatile: Bool,
        _ now: UInt64
    ) -> Bool {
        let session = receiver.pointee.session
        var qos = receiver.pointee.qos
        var identifiers = receiver.pointee.identifiers
        if session == publication.session {
            guard receiver.pointee.localQoS != Route.nothingLocal else { return false }
            qos = receiver.pointee.localQoS
            identifiers = receiver.pointee.localIdentifiers
        }
        qos = min(qos, publication.qos)
        let retain = publication.retain && receiver.pointee.retainAsPublished
        if session.pointee.move != nil, qos > 0, !publication.isEphemeral, !isVolatile {
            deliverMoving(session, publication, qos: qos, retain: retain, identifiers)
            return session.pointee.connection != nil
        }
        guard let connection = session.pointee.connection, connection.pointee.phase == .active else {
            if qos > 0, !publication.isEphemeral, !isVolatile {
                enqueue(session, &publication, qos: qos, retain: retain, identifiers, isEphemeral: false, now)
            }
            return false
        }
        if connection.pointee.backPressure.isClogged, !admit(&publication, connection, session, qos: qos, now) {
            return false
        }
        guard qos > 0 else {
            return sendPublish(connection, publication, qos: 0, packetID: 0, retain: retain, identifiers, now)
        }
        let isEphemeral = publication.isEphemeral || isVolatile
        let mustWait =
            session.pointee.hasEarlier || connection.pointee.backPressure.isClogged
            || session.pointee.outbound.sentCount >= connection.pointee.sendQuota
        let isStaged = qos == 2 && session.pointee.key != 0
        if mustWait || isStaged || isWeighty(publication, session) {
            enqueue(session, &publication, qos: qos, retain: retain, identifiers, isEphemeral: isEphemeral, now)
            if isStaged || !mustWait { drain(session, now) }
            return true
        }
        guard fits(connection, publication, identifiers, hasPacketID: true) else { return false }
        let message = keep(&publication, isEphemeral: isEphemeral)
        guard
            let packetID = session.pointee.outbound.insert(
                message, qos: qos, retain: retain, identifiers: identifiers)
        else {
            drop(session, publication.topic, .queueFull)
            messages.release(message)
            return false
        }
        if session.pointee.key != 0, !isEphemeral {
            let order = record(
                message, for: session, qos: qos, retain: retain, identifiers, packetID: packetID)
            session.pointee.outbound.setOrder(order, of: packetID)
        }
        return sendPublish(connection, publication, qos: qos, packetID: packetID, retain: retain, identifiers, now)
    }

    /// Whether so much is under way already that the bounds must be looked at before more is sent.
    @inline(__always)
    private func isWeighty(_ publication: Publication, _ session: SessionPointer) -> Bool {
        let bytes = session.pointee.outbound.bytes &+ publication.payload.count
        return bytes >= freeWindow || bytes >= session.pointee.slowBytes
            || queuedBytes &+ inflightBytes.pointee &+ publication.payload.count >= freeTotal
    }

    /// Appends a PUBLISH to the receiver's outbox: the bytes as they came where that is right, else written anew.
    @inline(__always)
    private mutating func sendPublish(
        _ connection: ConnectionPointer, _ publication: Publication, qos: UInt8, packetID: UInt16, retain: Bool,
        _ identifiers: SubscriptionIdentifiers?, _ now: UInt64
    ) -> Bool {
        let firstByte = 0x30 | qos &<< 1 | (retain ? 1 : 0)
        if publication.packet.count > 0, publication.packetIsV5 == connection.pointee.isV5, identifiers == nil,
            !connection.pointee.takesAliases,
            (publication.qos > 0) == (qos > 0), publication.packet.count <= connection.pointee.maximumPacketSize,
            let source = publication.packet.baseAddress
        {
            let room = connection.pointee.outbox.extend(by: publication.packet.count)
            room.copyMemory(from: source, byteCount: publication.packet.count)
            room.storeBytes(of: firstByte, as: UInt8.self)
            if qos > 0 {
                (room + publication.packetIDOffset).storeBytes(of: packetID.bigEndian, as: UInt16.self)
            }
        } else {
            if qos == 0, !fits(connection, publication, identifiers, hasPacketID: false) { return false }
            aliased(publication.outgoing(identifiers), connection, hasPacketID: qos > 0).write(
                to: &connection.pointee.outbox, firstByte: firstByte, isV5: connection.pointee.isV5,
                packetID: packetID)
        }
        statistics.messagesSent &+= 1
        statistics.payloadBytesSent &+= publication.payload.count
        touch(connection)
        if connection.pointee.outbox.count >= largeOutbox {
            noteLarge(connection, publisher: publication.connection, now)
        }
        return true
    }

    /// False, and the drop is told, for a message larger than the client takes.
    private mutating func fits(
        _ connection: ConnectionPointer, _ publication: Publication, _ identifiers: SubscriptionIdentifiers?,
        hasPacketID: Bool
    ) -> Bool {
        guard connection.pointee.maximumPacketSize != .max else { return true }
        let size = publication.outgoing(identifiers).encodedCount(
            isV5: connection.pointee.isV5, hasPacketID: hasPacketID)
        if size <= connection.pointee.maximumPacketSize { return true }
        if let session = connection.pointee.session { drop(session, publication.topic, .packetTooLarge) }
        return false
    }

    /// One more reference to the copy that sessions keep.
    @inline(__always)
    private mutating func keep(_ publication: inout Publication, isEphemeral: Bool) -> Message {
        if let message = publication.message, message.header.pointee.isEphemeral == isEphemeral {
            message.retain()
            return message
        }
        let message = messages.make(
            topic: publication.topic, properties: publication.properties, payload: publication.payload,
            expiresAt: publication.expiresAt, isEphemeral: isEphemeral)
        if publication.message == nil {
            message.retain()
            publication.message = message
        }
        return message
    }

    private mutating func enqueue(
        _ session: SessionPointer, _ publication: inout Publication, qos: UInt8, retain: Bool,
        _ identifiers: SubscriptionIdentifiers?, isEphemeral: Bool, _ now: UInt64
    ) {
        let message = keep(&publication, isEphemeral: isEphemeral)
        let queued = QueuedMessage(message: message, qos: qos, retain: retain, identifiers: identifiers)
        guard put(queued, in: session) else { return }
        if session.pointee.connection != nil, isFilling(session) {
            gate(publication.connection, on: session, now)
        }
    }

    private mutating func mail(_ publication: Publication) {
        let others = (0..<hub.shardCount).filter {
            $0 != index && hub.shards[$0].subscriptions.load(ordering: .acquiring) > 0
        }
        guard !others.isEmpty else { return }
        let (toWake, full) = hub.post(.publish(MailedPublish(publication)), to: others, from: index)
        shardsToWake += toWake
        for shard in full { wait(publication.connection, forMailOf: shard) }
    }
}
