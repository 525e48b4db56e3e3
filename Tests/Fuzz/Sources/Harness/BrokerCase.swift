import MQTTBroker
import MQTTCodec
import NIOCore

/// A program of steps for the broker's core: several connections of all versions, well-formed and raw packets, time,
/// transports that stop, mail between shards that is late, acknowledgements that the host holds, and limits that change.
struct BrokerCase {
    private static let maximumSteps = 400

    func run(_ bytes: [UInt8]) -> [String] {
        var source = ByteSource(bytes)
        // At the end, so that inputs from before there were these choices mean what they did.
        let restrictions = source.end(behind: 0xA5, 2).map { Restrictions($0[0], $0[1]) }
        let shards = 1 + source.below(3)
        let plain = limits(&source)
        let restricted = restrictions?.applied(to: plain) ?? plain
        let stage = BrokerStage(shards: shards, limits: restricted)
        var steps = 0
        while !source.isEmpty, steps < Self.maximumSteps, stage.problems.isEmpty {
            step(stage, &source)
            steps += 1
            if let period = restrictions?.period, steps.isMultiple(of: period) {
                stage.replaceLimits((steps / period).isMultiple(of: 2) ? restricted : plain)
            }
            if steps.isMultiple(of: 8) { stage.checkBounds() }
        }
        stage.finish()
        return stage.problems
    }

    /// Small bounds, so that short programs reach them.
    private func limits(_ source: inout ByteSource) -> BrokerLimits {
        var limits = BrokerLimits()
        let choice = source.byte()
        if choice & 1 != 0 { limits.maximumPacketSize = 200 }
        if choice & 2 != 0 { limits.receiveMaximum = 2 }
        if choice & 4 != 0 { limits.sendMaximum = 2 }
        if choice & 8 != 0 { limits.maximumQueuedMessages = 3 }
        if choice & 16 != 0 { limits.maximumQueuedBytes = 300 }
        if choice & 32 != 0 { limits.outboxHighWater = 100 }
        if choice & 64 != 0 {
            limits.maximumRetainedMessages = 2
            limits.maximumSubscriptionsPerSession = 2
        }
        if choice & 128 != 0 {
            limits.maximumSessionExpiry = 10
            limits.maximumConnections = 4
            limits.maximumKeepAlive = 5
        }
        return limits
    }

    private func step(_ stage: BrokerStage, _ source: inout ByteSource) {
        let choice = source.byte()
        let seat = Int(choice >> 5)
        switch choice & 31 {
        case 0, 1: stage.open(seat, shard: source.below(3))
        case 2, 3, 4: stage.connect(seat, connect(&source), shard: source.below(3))
        case 5, 6, 7: stage.send(seat, .subscribe(subscribe(&source)))
        case 8: stage.send(seat, .unsubscribe(Unsubscribe(packetID: 9, filters: [source.element(of: Words.filters)])))
        case 9, 10, 11, 12: stage.send(seat, .publish(publish(&source)))
        case 13: stage.send(seat, .puback(acknowledgement(&source)))
        case 14: stage.send(seat, .pubrec(acknowledgement(&source)))
        case 15: stage.send(seat, .pubrel(acknowledgement(&source)))
        case 16: stage.send(seat, .pubcomp(acknowledgement(&source)))
        case 17: stage.acknowledge(seat, limit: source.below(8))
        case 18, 19: stage.send(seat, raw: source.take(source.below(48)))
        case 20: stage.send(seat, packetWith: source.byte(), body: source.take(source.below(40)))
        case 21: stage.cut(seat)
        case 22: stage.setWritable(seat, source.byte().isMultiple(of: 2))
        case 23: stage.write(seat, atMost: 1 + source.below(64))
        case 24: stage.deliverMail(to: source.below(3))
        case 25: stage.advance(seconds: source.element(of: [0, 1, 2, 5, 11, 70, 100_000]))
        case 26: stage.release(source.below(8), source.byte().isMultiple(of: 4) ? .notAuthorized : .success)
        case 27: stage.publish(local(&source))
        case 28: stage.disconnect(source.element(of: Words.clients))
        case 29:
            let reason: ReasonCode = source.byte().isMultiple(of: 2) ? .normalDisconnection : .disconnectWithWillMessage
            stage.send(seat, .disconnect(Disconnect(reasonCode: reason, properties: expiry(&source))))
        case 30: stage.send(seat, .pingreq)
        default: stage.settle()
        }
    }

    // MARK: Packets

