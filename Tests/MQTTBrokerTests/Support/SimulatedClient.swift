import MQTTBroker
import MQTTCodec
import NIOCore

/// A client that keeps its half of the session across connections, as the specification asks of clients: it sends
/// again what was not acknowledged, and takes a QoS 2 message once.
final class SimulatedClient {
    struct Sent {
        var topic: String
        var text: String
        var qos: QoS
        var retain: Bool
        var hasPubrec = false
    }

    let name: String
    let version: ProtocolVersion
    let receiveMaximum: UInt16
    private(set) var connection: TestClient?
    private var unprocessed: [Packet] = []
    /// Publishes under way, in the order in which they were first sent.
    private var exchanges: [(id: UInt16, sent: Sent)] = []
    private var lastID: UInt16 = 0
    /// QoS 2 messages received and not released.
    private var taken: Set<UInt16> = []
    /// Identifiers of messages received on this connection and not acknowledged.
    private var open: Set<UInt16> = []

    /// Every message taken, in order.
    private(set) var received: [(topic: String, text: String, qos: QoS, retain: Bool)] = []
    /// The texts of QoS 1 and 2 publishes that the broker has acknowledged.
    private(set) var acknowledged: [(topic: String, text: String, qos: QoS)] = []
    private(set) var problems: [String] = []

    init(name: String, version: ProtocolVersion, receiveMaximum: UInt16) {
        self.name = name
        self.version = version
        self.receiveMaximum = version == .v5 ? receiveMaximum : .max
    }

    var isConnected: Bool { connection.map { !$0.isClosed } ?? false }
    /// The CONNACK has been seen and what had to be sent again has been sent.
    private var isReady = false
    var isIdle: Bool { exchanges.isEmpty && unprocessed.isEmpty }

    func connect(_ broker: TestBroker, shard: Int) {
        let client = broker.open(shard: shard, version: version)
        client.waitsForReading = true
        connection = client
        unprocessed = []
        open = []
        isReady = false
        var properties: Properties = []
        if version == .v5 { properties = [.sessionExpiryInterval(.max), .receiveMaximum(receiveMaximum)] }
        client.send(
            .connect(Connect(version: version, clientID: name, cleanStart: false, properties: properties)))
    }

    func subscribe(_ filter: String) {
        connection?.send(
            .subscribe(Subscribe(packetID: 60_000, subscriptions: [Subscription(filter: filter, qos: .exactlyOnce)])))
    }

    func publish(_ sent: Sent) {
        guard isConnected, isReady else { return }
        guard sent.qos != .atMostOnce else {
            transmit(sent, id: nil, dup: false)
            return
        }
        repeat {
            lastID = lastID % 50_000 + 1
        } while exchanges.contains { $0.id == lastID }
        exchanges.append((lastID, sent))
        transmit(sent, id: lastID, dup: false)
    }

    /// Looks at up to so many of the packets that have come.
    func process(_ limit: Int) {
        guard let connection else { return }
        unprocessed += connection.take()
        for _ in 0..<min(limit, unprocessed.count) { handle(unprocessed.removeFirst()) }
    }

    /// Loses the connection, and with it what had come and was not looked at.
    func cut() {
        connection?.cut()
        _ = connection?.take()
        unprocessed = []
    }

    private func handle(_ packet: Packet) {
        switch packet {
        case .connack(let connack):
            if connack.reasonCode != .success { problems.append("refused: \(connack.reasonCode)") }
            for (id, sent) in exchanges {
                if sent.hasPubrec {
                    connection?.send(.pubrel(Acknowledgement(packetID: id)))
                } else {
                    transmit(sent, id: id, dup: true)
                }
            }
            isReady = true
        case .publish(let publish): take(publish)
        case .puback(let ack): finish(ack.packetID, .atLeastOnce)
        case .pubrec(let ack):
            if let index = exchanges.firstIndex(where: { $0.id == ack.packetID }) {
                if !exchanges[index].sent.hasPubrec { note(exchanges[index].sent) }
                exchanges[index].sent.hasPubrec = true
            }
            connection?.send(.pubrel(Acknowledgement(packetID: ack.packetID)))
        case .pubrel(let ack):
            taken.remove(ack.packetID)
            open.remove(ack.packetID)
            connection?.send(.pubcomp(Acknowledgement(packetID: ack.packetID)))
        case .pubcomp(let ack): exchanges.removeAll { $0.id == ack.packetID && $0.sent.hasPubrec }
        case .disconnect(let disconnect):
            if disconnect.reasonCode != .sessionTakenOver { problems.append("told \(disconnect.reasonCode)") }
        default: break
        }
    }

    private func take(_ publish: Publish) {
        let message = (publish.topic, String(buffer: publish.payload), publish.qos, publish.retain)
        guard let id = publish.packetID else {
            received.append(message)
            return
        }
        open.insert(id)
        if open.count > Int(receiveMaximum) { problems.append("more than the Receive Maximum under way") }
        if publish.qos == .atLeastOnce {
            received.append(message)
            open.remove(id)
            connection?.send(.puback(Acknowledgement(packetID: id)))
        } else {
            if taken.insert(id).inserted { received.append(message) }
            connection?.send(.pubrec(Acknowledgement(packetID: id)))
        }
    }

    private func finish(_ id: UInt16, _ qos: QoS) {
        guard let index = exchanges.firstIndex(where: { $0.id == id && $0.sent.qos == qos }) else { return }
        note(exchanges.remove(at: index).sent)
    }

    private func note(_ sent: Sent) {
        acknowledged.append((sent.topic, sent.text, sent.qos))
    }

    private func transmit(_ sent: Sent, id: UInt16?, dup: Bool) {
        connection?.send(
            .publish(
                Publish(
                    topic: sent.topic, payload: ByteBuffer(string: sent.text), qos: sent.qos, retain: sent.retain,
                    dup: dup, packetID: id)))
    }
}
