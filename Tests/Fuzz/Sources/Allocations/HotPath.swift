import MQTTBroker
public import MQTTCodec
import NIOCore

/// Publishers and subscribers of one broker core whose steady traffic itself allocates nothing, so that what is
/// allocated meanwhile is the broker's.
public final class HotPath {
    private let core: BrokerCore
    private var publisher: ConnectionID?
    private var subscribers: [ConnectionID] = []
    /// So many PUBLISH packets, as one read brings them.
    private var batch: [UInt8] = []
    private let batchCount: Int
    private let qos: QoS
    /// PUBLISH packets that subscribers have got.
    public private(set) var delivered = 0
    /// Answers to what came, per connection; kept so that their memory is used again.
    private var answers: [UInt8] = []

    /// - Parameters:
    ///   - subscribers: each gets every message.
    ///   - version: of all clients.
    public init(qos: QoS, subscribers count: Int, version: ProtocolVersion, batch: Int = 32) {
        self.qos = qos
        batchCount = batch
        let hub = BrokerHub(shards: 1, limits: BrokerLimits())
        var last: UInt64 = 1
        core = BrokerCore(index: 0, hub: hub, policy: OpenPolicy()) {
            last &*= 0x9E37_79B9_7F4A_7C15
            return last
        }
        answers.reserveCapacity(65_536)
        publisher = connect("p", version)
        for number in 0..<count {
            guard let id = connect("s\(number)", version) else { continue }
            subscribers.append(id)
            send(
                .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "bench/#", qos: .exactlyOnce)])),
                id, version)
        }
        var bytes = ByteBuffer()
        for number in 0..<batch {
            let publish = Publish(
                topic: "bench/topic", payload: ByteBuffer(repeating: 0x78, count: 64), qos: qos,
                packetID: qos == .atMostOnce ? nil : UInt16(number + 1))
            try? Packet.publish(publish).encode(into: &bytes, version: version)
        }
        self.batch = Array(bytes.readableBytesView)
    }

    /// Publishes so many batches, with everything that follows from them.
    /// - Returns: how many messages were published.
    public func publish(batches: Int) -> Int {
        guard let publisher else { return 0 }
        for _ in 0..<batches {
            batch.withUnsafeBytes { core.receive(publisher, $0, now: 1) }
            settle()
        }
        return batches * batchCount
    }

    private func connect(_ clientID: String, _ version: ProtocolVersion) -> ConnectionID? {
        guard let id = core.open(remoteAddress: "local", listener: "allocations", now: 1) else { return nil }
        send(.connect(Connect(version: version, clientID: clientID)), id, version)
        return id
    }

    private func send(_ packet: Packet, _ id: ConnectionID, _ version: ProtocolVersion) {
        var bytes = ByteBuffer()
        guard (try? packet.encode(into: &bytes, version: version)) != nil else { return }
        bytes.withUnsafeReadableBytes { core.receive(id, $0, now: 1) }
        settle()
    }

    /// Takes what the broker sends and acknowledges it, until nothing more comes.
    private func settle() {
        while let id = core.takeTouched() {
            while core.takeLarge() != nil {}
            answers.removeAll(keepingCapacity: true)
            core.withOutbox(id, now: 1) { bytes in
                answer(bytes)
                return bytes.count
            }
            if !answers.isEmpty { answers.withUnsafeBytes { core.receive(id, $0, now: 1) } }
        }
    }

    /// Every packet here has a length of one byte, and every topic the same.
    private func answer(_ bytes: UnsafeRawBufferPointer) {
        var at = 0
        while at + 1 < bytes.count {
            let first = bytes[at]
            let body = at + 2
            if first >> 4 == 3 { delivered += 1 }
            switch first >> 4 {
            case 3 where first & 0x06 != 0:
                let identifier = body + 2 + (Int(bytes[body]) << 8 | Int(bytes[body + 1]))
                reply(first & 0x06 == 0x02 ? 0x40 : 0x50, bytes, identifier)
            case 5: reply(0x62, bytes, body)
            case 6: reply(0x70, bytes, body)
            default: break
            }
            at = body + Int(bytes[at + 1])
        }
    }

    private func reply(_ first: UInt8, _ bytes: UnsafeRawBufferPointer, _ identifier: Int) {
        answers.append(first)
        answers.append(2)
        answers.append(bytes[identifier])
        answers.append(bytes[identifier + 1])
    }
}
