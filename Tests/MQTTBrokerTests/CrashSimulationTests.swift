import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel
import Testing

@Suite("Simulation of power losses")
struct CrashSimulationTests {
    /// Clients come and go and publish, the disk writes when it likes, and the process dies again and again: it loses
    /// what was not committed, and every connection. In the end nothing acknowledged is lost, QoS 2 came once, in order.
    @Test("Nothing acknowledged is lost, QoS 2 comes once, order holds", arguments: 1...40)
    func run(seed: Int) {
        run(seed: seed, shards: 1, qualities: QoS.allCases)
    }

    /// Of 3000 seeds, those after the first 40 are the ones in which something was wrong once.
    @Test("The same with sessions that move between shards", arguments: Array(1...40) + [79, 889, 2169])
    func shards(seed: Int) {
        run(seed: seed, shards: 3, qualities: QoS.allCases)
    }

    private func run(seed: Int, shards: Int, qualities: [QoS]) {
        var random = SplitMix(seed: UInt64(seed) &* 7919 &+ UInt64(shards))
        var limits = BrokerLimits()
        limits.maximumQueuedMessages = 1_000_000
        limits.maximumQueuedBytes = .max
        limits.receiveMaximum = .max
        limits.stalledReceiverTimeout = .max
        limits.outboxHighWater = [1000, 262_144].randomElement(using: &random) ?? 1000
        var broker = TestBroker(shards: shards, limits: limits, seed: UInt64(seed), store: MemoryStore())
        let clients = (0..<6).map { number in
            SimulatedClient(
                name: "c\(number)", version: ProtocolVersion.allCases[number % 3],
                receiveMaximum: [1, 2, 20].randomElement(using: &random) ?? 2)
        }
        for (number, client) in clients.enumerated() {
            client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
            client.subscribe(SimulationTests.filters[number % SimulationTests.filters.count])
            broker.commit()
            client.process(100)
        }
        var numbers = [Int](repeating: 0, count: clients.count)
        for _ in 0..<600 {
            if Int.random(in: 0..<60, using: &random) == 0 {
                broker = crash(broker, clients, limits, &random)
            }
            let index = Int.random(in: 0..<clients.count, using: &random)
            step(clients[index], index, &numbers[index], broker, qualities, &random)
        }
        broker = crash(broker, clients, limits, &random, isQuick: true)
        SimulationTests().settle(clients, broker, shards, &random)
        SimulationTests().check(clients, broker, "seed \(seed), \(shards) shards")
        #expect(broker.store?.committed.state.messages.isEmpty == true, "seed \(seed), \(shards) shards")
    }

    private func crash(
        _ broker: TestBroker, _ clients: [SimulatedClient], _ limits: BrokerLimits, _ random: inout SplitMix,
        isQuick: Bool = false
    ) -> TestBroker {
        let store = MemoryStore(broker.store?.committed ?? StateModel(), isQuick: isQuick)
        for client in clients { client.cut() }
        return TestBroker(
            shards: broker.cores.count, limits: limits, seed: random.next(), store: store, now: broker.now)
    }

    private func step(
        _ client: SimulatedClient, _ index: Int, _ number: inout Int, _ broker: TestBroker, _ qualities: [QoS],
        _ random: inout SplitMix
    ) {
        let shards = broker.cores.count
        broker.holdsMail = true
        switch Int.random(in: 0..<20, using: &random) {
        case 0: client.cut()
        case 1: client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
        case 2...4: broker.commit(Int.random(in: 1...4, using: &random))
        case 5...6: broker.deliverMail(to: Int.random(in: 0..<shards, using: &random))
        case 7...13:
            guard client.isConnected else {
                client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
                return
            }
            number += 1
            let retain = Bool.random(using: &random)
            let qos = qualities.randomElement(using: &random) ?? .atLeastOnce
            let topic = retain ? "t/\(qos)\(index)" : "t/\(Int.random(in: 0..<3, using: &random))"
            client.publish(.init(topic: topic, text: "\(index) \(number)", qos: qos, retain: retain))
        default: client.process(Int.random(in: 1...10, using: &random))
        }
    }
}
