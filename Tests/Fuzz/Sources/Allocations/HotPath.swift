import MQTTBroker
public import MQTTCodec
import NIOCore

/// A publisher and subscribers of one broker whose steady traffic itself allocates nothing, so that what is allocated
/// meanwhile is the broker's.
public final class HotPath {
    private typealias Client = (shard: Int, id: ConnectionID)

    private let cores: [BrokerCore]
    private let store: StubStore?
    private let version: ProtocolVersion
    private var publisher: Client?
    private var subscribers: [Client] = []
    /// By shard: has mail.
    private var hasMail: [Bool]
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
    ///   - shards: with more than one, the publisher is on the first and the subscribers are on the last.
    ///   - isDurable: the sessions are kept in a store, which is on disk at once.
    public init(
        qos: QoS, subscribers count: Int, version: ProtocolVersion, shards: Int = 1, isDurable: Bool = false,
        batch: Int = 32
    ) {
        self.qos = qos
        self.version = version
        batchCount = batch
        store = isDurable ? StubStore(shards: shards) : nil
        hasMail = Array(repeating: false, count: shards)
        let hub = BrokerHub(shards: shards, limits: BrokerLimits(), store: store)
        var last: UInt64 = 1
        cores = (0..<shards).map { index in
            BrokerCore(index: index, hub: hub, policy: OpenPolicy()) {
                last &*= 0x9E37_79B9_7F4A_7C15
                return last
            }
        }
        answers.reserveCapacity(65_536)
        publisher = connect("p", shard: 0)
        for number in 0..<count {
            guard let client = connect("s\(number)", shard: shards - 1) else { continue }
            subscribers.append(client)
            let wanted = Subscription(filter: "bench/#", qos: .exactlyOnce)
            send(.subscribe(Subscribe(packetID: 1, subscriptions: [wanted])), client)
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
            batch.withUnsafeBytes { cores[publisher.shard].receive(publisher.id, $0, now: 1) }
            settle()
        }
        return batches * batchCount
    }

    private func connect(_ clientID: String, shard: Int) -> Client? {
        guard let id = cores[shard].open(remoteAddress: "local", listener: "allocations", now: 1) else { return nil }
        let connect = Connect(
            version: version, clientID: clientID, cleanStart: store == nil,
            properties: store != nil && version == .v5 ? [.sessionExpiryInterval(.max)] : [])
        send(.connect(connect), (shard, id))
        return (shard, id)
    }

    private func send(_ packet: Packet, _ client: Client) {
        var bytes = ByteBuffer()
        guard (try? packet.encode(into: &bytes, version: version)) != nil else { return }
        bytes.withUnsafeReadableBytes { cores[client.shard].receive(client.id, $0, now: 1) }
        settle()
    }

    /// Takes what the broker sends and acknowledges it, until nothing more comes.
    private func settle() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for shard in cores.indices {
                if settle(shard) { isBusy = true }
            }
        }
    }

    private func settle(_ shard: Int) -> Bool {
        let core = cores[shard]
        var isBusy = false
        if let number = store?.takeLast(of: shard) { core.committed(number, now: 1) }
        if hasMail[shard] {
            hasMail[shard] = false
            isBusy = true
            core.deliverMail(now: 1)
        }
        while let id = core.takeTouched() {
            isBusy = true
            while core.takeLarge() != nil {}
            answers.removeAll(keepingCapacity: true)
            core.withOutbox(id, now: 1) { bytes in
                answer(bytes)
                return bytes.count
            }
            if !answers.isEmpty { answers.withUnsafeBytes { core.receive(id, $0, now: 1) } }
        }
        for woken in core.takeShardsToWake() { hasMail[woken] = true }
        return isBusy || store?.hasWritten == true || hasMail.contains(true)
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
