import MQTTBroker
import MQTTCodec
import NIOCore

/// The broker's side of an in-process client: its packets go to the core as bytes, and the core's bytes come back as
/// packets. All of it happens on the loop.
final class InProcessConnection: Transport {
    private let loop: BrokerLoop
    private var id: ConnectionID?
    private var decoder = PacketDecoder(version: .v5)
    private var connected: EventLoopPromise<ReasonCode>?
    private var pending: [UInt16: EventLoopPromise<ReasonCode>] = [:]
    private var lastPacketID: UInt16 = 0
    private var subscriptions: [(filter: String, body: (Publish) -> Void)] = []
    /// Whether the broker offers subscription identifiers.
    private var hasIdentifiers = true
    private var isReading = true
    /// What is said while the broker does not read.
    private var waiting: [Packet] = []

    /// Takes every message, which then waits for `acknowledge`; without it each subscription's own closure does.
    private let onMessage: ((Publish) -> Void)?
    /// Called once when the connection that was let in has ended.
    private var onClose: (() -> Void)?

    init(loop: BrokerLoop, onMessage: ((Publish) -> Void)? = nil, onClose: (() -> Void)? = nil) {
        self.loop = loop
        self.onMessage = onMessage
        self.onClose = onClose
    }

    // MARK: Requests

    func open(_ connect: Connect, _ promise: EventLoopPromise<ReasonCode>) {
        connected = promise
        id = loop.open(self, from: Peer(address: InProcessClient.listener, listener: InProcessClient.listener))
        guard id != nil else { return end() }
        send(.connect(connect))
    }

    func subscribe(
        _ filter: String, _ qos: QoS, _ body: @escaping (Publish) -> Void, _ promise: EventLoopPromise<ReasonCode>
    ) {
        guard let packetID = begin(promise) else { return }
        subscriptions.append((filter, body))
        // A message tells by its identifier which subscriptions it is for: their places here, from 1.
        let properties: Properties =
            hasIdentifiers ? [.subscriptionIdentifier(UInt32(clamping: subscriptions.count))] : []
        send(
            .subscribe(
                Subscribe(
                    packetID: packetID, subscriptions: [Subscription(filter: filter, qos: qos)],
                    properties: properties)))
    }

    func subscribe(_ subscription: Subscription, _ promise: EventLoopPromise<ReasonCode>) {
        guard let packetID = begin(promise) else { return }
        send(.subscribe(Subscribe(packetID: packetID, subscriptions: [subscription])))
    }

    func unsubscribe(_ filter: String, _ promise: EventLoopPromise<ReasonCode>) {
        guard let packetID = begin(promise) else { return }
        send(.unsubscribe(Unsubscribe(packetID: packetID, filters: [filter])))
    }

    /// Acknowledges a message that `onMessage` was given.
    func acknowledge(_ packetID: UInt16) { send(.puback(Acknowledgement(packetID: packetID))) }

    func publish(
        _ topic: String, _ payload: ByteBuffer, _ qos: QoS, _ retain: Bool, _ promise: EventLoopPromise<ReasonCode>?,
        properties: Properties = Properties()
    ) {
        var packetID: UInt16?
        if let promise {
            if qos == .atMostOnce {
                id == nil ? promise.fail(InProcessClient.Failure.closed) : promise.succeed(.success)
            } else {
                packetID = begin(promise)
                guard packetID != nil else { return }
            }
        }
        send(
            .publish(
                Publish(
                    topic: topic, payload: payload, qos: qos, retain: retain, packetID: packetID,
                    properties: properties)))
    }

    func close() {
        send(.disconnect(Disconnect(reasonCode: .normalDisconnection)))
        end()
    }

    /// A free packet identifier for a request that waits for its answer.
    private func begin(_ promise: EventLoopPromise<ReasonCode>) -> UInt16? {
        guard id != nil else {
            promise.fail(InProcessClient.Failure.closed)
            return nil
        }
        guard pending.count < 60_000 else {
            promise.succeed(.quotaExceeded)
            return nil
        }
        repeat { lastPacketID = lastPacketID == .max ? 1 : lastPacketID + 1 } while pending[lastPacketID] != nil
        pending[lastPacketID] = promise
        return lastPacketID
    }

