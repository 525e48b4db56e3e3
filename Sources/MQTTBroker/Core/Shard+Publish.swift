import MQTTCodec

extension Shard {
    @inline(__always)
    mutating func handlePublish(
        _ connection: ConnectionPointer, _ packet: UnsafeRawBufferPointer, _ header: FixedHeader, _ now: UInt64
    ) throws(DecodeError) {
        let view = try PublishView.parse(packet, header: header, version: connection.pointee.version)
        var topic = UnsafeRawBufferPointer(rebasing: packet[view.topic])
        if connection.pointee.isV5, !view.properties.isEmpty {
            topic = try resolve(connection, view, topic)
        }
        guard let session = connection.pointee.session, let context = connection.pointee.context else { return }
        statistics.messagesReceived &+= 1
        let ticket: HoldTicket
        switch view.qos {
        case .atMostOnce: ticket = .none
        case .atLeastOnce:
            try checkReceiveMaximum(connection)
            connection.pointee.unacknowledgedQoS1 &+= 1
            statistics.messagesReceivedQoS1 &+= 1
            ticket = makeTicket(session)
        case .exactlyOnce:
            if let known = session.pointee.inboundQoS2.index(of: view.packetID ?? 0) {
                // Sent again before PUBREL: not a new message [MQTT-4.3.3-10].
                if !session.pointee.inboundQoS2[at: known].isCounted {
                    try checkReceiveMaximum(connection)
                    session.pointee.inboundQoS2[at: known].isCounted = true
                    connection.pointee.unreleasedQoS2 &+= 1
                }
                statistics.messagesReceivedQoS2 &+= 1
                repeatPubrec(connection, session, view.packetID ?? 0, known)
                return
            }
            try checkReceiveMaximum(connection)
            statistics.messagesReceivedQoS2 &+= 1
            ticket = makeTicket(session)
        }
        let inspection = PublishInspection(
            topic: topic, payload: UnsafeRawBufferPointer(rebasing: packet[view.payload]),
            propertyBlock: UnsafeRawBufferPointer(rebasing: packet[view.properties]), qos: view.qos,
            packetID: view.packetID ?? 0, retain: view.retain, duplicate: view.dup, isWill: false, client: context,
            ticket: ticket)
        statistics.payloadBytesReceived &+= inspection.payload.count
        let refusal = needsCheck(topic) ? try check(connection, view, topic, now) : nil
        let verdict = refusal.map { .refuse($0) } ?? policy.inspect(inspection)
        var publication = Publication(
            topic: topic, properties: UnsafeRawBufferPointer(rebasing: packet[view.properties]),
            payload: UnsafeRawBufferPointer(rebasing: packet[view.payload]), qos: view.qos.rawValue,
            retain: view.retain)
        publication.session = session
        publication.connection = connection
        publication.packetIsV5 = connection.pointee.isV5
        publication.packetIDOffset = view.packetIDOffset
        publication.packet = packet
        if view.messageExpiryInterval != nil || view.topicAlias != nil {
            prepareProperties(&publication, view, packet, now)
        }
        if view.qos == .exactlyOnce {
            session.pointee.inboundQoS2.insert(view.packetID ?? 0, InboundQoS2(isCounted: true))
            connection.pointee.unreleasedQoS2 &+= 1
        }
        guard verdict != .rewrite else {
            let packetID = view.packetID ?? 0
            rewrite(inspection, &publication, now) { shard, publication, verdict in
                shard.carryOut(verdict, &publication, connection, session, packetID: packetID, ticket, now)
            }
            return
        }
        carryOut(verdict, &publication, connection, session, packetID: view.packetID ?? 0, ticket, now)
    }

    /// Does what the policy decided, and acknowledges or holds the acknowledgement.
    @inline(__always)
    private mutating func carryOut(
        _ verdict: PublishVerdict, _ publication: inout Publication, _ connection: ConnectionPointer,
        _ session: SessionPointer, packetID: UInt16, _ ticket: HoldTicket, _ now: UInt64
    ) {
        var reason: ReasonCode? = .success
        let changes = journal.count
        var awaitsOthers = false
        switch verdict {
        case .forward, .rewrite: break
        case .forwardRetained: publication.retain = true
        case .hold(let retained):
            if retained { publication.retain = true }
            reason = nil
        case .holdOnly: reason = nil
        case .consume(let code), .refuse(let code): reason = code.inPuback
        }
        switch verdict {
        case .forward, .forwardRetained, .hold, .rewrite:
            if isAlone {
                route(&publication, now)
            } else {
                awaitsOthers = routeEverywhere(&publication, ticket, isKept: session.pointee.key != 0, now)
            }
        case .holdOnly, .consume, .refuse: break
        }
        guard publication.qos > 0 else { return }
        // While other shards have something to store, the identifier goes to disk with it.
        if publication.qos == 2, !awaitsOthers { recordReceived(packetID, session) }
        guard journal.count != changes || awaitsOthers else {
            acknowledge(connection, session, packetID: packetID, isQoS2: publication.qos == 2, reason, ticket.sequence)
            return
        }
        acknowledgeStored(
            connection, session,
            .init(
                packetID: packetID, isQoS2: publication.qos == 2, reason: reason, sequence: ticket.sequence,
                batch: journal.last, awaitsOthers: awaitsOthers))
    }

