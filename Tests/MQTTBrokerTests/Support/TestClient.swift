import MQTTBroker
import MQTTCodec
import NIOCore

/// A client of a `TestBroker`, speaking packets.
final class TestClient {
    private unowned let broker: TestBroker
    let core: BrokerCore
    private(set) var id: ConnectionID?
    let version: ProtocolVersion
    private var decoder: PacketDecoder
    private var received: [Packet] = []
    /// What the broker last asked of the transport.
    private(set) var isClosed = false
    private(set) var isReadingPaused = false
    /// Whether the transport takes bytes; if not they stay in the broker.
    private(set) var isWritable = true
    private(set) var connack: Connack?
    /// Keeps its bytes back while the broker does not read, as the network would.
    var waitsForReading = false
    private var unread: [UInt8] = []
    /// Does not read what comes: for clients that may have said another version than they were made with.
    var isDeaf = false

    init(_ broker: TestBroker, _ core: BrokerCore, _ id: ConnectionID?, _ version: ProtocolVersion) {
        self.broker = broker
        self.core = core
        self.id = id
        self.version = version
        decoder = PacketDecoder(version: version)
        isClosed = id == nil
    }

    // MARK: Input

    func send(_ packet: Packet) {
        var bytes = ByteBuffer()
        do {
            try packet.encode(into: &bytes, version: version)
        } catch {
            fatalError("a test sends a packet that can't be encoded: \(error)")
        }
        send(bytes: Array(bytes.readableBytesView))
    }

    func send(bytes: [UInt8]) {
        guard let id, !isClosed else { return }
        guard !waitsForReading || !isReadingPaused else {
            unread += bytes
            return
        }
        bytes.withUnsafeBytes { core.receive(id, $0, now: broker.now) }
        broker.pump()
    }

    /// The network fails.
    func cut() {
        guard let id, !isClosed else { return }
        isClosed = true
        core.closed(id, now: broker.now)
        broker.pump()
    }

    func disconnect(_ reason: ReasonCode = .normalDisconnection, _ properties: Properties = []) {
        send(.disconnect(Disconnect(reasonCode: reason, properties: properties)))
    }

    @discardableResult
    func subscribe(
        _ filter: String, qos: QoS = .exactlyOnce, noLocal: Bool = false, retainAsPublished: Bool = false,
        retainHandling: RetainHandling = .send, _ properties: Properties = []
    ) -> ReasonCode? {
        let subscription = Subscription(
            filter: filter, qos: qos, noLocal: noLocal, retainAsPublished: retainAsPublished,
            retainHandling: retainHandling)
        send(.subscribe(Subscribe(packetID: 1, subscriptions: [subscription], properties: properties)))
        guard case .suback(let suback)? = received.first else { return nil }
        received.removeFirst()
        return suback.reasonCodes.first
    }

    func publish(
        _ topic: String, _ text: String = "x", qos: QoS = .atMostOnce, retain: Bool = false, dup: Bool = false,
        id: UInt16? = nil, _ properties: Properties = []
    ) {
        send(
            .publish(
                Publish(
                    topic: topic, payload: ByteBuffer(string: text), qos: qos, retain: retain, dup: dup,
                    packetID: qos == .atMostOnce ? nil : id ?? 1, properties: properties)))
    }

    func setWritable(_ isWritable: Bool) {
        guard let id else { return }
        self.isWritable = isWritable
        core.setWritable(id, isWritable, now: broker.now)
        broker.pump()
    }

    // MARK: Output

    /// Takes what has come since the last time.
    func take() -> [Packet] {
        defer { received = [] }
        return received
    }

    /// Moves the CONNACK, if it has come, to `connack`.
    func takeConnack() {
        guard let first = received.first?.asConnack else { return }
        connack = first
        received.removeFirst()
    }

    /// Takes what has come, which must be nothing but PUBLISH packets.
    func takePublishes() -> [Publish] {
        take().compactMap(\.asPublish)
    }

    /// The payloads of the PUBLISH packets that have come.
    func takeTexts() -> [String] {
        takePublishes().map { String(buffer: $0.payload) }
    }

    func acknowledge(_ publish: Publish) {
        guard let packetID = publish.packetID else { return }
        switch publish.qos {
        case .atMostOnce: break
        case .atLeastOnce: send(.puback(Acknowledgement(packetID: packetID)))
        case .exactlyOnce: send(.pubrec(Acknowledgement(packetID: packetID)))
        }
    }

    /// Looks after the connection as the transport would.
    func serve() {
        guard let id, !isClosed else { return }
        if isWritable {
            var bytes = ByteBuffer()
            core.withOutbox(id, now: broker.now) { bytes.writeBytes($0) }
            if isDeaf { bytes.clear() }
            decoder.append(&bytes)
            do {
                while let packet = try decoder.next() { received.append(packet) }
            } catch {
                fatalError("the broker sent bytes that can't be decoded: \(error)")
            }
        }
        switch core.state(of: id) {
        case .open(let reading)?:
            isReadingPaused = !reading
            if reading, !unread.isEmpty {
                let bytes = unread
                unread = []
                bytes.withUnsafeBytes { core.receive(id, $0, now: broker.now) }
            }
        case .close?, .closeAtOnce?:
            isClosed = true
            core.closed(id, now: broker.now)
        case nil: isClosed = true
        }
    }
}

extension Packet {
    var asConnack: Connack? { if case .connack(let packet) = self { packet } else { nil } }
    var asPublish: Publish? { if case .publish(let packet) = self { packet } else { nil } }
    var asDisconnect: Disconnect? { if case .disconnect(let packet) = self { packet } else { nil } }
}