    private func connect(_ source: inout ByteSource) -> Connect {
        let flags = source.byte()
        var connect = Connect(
            version: source.element(of: ProtocolVersion.allCases), clientID: source.element(of: Words.clients),
            cleanStart: flags & 1 != 0, keepAlive: flags & 2 != 0 ? 3 : 0)
        if flags & 4 != 0 {
            connect.will = Will(
                topic: source.element(of: Words.topics), payload: ByteBuffer(repeating: 0x77, count: source.below(8)),
                qos: source.element(of: QoS.allCases), retain: flags & 8 != 0,
                properties: flags & 16 != 0 ? [.willDelayInterval(UInt32(source.below(20)))] : [])
        }
        guard connect.version == .v5 else { return connect }
        connect.properties = expiry(&source)
        if flags & 32 != 0 { connect.properties.append(.receiveMaximum(UInt16(1 + source.below(3)))) }
        if flags & 64 != 0 { connect.properties.append(.maximumPacketSize(UInt32(1 + source.below(120)))) }
        if flags & 128 != 0 { connect.properties.append(.topicAliasMaximum(UInt16(source.below(4)))) }
        return connect
    }

    private func subscribe(_ source: inout ByteSource) -> Subscribe {
        let flags = source.byte()
        let filters = (0...source.below(3)).map { _ in
            Subscription(
                filter: source.element(of: Words.filters), qos: source.element(of: QoS.allCases),
                noLocal: flags & 1 != 0, retainAsPublished: flags & 2 != 0,
                retainHandling: RetainHandling(rawValue: flags >> 2 & 3) ?? .send)
        }
        return Subscribe(
            packetID: 7, subscriptions: filters,
            properties: flags & 16 != 0 ? [.subscriptionIdentifier(UInt32(1 + source.below(200)))] : [])
    }

    private func publish(_ source: inout ByteSource) -> Publish {
        let flags = source.byte()
        let qos = QoS(rawValue: flags & 3) ?? .atLeastOnce
        var properties = Properties()
        if flags & 16 != 0 { properties.append(.messageExpiryInterval(UInt32(source.below(6)))) }
        if flags & 32 != 0 { properties.append(.topicAlias(UInt16(1 + source.below(70)))) }
        if flags & 64 != 0 {
            properties.append(
                .userProperty(UserProperty(name: "k", value: String(repeating: "v", count: source.below(90)))))
        }
        let isNamed = flags & 128 == 0 || flags & 32 == 0
        return Publish(
            topic: isNamed ? source.element(of: Words.topics) : "",
            payload: ByteBuffer(repeating: 0x70, count: source.below(100)), qos: qos, retain: flags & 4 != 0,
            dup: qos != .atMostOnce && flags & 8 != 0,
            packetID: qos == .atMostOnce ? nil : UInt16(1 + source.below(5)), properties: properties)
    }

    private func acknowledgement(_ source: inout ByteSource) -> Acknowledgement {
        let choice = source.byte()
        return Acknowledgement(
            packetID: UInt16(1 + choice % 8), reasonCode: choice < 230 ? .success : .packetIdentifierNotFound)
    }

    private func local(_ source: inout ByteSource) -> LocalMessage {
        let flags = source.byte()
        return LocalMessage(
            topic: source.element(of: Words.topics), payload: ByteBuffer(repeating: 0x6C, count: source.below(100)),
            qos: QoS(rawValue: flags & 3) ?? .exactlyOnce, retain: flags & 4 != 0,
            properties: flags & 8 != 0 ? [.messageExpiryInterval(UInt32(source.below(6)))] : [],
            neverQueued: flags & 16 != 0)
    }

    private func expiry(_ source: inout ByteSource) -> Properties {
        switch source.below(4) {
        case 0: []
        case 1: [.sessionExpiryInterval(.max)]
        default: [.sessionExpiryInterval(UInt32(source.below(30)))]
        }
    }
}

/// Names that programs choose from; few, so that they meet.
private enum Words {
    static let clients = ["a", "b", "c", "d", ""]
    static let topics = ["t", "t/1", "t/2", "t/1/x", "$t/1", "hold/1", "hold/2", "refuse", "consume", "volatile/1"]
    static let filters = [
        "t", "t/1", "t/+", "t/#", "#", "+/1", "+/+/x", "hold/+", "$share/g/t/#", "$share/h/+/1", "$share/g/hold/#",
        "volatile/#", "$t/#", "refuse/+",
    ]
}