    /// Routes with several shards.
    /// - Parameter isKept: whether the publisher's session outlives a power loss, so that it may send the message again.
    /// - Returns: whether the acknowledgement has to wait for the other shards, which may have to store the message.
    @inline(never)
    private mutating func routeEverywhere(
        _ publication: inout Publication, _ ticket: HoldTicket, isKept: Bool, _ now: UInt64
    ) -> Bool {
        guard journal.store != nil, publication.qos > 0, isCrossed || hub.hasDurableSessions(besides: index) else {
            route(&publication, now)
            return false
        }
        var transfer: UInt64 = 0
        if publication.qos == 2, isKept {
            transfer = hub.nextTransfer()
        }
        let receipt = Receipt(hub: hub, ticket: ticket, transfer: transfer)
        publication.receipt = Unmanaged.passUnretained(receipt)
        route(&publication, now)
        publication.receipt = nil
        // Others may have it still; its end is told by mail, which comes after the acknowledgement was put in its queue.
        withExtendedLifetime(receipt) {}
        return true
    }

    private func makeTicket(_ session: SessionPointer) -> HoldTicket {
        session.pointee.lastHoldSequence &+= 1
        return HoldTicket(
            shard: UInt16(truncatingIfNeeded: index), slot: session.pointee.slot,
            generation: session.pointee.generation, sequence: session.pointee.lastHoldSequence)
    }

    /// The topic that a PUBLISH with properties means, its alias looked up or set.
    private func resolve(
        _ connection: ConnectionPointer, _ view: PublishView, _ topic: UnsafeRawBufferPointer
    ) throws(DecodeError) -> UnsafeRawBufferPointer {
        if view.hasSubscriptionIdentifier {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-3.3.4-6",
                detail: "a client's PUBLISH has a subscription identifier")
        }
        guard let alias = view.topicAlias else { return topic }
        guard alias <= connection.pointee.offer.topicAliasMaximum else {
            throw DecodeError(
                reasonCode: .topicAliasInvalid, clause: "MQTT-3.3.2-9", detail: "a topic alias above the maximum")
        }
        if !topic.isEmpty {
            connection.pointee.aliases.set(alias, to: topic)
            return topic
        }
        guard let known = connection.pointee.aliases.topic(alias) else {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-3.3.2.3.4", detail: "a topic alias that was never set")
        }
        return known
    }

    /// Notes the expiry, and copies the properties together without those that concern only this hop.
    @inline(never)
    private mutating func prepareProperties(
        _ publication: inout Publication, _ view: PublishView, _ packet: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        if let expiry = view.messageExpiryInterval {
            publication.expiry = expiry
            publication.expiresAt = now + nanoseconds(expiry)
        }
        // With an alias the packet does not say its topic to everyone.
        if view.topicAlias != nil { publication.packet = UnsafeRawBufferPointer(start: nil, count: 0) }
        scratch.discard(scratch.count)
        var reader = PropertyReader(publish: packet, view.properties)
        while let entry = try? reader.next() {
            switch entry.identifier {
            case .topicAlias, .messageExpiryInterval: continue
            default: scratch.append(UnsafeRawBufferPointer(rebasing: packet[entry.whole]))
            }
        }
        publication.properties = scratch.bytes
    }

    /// MQTT 5 clients are cut off when they exceed with one more publish what CONNACK told them; others are slowed
    /// down.
    private mutating func checkReceiveMaximum(_ connection: ConnectionPointer) throws(DecodeError) {
        let underWay = connection.pointee.unacknowledgedQoS1 &+ connection.pointee.unreleasedQoS2
        guard underWay >= connection.pointee.offer.receiveMaximum else { return }
        if connection.pointee.isV5, !connection.pointee.isLenient {
            throw DecodeError(
                reasonCode: .receiveMaximumExceeded, clause: "MQTT-3.3.4-9",
                detail: "more unacknowledged publishes than the Receive Maximum")
        }
        touch(connection)
    }
}
