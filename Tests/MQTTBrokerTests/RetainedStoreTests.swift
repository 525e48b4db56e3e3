import MQTTCodec
import NIOCore
import Testing

@testable import MQTTBroker

@Suite("What is retained, and what a new subscription gets of it at a time")
struct RetainedStoreTests {
    private func message(_ topic: String, _ size: Int = 1) -> RetainedMessage {
        RetainedMessage(
            topic: Array(topic.utf8), properties: [], payload: [UInt8](repeating: 0x78, count: size), qos: 1,
            expiresAt: 0)
    }

    private func request(_ filter: String, _ store: RetainedStore) -> RetainedRequest {
        RetainedRequest(key: ExactText(filter), filter: filter, qos: 1, identifier: 0, end: store.lastSequence)
    }

    private func topics(_ messages: [RetainedMessage]) -> [String] {
        messages.map { String(decoding: $0.topic, as: UTF8.self) }
    }

    @Test("A large store is looked up in parts, oldest first, without what came later", arguments: ["#", "+/+", "t/#"])
    func parts(filter: String) {
        var store = RetainedStore(limits: BrokerLimits())
        let names = (0..<3500).map { "t/\($0)" }
        for name in names { _ = store.store(message(name)) }
        _ = store.store(message("$SYS/x"))
        var request = request(filter, store)
        var found: [String] = []
        var rounds = 0
        while !request.isComplete {
            let part = store.next(of: &request, 0)
            #expect(part.count <= RetainedRequest.maximumCount)
            found += topics(part)
            rounds += 1
            // What comes meanwhile, and takes the place of something that has not been looked up.
            _ = store.store(message("t/new\(rounds)"))
            _ = store.store(message("t/\(3500 - rounds)"))
        }
        #expect(rounds == 4)
        #expect(found == Array(names.dropLast(3)))
    }

    @Test("Large messages are looked up few at a time, and at least one")
    func bytes() {
        var store = RetainedStore(limits: BrokerLimits())
        for number in 0..<20 { _ = store.store(message("t/\(number)", 100_000)) }
        _ = store.store(message("t/huge", 1_000_000))
        var request = request("#", store)
        var sizes: [Int] = []
        while !request.isComplete { sizes.append(store.next(of: &request, 0).count) }
        #expect(sizes == [Int](repeating: 2, count: 10) + [1])
    }

    @Test("A message that is replaced for ever leaves nothing behind")
    func replaced() {
        var store = RetainedStore(limits: BrokerLimits())
        weak var first: RetainedMessage?
        do {
            let message = message("a")
            first = message
            _ = store.store(message)
        }
        _ = store.store(message("b"))
        for _ in 0..<10_000 { _ = store.store(message("a")) }
        #expect(first == nil)
        var request = request("#", store)
        #expect(topics(store.next(of: &request, 0)) == ["b", "a"])
        #expect(store.count == 2)
        _ = store.remove(Array("a".utf8))
        _ = store.remove(Array("b".utf8))
        #expect(store.count == 0 && store.bytes == 0 && store.matching("#", 0).isEmpty)
    }

    @Test(
        "A client that does not read has a part kept for it, however many subscriptions it makes",
        arguments: [
            QoS.atMostOnce, .atLeastOnce,
        ])
    func deafClient(qos: QoS) {
        var limits = BrokerLimits()
        limits.outboxHighWater = 10_000
        let broker = TestBroker(limits: limits)
        for number in 0..<5000 { broker.publish(LocalMessage(topic: "t/\(number)", text: "x", qos: qos, retain: true)) }
        let client = broker.connect("c", [.receiveMaximum(10)])
        client.setWritable(false)
        for _ in 0..<3 { client.subscribe("#", qos: qos) }
        // Replaced and removed before the client reads: not sent any more, or sent as they are.
        broker.publish(LocalMessage(topic: "t/4000", text: "new", qos: qos, retain: true))
        broker.publish(LocalMessage(topic: "t/4001", text: "", qos: qos, retain: true))
        client.setWritable(true)
        var texts: [String: [String]] = [:]
        while true {
            let publishes = client.takePublishes()
            if publishes.isEmpty { break }
            for publish in publishes {
                texts[publish.topic, default: []].append(String(buffer: publish.payload))
                client.acknowledge(publish)
            }
        }
        #expect(texts.count == 5000)
        #expect(texts["t/17"] == ["x", "x", "x"])
        #expect(texts["t/4000"] == ["new"])
        #expect(texts["t/4001"] == [""])
        #expect(broker.statistics.messagesDropped == 0)
    }

    @Test("A client that unsubscribes gets no more of what had not been looked up")
    func unsubscribes() {
        var limits = BrokerLimits()
        limits.outboxHighWater = 1000
        let broker = TestBroker(limits: limits)
        for number in 0..<5000 { broker.publish(LocalMessage(topic: "t/\(number)", text: "x", retain: true)) }
        let client = broker.connect("c")
        client.setWritable(false)
        client.subscribe("#")
        client.send(.unsubscribe(Unsubscribe(packetID: 2, filters: ["#"])))
        client.setWritable(true)
        #expect(client.takePublishes().count <= RetainedRequest.maximumCount)
    }

    @Test("As many subscriptions may wait for retained messages as there may be subscriptions")
    func requests() {
        var limits = BrokerLimits()
        limits.maximumSubscriptionsPerSession = 5
        limits.outboxHighWater = 1000
        let broker = TestBroker(limits: limits)
        for number in 0..<100 { broker.publish(LocalMessage(topic: "t/\(number)", text: "x", retain: true)) }
        let client = broker.connect("c")
        client.setWritable(false)
        for _ in 0..<10 { client.subscribe("#") }
        client.setWritable(true)
        let codes = client.take().flatMap { packet -> [ReasonCode] in
            if case .suback(let suback) = packet { suback.reasonCodes } else { [] }
        }
        #expect(codes.count == 10)
        #expect(codes.suffix(5).allSatisfy { $0 == .quotaExceeded } && codes.first == .granted(.exactlyOnce))
        #expect(client.subscribe("#") == .granted(.exactlyOnce))
    }
}
