import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel

/// A broker of one or more shards under virtual time. After every input everything that follows from it is carried out,
/// as the server's loops would do it.
final class TestBroker {
    private(set) var now: UInt64
    let policy: TestPolicy
    let hub: BrokerHub
    let cores: [BrokerCore]
    let store: MemoryStore?
    /// Leaves mail between shards where it is, until `deliverMail(to:)`.
    var holdsMail = false
    private var shardsWithMail: Set<Int> = []
    private var clients: [TestClient] = []
    private var opened = 0

    init(
        shards: Int = 1, limits: BrokerLimits = BrokerLimits(), policy: TestPolicy = TestPolicy(), seed: UInt64 = 1,
        store: MemoryStore? = nil, now: UInt64 = 1_000_000_000
    ) {
        self.policy = policy
        self.store = store
        self.now = now
        let hub = BrokerHub(shards: shards, limits: limits, store: store)
        self.hub = hub
        var generator = SplitMix(seed: seed)
        let random = { generator.next() }
        cores = (0..<shards).map { BrokerCore(index: $0, hub: hub, policy: policy, random: random) }
        if let state = store?.takeState(now: now) {
            for core in cores { core.restore(state, now: now) }
            for core in cores { core.expire(now: now) }
            pump()
        }
    }

    /// Has the store write up to so many batches.
    func commit(_ limit: Int = .max) {
        for (shard, number) in store?.commit(limit) ?? [] {
            cores[shard].committed(number, now: now)
        }
        pump()
    }

    /// A connection on which nothing has been sent yet.
    func open(shard: Int = 0, version: ProtocolVersion = .v5, secondsAfterAcceptance: UInt64 = 0) -> TestClient {
        opened += 1
        let id = cores[shard].open(
            remoteAddress: "192.0.2.1:\(opened)", listener: "test",
            accepted: now - secondsAfterAcceptance * 1_000_000_000, now: now)
        let client = TestClient(self, cores[shard], id, version)
        clients.append(client)
        pump()
        return client
    }

    /// A connected client; its CONNACK has been taken, what came behind it not.
    func connect(
        _ clientID: String, _ version: ProtocolVersion = .v5, clean: Bool = true, keepAlive: UInt16 = 0,
        will: Will? = nil, shard: Int = 0, _ properties: Properties = []
    ) -> TestClient {
        let client = open(shard: shard, version: version)
        client.send(
            .connect(
                Connect(
                    version: version, clientID: clientID, cleanStart: clean, keepAlive: keepAlive, will: will,
                    properties: properties)))
        client.takeConnack()
        return client
    }

    /// A connected MQTT 5 client with these CONNECT properties.
    func connect(_ clientID: String, _ properties: Properties) -> TestClient {
        connect(clientID, .v5, clean: true, properties)
    }

    /// A subscriber; its SUBACK has been taken.
    func subscriber(
        _ clientID: String, _ filter: String, qos: QoS = .exactlyOnce, _ version: ProtocolVersion = .v5,
        shard: Int = 0
    ) -> TestClient {
        let client = connect(clientID, version, shard: shard)
        client.subscribe(filter, qos: qos)
        return client
    }

    func advance(seconds: Double) {
        let end = now + UInt64(seconds * 1_000_000_000)
        while let next = cores.compactMap(\.nextDeadline).min(), next <= end {
            now = max(now, next)
            for core in cores { core.expire(now: now) }
            pump()
        }
        now = end
        pump()
    }

    /// Publishes as the server does for its host.
    @discardableResult
    func publish(_ message: LocalMessage) -> Int {
        var live = cores[0].publish(message, now: now)
        for core in cores.dropFirst() {
            live +=
                message.neverQueued ? core.publish(message, now: now) : core.countReceivers(of: message.topic)
        }
        pump()
        return live
    }

    func release(_ ticket: HoldTicket, _ reason: ReasonCode = .success) {
        cores[Int(ticket.shard)].release(ticket, reason, now: now)
        pump()
    }

    /// Delivers held mail in rounds.
    /// - Returns: whether it came to an end.
    func settleMail(rounds: Int = 1000) -> Bool {
        for _ in 0..<rounds {
            if shardsWithMail.isEmpty { return true }
            for shard in shardsWithMail.sorted() { deliverMail(to: shard) }
        }
        return false
    }

    func deliverMail(to shard: Int) {
        guard shardsWithMail.remove(shard) != nil else { return }
        cores[shard].deliverMail(now: now)
        pump()
    }

    var statistics: BrokerStatistics {
        cores.reduce(into: BrokerStatistics()) { $0 += $1.statistics() }
    }

    /// Carries out every effect until there is none left.
    func pump() {
        var isBusy = true
        while isBusy {
            isBusy = false
            if let store, store.isQuick {
                for (shard, number) in store.commit() {
                    isBusy = true
                    cores[shard].committed(number, now: now)
                }
            }
            for core in cores {
                shardsWithMail.formUnion(core.takeShardsToWake())
                if !holdsMail {
                    for shard in shardsWithMail.sorted() {
                        isBusy = true
                        shardsWithMail.remove(shard)
                        cores[shard].deliverMail(now: now)
                    }
                }
                while let id = core.takeTouched() {
                    isBusy = true
                    clients.first { $0.core === core && $0.id == id }?.serve()
                }
            }
            clients.removeAll { $0.isClosed }
        }
    }
}

/// A small generator of repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
