import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Simulation of many clients with a bad network")
struct SimulationTests {
    static let filters = ["t/#", "t/+", "t/0", "t/1", "#"]

    /// One run: clients come and go on all shards, publish and subscribe; mail between shards is late; then everyone
    /// comes back, everything that waits is delivered, and what must hold is checked.
    @Test(
        "Nothing acknowledged is lost, QoS 2 comes once, order holds, the retained message is the last",
        arguments: 1...30, [1, 3])
    func run(seed: Int, shards: Int) {
        var random = SplitMix(seed: UInt64(seed) &* 1000 &+ UInt64(shards))
        var limits = BrokerLimits()
        limits.maximumQueuedMessages = 1_000_000
        limits.maximumQueuedBytes = .max
        limits.receiveMaximum = .max
        // No client is given up for being slow.
        limits.stalledReceiverTimeout = .max
        limits.outboxHighWater = [1000, 262_144].randomElement(using: &random) ?? 1000
        let broker = TestBroker(shards: shards, limits: limits, seed: UInt64(seed))
        let clients = (0..<8).map { number in
            SimulatedClient(
                name: "c\(number)", version: ProtocolVersion.allCases[number % 3],
                receiveMaximum: [1, 2, 20].randomElement(using: &random) ?? 2)
        }
        for (number, client) in clients.enumerated() {
            client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
            client.subscribe(Self.filters[number % Self.filters.count])
            client.process(100)
        }
        broker.holdsMail = true
        var numbers = [Int](repeating: 0, count: clients.count)
        for _ in 0..<700 {
            let index = Int.random(in: 0..<clients.count, using: &random)
            step(clients[index], index, &numbers[index], broker, shards, &random)
        }
        settle(clients, broker, shards, &random)
        check(clients, broker, "seed \(seed), \(shards) shards")
    }

    private func step(
        _ client: SimulatedClient, _ index: Int, _ number: inout Int, _ broker: TestBroker, _ shards: Int,
        _ random: inout SplitMix
    ) {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: client.cut()
        case 1: client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
        case 2: broker.advance(seconds: 1)
        case 3: client.connection?.setWritable(Bool.random(using: &random))
        case 4...6: broker.deliverMail(to: Int.random(in: 0..<shards, using: &random))
        case 7...12:
            guard client.isConnected else {
                client.connect(broker, shard: Int.random(in: 0..<shards, using: &random))
                return
            }
            number += 1
            // Only one client retains under each topic, with one QoS, so that the last one is known.
            let retain = Bool.random(using: &random)
            let qos = QoS.allCases.randomElement(using: &random) ?? .atLeastOnce
            let topic = retain ? "t/\(qos)\(index)" : "t/\(Int.random(in: 0..<3, using: &random))"
            client.publish(.init(topic: topic, text: "\(index) \(number)", qos: qos, retain: retain))
        default: client.process(Int.random(in: 1...10, using: &random))
        }
    }

    /// Brings everyone back and lets everything come to rest.
    func settle(
        _ clients: [SimulatedClient], _ broker: TestBroker, _ shards: Int, _ random: inout SplitMix
    ) {
        broker.holdsMail = false
        broker.pump()
        for client in clients {
            if !client.isConnected { client.connect(broker, shard: Int.random(in: 0..<shards, using: &random)) }
            client.connection?.setWritable(true)
        }
        for _ in 0..<2000 {
            for client in clients { client.process(1000) }
            broker.pump()
            if clients.allSatisfy(\.isIdle), broker.statistics.queuedMessages == 0 { break }
        }
        for client in clients { client.process(1000) }
    }

    func check(_ clients: [SimulatedClient], _ broker: TestBroker, _ run: Comment, isOnce: Bool = true) {
        #expect(clients.allSatisfy { $0.problems.isEmpty && $0.isConnected && $0.isIdle }, run)
        #expect(broker.statistics.messagesDropped == 0, run)
        #expect(broker.statistics.sessions == clients.count, run)
        let acknowledged = clients.flatMap(\.acknowledged)
        for (number, client) in clients.enumerated() {
            let filter = Self.filters[number % Self.filters.count]
            var counts: [String: Int] = [:]
            for message in client.received where !message.retain { counts[message.text, default: 0] += 1 }
            for message in acknowledged where Topic.matches(filter: filter, topic: message.topic) {
                let count = counts[message.text] ?? 0
                if message.qos == .exactlyOnce, isOnce {
                    #expect(count == 1, "\(run): \(message.text) at \(client.name)")
                } else {
                    #expect(count >= 1, "\(run): \(message.text) at \(client.name)")
                }
            }
            for message in client.received where message.qos != .atLeastOnce && !message.retain && isOnce {
                #expect(counts[message.text] == 1, "\(run): \(message.text) more than once at \(client.name)")
            }
            checkOrder(client, run)
        }
        checkRetained(clients, broker, run)
    }

    /// First deliveries of one publisher, topic and QoS come in the order of publishing [MQTT-4.6.0-5].
    private func checkOrder(_ client: SimulatedClient, _ run: Comment) {
        var last: [String: Int] = [:]
        var seen: Set<String> = []
        for message in client.received where message.qos != .atMostOnce && seen.insert(message.text).inserted {
            let parts = message.text.split(separator: " ")
            let stream = "\(parts[0]) \(message.topic) \(message.qos)"
            let number = Int(parts[1]) ?? 0
            #expect(last[stream] ?? 0 < number, "\(run): \(stream) at \(client.name)")
            last[stream] = number
        }
    }

    private func checkRetained(_ clients: [SimulatedClient], _ broker: TestBroker, _ run: Comment) {
        let reader = broker.subscriber("reader", "t/+", qos: .atMostOnce)
        for publish in reader.takePublishes() {
            let number = Int(String(buffer: publish.payload).split(separator: " ").last ?? "") ?? 0
            // A QoS 0 message may have been lost on its way to the broker, but no acknowledged one.
            let last = clients.flatMap(\.acknowledged).filter { $0.topic == publish.topic }
                .compactMap { Int($0.text.split(separator: " ").last ?? "") }.max()
            #expect(number >= last ?? 0, "\(run): retained \(publish.topic)")
        }
    }
}
