import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel
import Testing

@Suite("Sessions, queues and retained messages that outlive the process")
struct DurabilityTests {
    private static let lasting: Properties = [.sessionExpiryInterval(1000)]

    /// A broker that finds what the store of another one has committed.
    private func restarted(_ broker: TestBroker, isQuick: Bool = true, after seconds: UInt64 = 0) -> TestBroker {
        TestBroker(
            store: MemoryStore(broker.store?.committed ?? StateModel(), isQuick: isQuick),
            now: broker.now + seconds * 1_000_000_000)
    }

    @Test("The broker's own figures, published every few seconds, are not written to the store")
    func systemTopics() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        broker.publish(LocalMessage(topic: "$SYS/broker/uptime", text: "1 seconds", retain: true))
        broker.publish(LocalMessage(topic: "$SYStem", text: "x", retain: true))
        #expect(broker.subscriber("s", "$SYS/#").takeTexts() == ["1 seconds"])
        #expect(broker.store?.committed.retained.keys.map { String(decoding: $0, as: UTF8.self) } == ["$SYStem"])
    }

    @Test("A queue and the subscription with its options survive", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func queue(qos: QoS) {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        subscriber.subscribe("t/#", qos: .exactlyOnce, retainAsPublished: true, [.subscriptionIdentifier(7)])
        subscriber.cut()
        let publisher = broker.connect("p")
        for number in 1...3 {
            publisher.publish("t/a", "\(number)", qos: qos, id: UInt16(number), [.contentType("x")])
        }
        let next = restarted(broker)
        let again = next.connect("s", clean: false, Self.lasting)
        #expect(again.connack?.sessionPresent == true)
        let publishes = again.takePublishes()
        #expect(publishes.map { String(buffer: $0.payload) } == ["1", "2", "3"])
        #expect(publishes.map(\.qos) == [qos, qos, qos] && publishes.map(\.dup) == [false, false, false])
        #expect(publishes.map(\.properties.contentType) == ["x", "x", "x"])
        #expect(publishes.map(\.properties.subscriptionIdentifiers) == [[7], [7], [7]])
        next.connect("q").publish("t/b", "4", qos: .atMostOnce, retain: true)
        #expect(again.takePublishes().map(\.retain) == [true])
    }

    @Test(
        "What was under way comes again with DUP and its packet identifier", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func underWay(qos: QoS) {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        subscriber.subscribe("t")
        broker.connect("p").publish("t", "1", qos: qos)
        let first = subscriber.takePublishes()
        #expect(first.map(\.dup) == [false])
        let next = restarted(broker)
        let again = next.connect("s", clean: false, Self.lasting).takePublishes()
        #expect(again.map(\.dup) == [true])
        #expect(again.map(\.packetID) == first.map(\.packetID))
    }

    @Test("An acknowledgement that rests on the store waits for it", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func waits(qos: QoS) {
        let broker = TestBroker(store: MemoryStore())
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        #expect(subscriber.subscribe("t") == nil)
        broker.commit()
        #expect(subscriber.take().count == 1)
        subscriber.cut()
        broker.commit()
        let publisher = broker.connect("p")
        publisher.publish("other", "1", qos: qos, id: 1)
        #expect(publisher.take().count == 1)
        publisher.publish("t", "2", qos: qos, id: 2)
        publisher.publish("other", "3", qos: qos, id: 3)
        #expect(publisher.take().isEmpty)
        broker.commit()
        #expect(publisher.take().count == 2)
    }

    @Test("A session that ends with its connection, and its publishers, never wait")
    func nothingToStore() {
        let broker = TestBroker(store: MemoryStore())
        let subscriber = broker.subscriber("s", "t")
        let publisher = broker.connect("p")
        publisher.publish("t", "1", qos: .atLeastOnce, id: 1)
        publisher.publish("t", "2", qos: .exactlyOnce, id: 2)
        #expect(publisher.take().count == 2)
        #expect(subscriber.takeTexts() == ["1", "2"])
        #expect(broker.store?.waitingCount == 0)
    }

    @Test("The host's word and the store are both awaited", arguments: [true, false])
    func hostAndStore(storeFirst: Bool) {
        let broker = TestBroker(store: MemoryStore())
        broker.policy.set { $0.verdict = { _ in .hold(retained: true) } }
        let publisher = broker.connect("p")
        publisher.publish("t", "1", qos: .atLeastOnce, id: 2)
        if storeFirst { broker.commit() } else { broker.release(broker.policy.seen[0].ticket) }
        #expect(publisher.take().isEmpty)
        if storeFirst { broker.release(broker.policy.seen[0].ticket) } else { broker.commit() }
        #expect(publisher.take() == [.puback(Acknowledgement(packetID: 2))])
    }

    @Test("QoS 2 to a lasting session is sent, and released, only when the store knows of it")
    func outboundQoS2() {
        let broker = TestBroker(store: MemoryStore())
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        subscriber.subscribe("t")
        broker.commit()
        _ = subscriber.take()
        broker.connect("p").publish("t", "1", qos: .exactlyOnce)
        #expect(subscriber.take().isEmpty)
        broker.commit()
        let publish = subscriber.takePublishes()
        #expect(publish.map(\.dup) == [false])
        subscriber.send(.pubrec(Acknowledgement(packetID: publish.first?.packetID ?? 0)))
        #expect(subscriber.take().isEmpty)
        broker.commit()
        #expect(subscriber.take() == [.pubrel(Acknowledgement(packetID: publish.first?.packetID ?? 0))])
        let next = restarted(broker)
        let again = next.connect("s", clean: false, Self.lasting)
        #expect(again.take() == [.pubrel(Acknowledgement(packetID: publish.first?.packetID ?? 0))])
    }

    @Test("A QoS 2 publish taken over before the restart is not routed again, and its identifier is free after PUBCOMP")
    func inboundQoS2() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        subscriber.subscribe("t")
        subscriber.cut()
        let publisher = broker.connect("p", clean: false, Self.lasting)
        publisher.publish("t", "1", qos: .exactlyOnce, id: 5)
        let next = restarted(broker)
        let again = next.connect("p", clean: false, Self.lasting)
        again.publish("t", "1", qos: .exactlyOnce, dup: true, id: 5)
        #expect(again.take() == [.pubrec(Acknowledgement(packetID: 5))])
        again.send(.pubrel(Acknowledgement(packetID: 5)))
        #expect(again.take() == [.pubcomp(Acknowledgement(packetID: 5))])
        let third = restarted(next)
        third.connect("p", clean: false, Self.lasting).publish("t", "2", qos: .exactlyOnce, id: 5)
        #expect(third.connect("s", clean: false, Self.lasting).takeTexts() == ["1", "2"])
    }

    @Test("PUBCOMP waits until the store has forgotten the identifier")
    func pubcomp() {
        let broker = TestBroker(store: MemoryStore())
        let publisher = broker.connect("p", clean: false, Self.lasting)
        publisher.publish("t", "1", qos: .exactlyOnce, id: 5)
        #expect(publisher.take().isEmpty)
        broker.commit()
        #expect(publisher.take().count == 1)
        publisher.send(.pubrel(Acknowledgement(packetID: 5)))
        #expect(publisher.take().isEmpty)
        broker.commit()
        #expect(publisher.take() == [.pubcomp(Acknowledgement(packetID: 5))])
    }

    @Test("Retained messages survive, replaced and removed ones do not")
    func retained() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let publisher = broker.connect("p")
        publisher.publish("a", "1", retain: true)
        publisher.publish("a", "2", qos: .atLeastOnce, retain: true, id: 1)
        publisher.publish("b", "3", retain: true)
        publisher.publish("b", "", retain: true)
        let next = restarted(broker)
        #expect(next.subscriber("s", "#").takeTexts() == ["2"])
        #expect(next.statistics.retainedMessages == 1)
    }

    @Test("What was retained under wider bounds stays, and can be removed by those who may publish there")
    func narrowerTopics() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let long = String(repeating: "x", count: 30)
        for topic in ["a/b/c/d", long, "a/b/c"] { broker.connect("p").publish(topic, "old", retain: true) }
        var limits = BrokerLimits()
        limits.maximumTopicLevels = 3
        limits.maximumTopicLength = 20
        limits.maximumRetainedMessages = 1
        let next = TestBroker(
            limits: limits, store: MemoryStore(broker.store?.committed ?? StateModel(), isQuick: true), now: broker.now)
        #expect(next.statistics.retainedMessages == 3)
        let client = next.connect("c")
        /// The reason codes of the answers to an empty message, and to one with a text.
        func answers(_ topic: String) -> [ReasonCode] {
            for (id, text) in ["", "new"].enumerated() {
                client.publish(topic, text, qos: .atLeastOnce, retain: true, id: UInt16(id + 1))
            }
            return client.take().map { packet in
                guard case .puback(let puback) = packet else { return .unspecifiedError }
                return puback.reasonCode
            }
        }
        next.policy.set { $0.verdict = { _ in .refuse(.notAuthorized) } }
        #expect(answers("a/b/c/d") == [.notAuthorized, .topicNameInvalid])
        #expect(next.statistics.retainedMessages == 3)
        next.policy.set { $0.verdict = { _ in .forward } }
        for topic in ["a/b/c/d", long] {
            #expect([.success, .noMatchingSubscribers].contains(answers(topic).first))
            // Now there is nothing to remove.
            #expect(answers(topic) == [.topicNameInvalid, .topicNameInvalid])
        }
        #expect(next.statistics.retainedMessages == 1)
        #expect(next.store?.committed.retained.count == 1)
        client.publish("a/b/x/d", "", retain: true)
        #expect(next.statistics.publishesRefused > 0 && next.statistics.retainedMessages == 1)
    }

    @Test("A message's time goes on while the broker is down", arguments: [0, 6])
    func messageExpiry(pause: UInt64) {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let subscriber = broker.connect("s", clean: false, Self.lasting)
        subscriber.subscribe("t")
        subscriber.cut()
        let publisher = broker.connect("p")
        publisher.publish("t", "1", qos: .atLeastOnce, id: 1, [.messageExpiryInterval(10)])
        publisher.publish("r", "2", qos: .atLeastOnce, retain: true, id: 2, [.messageExpiryInterval(10)])
        broker.advance(seconds: 5)
        let next = restarted(broker, after: pause)
        let again = next.connect("s", clean: false, Self.lasting)
        let left = (again.takePublishes() + next.subscriber("r", "r").takePublishes())
            .map(\.properties.messageExpiryInterval)
        #expect(left == (pause == 0 ? [5, 5] : []))
    }

    @Test(
        "A session's time goes on while the broker is down, and its end publishes the will", arguments: [true, false])
    func sessionExpiry(ends: Bool) {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let watcher = broker.connect("w", clean: false, Self.lasting)
        watcher.subscribe("will", qos: .atLeastOnce)
        let will = Will(
            topic: "will", payload: ByteBuffer(string: "gone"), qos: .atLeastOnce, properties: [.willDelayInterval(500)]
        )
        let client = broker.connect("c", clean: false, will: will, [.sessionExpiryInterval(20)])
        client.subscribe("t")
        client.cut()
        watcher.cut()
        let next = restarted(broker, after: ends ? 30 : 10)
        #expect(next.connect("w", clean: false, Self.lasting).takeTexts() == (ends ? ["gone"] : []))
        let again = next.connect("c", clean: false, [.sessionExpiryInterval(20)])
        #expect(again.connack?.sessionPresent == !ends)
        next.advance(seconds: 600)
    }

    @Test("The will of a lasting session that was connected when the process died is published")
    func willOfConnected() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let watcher = broker.connect("w", clean: false, Self.lasting)
        watcher.subscribe("will", qos: .atLeastOnce)
        let will = Will(topic: "will", payload: ByteBuffer(string: "gone"), qos: .atLeastOnce)
        _ = broker.connect("c", clean: false, will: will, Self.lasting)
        let next = restarted(broker)
        #expect(next.connect("w", clean: false, Self.lasting).takeTexts() == ["gone"])
        let third = restarted(next)
        third.advance(seconds: 1)
        #expect(third.connect("w", clean: false, Self.lasting).takePublishes().map(\.dup) == [true])
    }

    @Test("A clean start is answered when the old session is gone for good")
    func cleanStart() {
        let broker = TestBroker(store: MemoryStore())
        let client = broker.connect("c", clean: false, Self.lasting)
        client.subscribe("t")
        broker.commit()
        client.cut()
        let clean = broker.connect("c", clean: true)
        #expect(clean.connack == nil)
        clean.send(.pingreq)
        broker.commit()
        clean.takeConnack()
        #expect(clean.connack?.sessionPresent == false)
        #expect(clean.take() == [.pingresp])
        #expect(broker.store?.committed.state.sessions.isEmpty == true)
    }

    @Test("An end of the session, and an unsubscription, are kept")
    func ends() {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let client = broker.connect("c", clean: false, Self.lasting)
        client.subscribe("a")
        client.subscribe("b")
        client.send(.unsubscribe(Unsubscribe(packetID: 3, filters: ["a"])))
        #expect(broker.store?.committed.state.sessions.first?.subscriptions.map(\.filter) == ["b"])
        client.disconnect(.normalDisconnection, [.sessionExpiryInterval(0)])
        #expect(broker.store?.committed.state.isEmpty == true)
    }

    @Test("What has been delivered leaves nothing behind", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func nothingLeft(qos: QoS) {
        let broker = TestBroker(store: MemoryStore(isQuick: true))
        let client = SimulatedClient(name: "c", version: .v5, receiveMaximum: 2)
        client.connect(broker, shard: 0)
        client.subscribe("t")
        let publisher = broker.connect("p")
        for number in 1...20 { publisher.publish("t", "\(number)", qos: qos, id: UInt16(number)) }
        for _ in 0..<100 { client.process(10) }
        #expect(client.received.map(\.text) == (1...20).map(String.init))
        #expect(broker.store?.committed.state.sessions.map(\.deliveries.count) == [0])
        #expect(broker.store?.committed.state.messages.isEmpty == true)
    }

    @Test("A full queue loses its newest message or its oldest", arguments: QueueDrop.allCases)
    func queueDrop(_ drop: QueueDrop) {
        var limits = BrokerLimits()
        limits.maximumQueuedMessages = 3
        limits.queueDrop = drop
        let broker = TestBroker(limits: limits, store: MemoryStore(isQuick: true))
        let client = broker.connect("c", clean: false, Self.lasting)
        client.subscribe("t")
        client.cut()
        let publisher = broker.connect("p")
        for number in 1...5 { publisher.publish("t", "\(number)", qos: .atLeastOnce, id: UInt16(number)) }
        let expected = drop == .newest ? ["1", "2", "3"] : ["3", "4", "5"]
        #expect(broker.statistics.messagesDropped == 2)
        #expect(broker.policy.takeEvents().contains { $0.hasPrefix("dropped c t") && $0.hasSuffix("queueFull") })
        #expect(restarted(broker).connect("c", clean: false, Self.lasting).takeTexts() == expected)
    }

    @Test("All queues together are bounded; the oldest goes from the one with most", arguments: QueueDrop.allCases)
    func brokerFull(_ drop: QueueDrop) {
        var limits = BrokerLimits()
        limits.maximumTotalQueuedMessages = 4
        limits.queueDrop = drop
        let broker = TestBroker(limits: limits)
        for name in ["a", "b"] {
            let client = broker.connect(name, clean: false, Self.lasting)
            client.subscribe(name)
            client.cut()
        }
        let publisher = broker.connect("p")
        for number in 1...4 { publisher.publish("a", "\(number)", qos: .atLeastOnce, id: UInt16(number)) }
        publisher.publish("b", "5", qos: .atLeastOnce, id: 5)
        #expect(broker.statistics.queuedMessages == 4)
        let texts = ["a", "b"].map { broker.connect($0, clean: false, Self.lasting).takeTexts() }
        #expect(texts == (drop == .newest ? [["1", "2", "3", "4"], []] : [["2", "3", "4"], ["5"]]))
        #expect(broker.policy.takeEvents().contains { $0.hasSuffix("brokerFull") })
    }
}