    private func send(_ packet: Packet) {
        guard let id else { return }
        guard isReading else {
            waiting.append(packet)
            return
        }
        var bytes = ByteBuffer()
        do {
            try packet.encode(into: &bytes, version: .v5)
        } catch {
            refuse(packet)
            return
        }
        loop.receive(id, bytes)
    }

    /// A packet that can't be written, because its topic is none or too long.
    private func refuse(_ packet: Packet) {
        switch packet {
        case .publish(let publish): answer(publish.packetID ?? 0, .topicNameInvalid)
        case .subscribe(let subscribe): answer(subscribe.packetID, .topicFilterInvalid)
        case .unsubscribe(let unsubscribe): answer(unsubscribe.packetID, .topicFilterInvalid)
        case .connect:
            connected?.succeed(.clientIdentifierNotValid)
            connected = nil
            end()
        default: break
        }
    }

    private func answer(_ packetID: UInt16, _ reason: ReasonCode) {
        pending.removeValue(forKey: packetID)?.succeed(reason)
    }

    private func end() {
        connected?.fail(InProcessClient.Failure.closed)
        connected = nil
        let unanswered = pending
        pending = [:]
        for promise in unanswered.values { promise.fail(InProcessClient.Failure.closed) }
        waiting = []
        guard let id else { return }
        self.id = nil
        let closed = onClose
        onClose = nil
        closed?()
        // Not at once: the loop may be in the middle of this connection.
        loop.eventLoop.execute { [loop] in loop.closed(id) }
    }

    // MARK: Transport

    var isWritable: Bool { id != nil }

    func write(_ bytes: ByteBuffer) {
        var bytes = bytes
        decoder.append(&bytes)
        // The answers go out when the loop is done with this connection.
        var packets: [Packet] = []
        while let packet = try? decoder.next() { packets.append(packet) }
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        loop.eventLoop.execute { [packets] in
            for packet in packets { bound.value.receive(packet) }
        }
    }

    func setReading(_ reading: Bool) {
        isReading = reading
        guard reading, !waiting.isEmpty else { return }
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        loop.eventLoop.execute {
            let packets = bound.value.waiting
            bound.value.waiting = []
            for packet in packets { bound.value.send(packet) }
        }
    }

    func finish() { closeNow() }

    func closeNow() {
        // After the packets that were written before.
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        loop.eventLoop.execute { bound.value.end() }
    }

    private func receive(_ packet: Packet) {
        switch packet {
        case .connack(let connack):
            hasIdentifiers = connack.properties.subscriptionIdentifierAvailable ?? true
            connected?.succeed(connack.reasonCode)
            connected = nil
        case .suback(let suback): answer(suback.packetID, suback.reasonCodes.first ?? .unspecifiedError)
        case .unsuback(let unsuback): answer(unsuback.packetID, unsuback.reasonCodes.first ?? .unspecifiedError)
        case .puback(let puback): answer(puback.packetID, puback.reasonCode)
        case .pubrec(let pubrec):
            if pubrec.reasonCode.isError {
                answer(pubrec.packetID, pubrec.reasonCode)
            } else {
                send(.pubrel(Acknowledgement(packetID: pubrec.packetID)))
            }
        case .pubcomp(let pubcomp): answer(pubcomp.packetID, pubcomp.reasonCode)
        case .publish(let publish): deliver(publish)
        case .pubrel(let pubrel): send(.pubcomp(Acknowledgement(packetID: pubrel.packetID)))
        default: break
        }
    }

    private func deliver(_ publish: Publish) {
        if let onMessage { return onMessage(publish) }
        if hasIdentifiers {
            for identifier in publish.properties.subscriptionIdentifiers {
                let index = Int(identifier) - 1
                if subscriptions.indices.contains(index) { subscriptions[index].body(publish) }
            }
        } else {
            for (filter, body) in subscriptions {
                guard let parsed = TopicFilter(filter), Topic.matches(filter: parsed.filter, topic: publish.topic)
                else {
                    continue
                }
                body(publish)
            }
        }
        guard let packetID = publish.packetID else { return }
        let acknowledgement = Acknowledgement(packetID: packetID)
        send(publish.qos == .exactlyOnce ? .pubrec(acknowledgement) : .puback(acknowledgement))
    }
}
