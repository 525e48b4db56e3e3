import MQTTCodec
import NIOCore

// What the server sends.
extension ClientCore {
    mutating func receive(_ packet: Packet, _ now: NIODeadline) {
        // Whatever comes shows that the server is there, even when PINGRESP is stuck behind much else.
        pingSent = nil
        switch phase {
        case .closed: return
        case .connecting:
            guard case .connack(let connack) = packet else {
                return close(.protocolError("the first packet is \(packet.type) instead of CONNACK"))
            }
            receive(connack, now)
        case .connected: receiveWhenConnected(packet, now)
        }
    }

    /// The bytes received are no MQTT packet.
    mutating func refuse(_ error: DecodeError, _ now: NIODeadline) {
        disconnect(error.reasonCode, because: .protocolError(error.description), now)
    }

    private mutating func receiveWhenConnected(_ packet: Packet, _ now: NIODeadline) {
        switch packet {
        case .publish(let publish): receive(publish, now)
        case .puback(let ack): receivePuback(ack, now)
        case .pubrec(let ack): receivePubrec(ack, now)
        case .pubrel(let ack):
            let known = received.remove(ack.packetID) != nil
            reply(.pubcomp(acknowledgement(of: ack.packetID, known: known)), now)
        case .pubcomp(let ack):
            guard case .release = exchanges[ack.packetID]?.stage else { return }
            finish(ack.packetID, .success([ack.reasonCode]), now)
        case .suback(let suback): receive(suback, now)
        case .unsuback(let unsuback): receive(unsuback, now)
        case .pingresp: break
        case .disconnect(let packet) where options.version == .v5:
            if packet.properties.sessionExpiryInterval != nil {
                return violation("DISCONNECT from a server has a Session Expiry Interval [MQTT-3.14.2-2]", now)
            }
            close(.disconnectedByServer(packet.reasonCode, reason: packet.properties.reasonString))
        case .connack, .connect, .subscribe, .unsubscribe, .pingreq, .disconnect, .auth:
            violation("\(packet.type) is not expected from the server", now)
        }
    }

    private mutating func receive(_ connack: Connack, _ now: NIODeadline) {
        guard connack.reasonCode == .success else {
            return close(.refused(connack.reasonCode, reason: connack.properties.reasonString))
        }
        if connack.sessionPresent, options.cleanStart {
            return close(.protocolError("a session is present after a clean start [MQTT-3.2.2-2]"))
        }
        if let seconds = connack.properties.serverKeepAlive { keepAlive = .seconds(Int64(seconds)) }
        sendQuota = Int(connack.properties.receiveMaximum ?? .max)
        connected(MQTTClient.ConnectInfo(sessionPresent: connack.sessionPresent, properties: connack.properties))
        if connack.sessionPresent { resume(now) } else { received.removeAll() }
        drainQueue(now)
    }

    /// Takes up what the server has not acknowledged, with the original packet identifiers and in the original order
    /// [MQTT-4.4.0-1], [MQTT-4.6.0-1]. `drainQueue` sends the messages again.
    private mutating func resume(_ now: NIODeadline) {
        for one in options.session.unfinished {
            if let publish = one.publish {
                begin(.publish(publish), one.packetID, nil, now)
                resent.append(one.packetID)
            } else {
                begin(.release, one.packetID, nil, now)
                sendQuota -= 1
                reply(.pubrel(Acknowledgement(packetID: one.packetID)), now)
            }
        }
    }

    private mutating func receive(_ publish: Publish, _ now: NIODeadline) {
        var publish = publish
        if let alias = publish.properties.topicAlias {
            guard alias <= options.properties.topicAliasMaximum ?? 0 else {
                return violation("a topic alias is above the maximum [MQTT-3.3.2-11]", now, .topicAliasInvalid)
            }
            if !publish.topic.isEmpty {
                aliases[alias] = publish.topic
            } else if let topic = aliases[alias] {
                publish.topic = topic
            } else {
                return violation("a topic alias is not known", now, .topicAliasInvalid)
            }
        }
        guard let packetID = publish.packetID else { return deliver(publish) }
        if publish.qos == .atLeastOnce, !options.acknowledgesByHand {
            deliver(publish)
            return reply(.puback(Acknowledgement(packetID: packetID)), now)
        }
        let isKnown = received.contains(packetID) || owed.contains(packetID)
        guard isKnown || received.count + owed.count < Int(options.properties.receiveMaximum ?? .max) else {
            return violation("more messages than the Receive Maximum [MQTT-3.3.4-9]", now, .receiveMaximumExceeded)
        }
        if publish.qos == .atLeastOnce {
            owed.insert(packetID)
            return deliver(publish)
        }
        // A message that was handed over already is acknowledged again, and no more [MQTT-4.3.3-10].
        if received.insert(packetID).inserted { deliver(publish) }
        reply(.pubrec(Acknowledgement(packetID: packetID)), now)
    }

