import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel
import Testing

@Suite("What waits for clients is bounded by bytes, under way or not")
struct BoundedMemoryTests {
    private let persistent: Properties = [.sessionExpiryInterval(1000)]

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    private func oldest(_ change: (inout BrokerLimits) -> Void) -> BrokerLimits {
        var limits = BrokerLimits()
        limits.queueDrop = .oldest
        change(&limits)
        return limits
    }

    @Test("A message that would fit into no queue takes nobody's place", arguments: [true, false])
    func oversized(isTotal: Bool) {
        let broker = TestBroker(
            limits: oldest { if isTotal { $0.maximumTotalQueuedBytes = 2000 } else { $0.maximumQueuedBytes = 2000 } })
        for name in ["a", "b"] {
            let client = broker.connect(name, persistent)
            client.subscribe(name)
            client.subscribe("large")
            client.cut()
        }
        for number in 1...3 {
            for topic in ["a", "b"] {
                broker.publish(LocalMessage(topic: topic, text: "\(number)", qos: .atLeastOnce))
            }
        }
        broker.publish(LocalMessage(topic: "large", text: text(2000), qos: .atLeastOnce))
        #expect(broker.statistics.queuedMessages == 6)
        #expect(broker.statistics.messagesDropped == 2)
        #expect(broker.policy.takeEvents().contains("dropped a large 1 \(isTotal ? "brokerFull" : "queueFull")"))
        #expect(broker.connect("a", clean: false, persistent).takeTexts() == ["1", "2", "3"])
    }

    @Test("What is under way cannot make room for the next, and what waits is not lost for it")
    func underWay() {
        let broker = TestBroker(limits: oldest { $0.maximumQueuedBytes = 3000 })
        let client = broker.connect("a", clean: false, [.sessionExpiryInterval(1000), .receiveMaximum(1)])
        client.subscribe("t")
        broker.publish(LocalMessage(topic: "t", text: text(1500), qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "t", text: "small", qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "t", text: text(1600), qos: .atLeastOnce))
        #expect(broker.statistics.messagesDropped == 1)
        broker.publish(LocalMessage(topic: "t", text: "last", qos: .atLeastOnce))
        client.take().compactMap(\.asPublish).forEach { client.acknowledge($0) }
        client.takePublishes().forEach { publish in
            #expect(String(buffer: publish.payload) == "small")
            client.acknowledge(publish)
        }
        #expect(client.takeTexts() == ["last"])
    }