    private mutating func receivePuback(_ ack: Acknowledgement, _ now: NIODeadline) {
        guard case .publish(let publish) = exchanges[ack.packetID]?.stage else { return }
        guard publish.qos == .atLeastOnce else {
            return violation("PUBACK for a message of QoS 2", now)
        }
        finish(ack.packetID, result(of: ack), now)
    }

    private mutating func receivePubrec(_ ack: Acknowledgement, _ now: NIODeadline) {
        switch exchanges[ack.packetID]?.stage {
        case .publish(let publish) where publish.qos == .exactlyOnce:
            guard !ack.reasonCode.isError else { return finish(ack.packetID, result(of: ack), now) }
            exchanges[ack.packetID]?.stage = .release
            reply(.pubrel(Acknowledgement(packetID: ack.packetID)), now)
        case .release: reply(.pubrel(Acknowledgement(packetID: ack.packetID)), now)
        case .publish: violation("PUBREC for a message of QoS 1", now)
        case .subscribe, .unsubscribe, nil:
            guard !ack.reasonCode.isError else { return }
            reply(.pubrel(acknowledgement(of: ack.packetID, known: false)), now)
        }
    }

    private mutating func receive(_ suback: Suback, _ now: NIODeadline) {
        guard case .subscribe(let count) = exchanges[suback.packetID]?.stage else { return }
        guard suback.reasonCodes.count == count else {
            return violation("SUBACK has \(suback.reasonCodes.count) codes for \(count) filters [MQTT-3.8.4-6]", now)
        }
        finish(suback.packetID, .success(suback.reasonCodes), now)
    }

    private mutating func receive(_ unsuback: Unsuback, _ now: NIODeadline) {
        guard case .unsubscribe(let count) = exchanges[unsuback.packetID]?.stage else { return }
        // UNSUBACK has no codes before MQTT 5.0.
        let codes = options.version == .v5 ? unsuback.reasonCodes : Array(repeating: .success, count: count)
        guard codes.count == count else {
            return violation("UNSUBACK has \(codes.count) codes for \(count) filters [MQTT-3.11.3-1]", now)
        }
        finish(unsuback.packetID, .success(codes), now)
    }

    private mutating func finish(
        _ packetID: UInt16, _ result: Result<[ReasonCode], MQTTClientError>, _ now: NIODeadline
    ) {
        guard let exchange = exchanges.removeValue(forKey: packetID) else { return }
        answer(exchange.completion, result)
        switch exchange.stage {
        case .publish, .release:
            sendQuota = min(sendQuota + 1, Int(limits.receiveMaximum ?? .max))
            drainQueue(now)
        case .subscribe, .unsubscribe: break
        }
    }

    private mutating func deliver(_ publish: Publish) {
        deliveries.append(
            MQTTClient.ReceivedMessage(
                topic: publish.topic, payload: publish.payload, qos: publish.qos, retain: publish.retain,
                dup: publish.dup, properties: publish.properties,
                packetID: options.acknowledgesByHand && publish.qos == .atLeastOnce ? publish.packetID : nil))
    }

    /// Acknowledges a message of QoS 1 that was handed over to be acknowledged by hand.
    mutating func acknowledge(_ packetID: UInt16, _ now: NIODeadline) {
        guard case .connected = phase else { return }
        owed.remove(packetID)
        reply(.puback(Acknowledgement(packetID: packetID)), now)
    }

    /// Sends what can't fail to encode: answers to packets that have been decoded.
    private mutating func reply(_ packet: Packet, _ now: NIODeadline) {
        do throws(EncodeError) {
            try encode(packet, now)
        } catch {
            close(.invalid(error))
        }
    }

    private mutating func violation(_ text: String, _ now: NIODeadline, _ code: ReasonCode = .protocolError) {
        disconnect(code, because: .protocolError(text), now)
    }

    private func acknowledgement(of packetID: UInt16, known: Bool) -> Acknowledgement {
        Acknowledgement(packetID: packetID, reasonCode: known ? .success : .packetIdentifierNotFound)
    }

    private func result(of ack: Acknowledgement) -> Result<[ReasonCode], MQTTClientError> {
        ack.reasonCode.isError
            ? .failure(.publishRefused(ack.reasonCode, reason: ack.properties.reasonString))
            : .success([ack.reasonCode])
    }
}