    @Test(
        "Retained messages wait for the acknowledgements of those before them, and none is lost",
        arguments: [false, true], [QoS.atLeastOnce, .exactlyOnce])
    func retained(hasStore: Bool, qos: QoS) {
        var limits = BrokerLimits()
        limits.maximumQueuedBytes = 3000
        let broker = TestBroker(limits: limits, store: hasStore ? MemoryStore(isQuick: true) : nil)
        for number in 1...9 {
            broker.publish(LocalMessage(topic: "t/\(number)", text: text(1000), qos: qos, retain: true))
        }
        broker.publish(LocalMessage(topic: "t/large", text: text(4000), qos: qos, retain: true))
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t/+")
        var topics: [String] = []
        for _ in 0..<20 {
            for info in broker.cores[0].clients() { #expect(info.heldBytes <= 3000) }
            let packets = client.take()
            for publish in packets.compactMap(\.asPublish) {
                topics.append(publish.topic)
                client.acknowledge(publish)
            }
            for case .pubrel(let pubrel) in packets {
                client.send(.pubcomp(Acknowledgement(packetID: pubrel.packetID)))
            }
        }
        #expect(topics.sorted() == (1...9).map { "t/\($0)" })
        // The one that fits into no queue.
        #expect(broker.statistics.messagesDropped == 1)
    }

    @Test(
        "A client that acknowledges nothing gets no more than its bound, whatever its Receive Maximum",
        arguments: [
            QoS.atLeastOnce, .exactlyOnce,
        ])
    func inflightBytes(qos: QoS) {
        var limits = BrokerLimits()
        limits.maximumQueuedBytes = 100_000
        limits.outboxHighWater = 1_000_000
        let broker = TestBroker(limits: limits)
        let silent = broker.connect("s")
        silent.subscribe("t", qos: qos)
        for _ in 1...300 { broker.publish(LocalMessage(topic: "t", text: text(1000), qos: qos)) }
        let publishes = silent.takePublishes()
        #expect((90...100).contains(publishes.count))
        #expect(broker.statistics.messagesDropped == 300 - publishes.count)
        for publish in publishes { silent.acknowledge(publish) }
        _ = silent.take()
        for _ in 1...50 { broker.publish(LocalMessage(topic: "t", text: text(1000), qos: qos)) }
        #expect(silent.takePublishes().count == 50)
    }

    @Test("All that is under way is bounded too: clients without a window left do not take the others' room for ever")
    func inflightTotal() {
        var limits = BrokerLimits()
        limits.maximumTotalQueuedBytes = 100_000
        let broker = TestBroker(limits: limits)
        let clients = (0..<10).map { broker.connect("\($0)") }
        for (number, client) in clients.enumerated() { client.subscribe("t/\(number)", qos: .atLeastOnce) }
        for _ in 1...20 {
            for number in 0..<10 {
                broker.publish(LocalMessage(topic: "t/\(number)", text: text(1000), qos: .atLeastOnce))
            }
        }
        let sent = clients.map { $0.takePublishes().count }.reduce(0, +)
        #expect((90...100).contains(sent))
        #expect(broker.policy.takeEvents().contains { $0.hasSuffix("brokerFull") })
        for client in clients { client.cut() }
        let next = broker.subscriber("next", "t/0")
        broker.publish(LocalMessage(topic: "t/0", text: text(1000), qos: .atLeastOnce))
        #expect(next.takePublishes().count == 1)
    }

    @Test(
        "Bytes that wait for a slow client, or are under way, slow its publisher down before one is lost",
        arguments: [
            1, 1000,
        ])
    func gatesByBytes(receiveMaximum: UInt16) {
        var limits = BrokerLimits()
        limits.maximumQueuedBytes = 100_000
        let broker = TestBroker(limits: limits)
        let slow = broker.connect("s", [.receiveMaximum(receiveMaximum)])
        slow.subscribe("t", qos: .exactlyOnce)
        let publisher = broker.connect("p")
        var sent = 0
        var acknowledged = 0
        while sent < 1000, sent - acknowledged < 10 {
            sent += 1
            publisher.publish("t", "\(sent) " + text(1000), qos: .exactlyOnce, id: UInt16(sent))
            acknowledged += publisher.take().count
        }
        #expect((50...70).contains(sent))
        var received: [Int?] = []
        while true {
            let packets = slow.take()
            if packets.isEmpty { break }
            for packet in packets {
                switch packet {
                case .publish(let publish):
                    received.append(Int(String(buffer: publish.payload).prefix { $0 != " " }))
                    slow.send(.pubrec(Acknowledgement(packetID: publish.packetID ?? 0)))
                case .pubrel(let release): slow.send(.pubcomp(Acknowledgement(packetID: release.packetID)))
                default: Issue.record("not expected: \(packet)")
                }
            }
        }
        #expect(received == Array(1...sent))
        acknowledged += publisher.take().count
        #expect(acknowledged == sent)
        #expect(broker.statistics.messagesDropped == 0)
    }

    @Test("The bound of bytes that a client has by its terms holds in place of the limits")
    func terms() {
        let policy = TestPolicy()
        policy.set {
            $0.authentication = { _ in
                .accepted(
                    Principal(
                        name: "bridge",
                        terms: SessionTerms(
                            maximumQueuedMessages: 100, maximumQueuedBytes: 20_000, queueDrop: .newest,
                            takesCommands: true)))
            }
        }
        let broker = TestBroker(policy: policy)
        let slow = broker.subscriber("s", "t", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        for id in 1...30 { publisher.publish("t", text(1000), qos: .atLeastOnce, id: UInt16(id)) }
        #expect(publisher.take().count <= 10, "the rest waits for the slow client")
        #expect(slow.takePublishes().count <= 20)
        broker.advance(seconds: 11)
        #expect(publisher.take().count >= 20)
        #expect(broker.statistics.messagesDropped > 0)
    }

    @Test("A message that a client took before and takes no more, as its packets must be smaller, is told as dropped")
    func resendTooLarge() {
        let broker = TestBroker()
        let client = broker.connect("a", persistent)
        client.subscribe("t", qos: .atLeastOnce)
        broker.publish(LocalMessage(topic: "t", text: text(1000), qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "t", text: "small", qos: .atLeastOnce))
        client.cut()
        _ = broker.policy.takeEvents()
        let again = broker.connect("a", clean: false, [.sessionExpiryInterval(1000), .maximumPacketSize(100)])
        #expect(again.takeTexts() == ["small"])
        #expect(broker.policy.takeEvents().contains("dropped a t 1 packetTooLarge"))
    }

    @Test("Large messages for another shard slow their publisher down before they fill the memory")
    func mail() {
        let broker = TestBroker(shards: 2)
        _ = broker.subscriber("s", "t", shard: 1)
        let publisher = broker.connect("p")
        broker.holdsMail = true
        var sent = 0
        while !publisher.isReadingPaused, sent < 100 {
            publisher.publish("t", text(200_000))
            sent += 1
        }
        #expect((15...30).contains(sent))
        #expect(broker.settleMail())
        #expect(!publisher.isReadingPaused)
    }
}
