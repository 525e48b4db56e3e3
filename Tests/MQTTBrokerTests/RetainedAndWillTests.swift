import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Retained messages")
struct RetainedTests {
    @Test("The last retained message of a topic goes to a new subscription, with the flag [MQTT-3.3.1-5, -8]")
    func last() {
        let broker = TestBroker()
        let publisher = broker.connect("p", .v3_1_1)
        publisher.publish("t", "1", qos: .atLeastOnce, retain: true)
        publisher.publish("t", "2", qos: .atLeastOnce, retain: true)
        publisher.publish("t", "3", qos: .atLeastOnce, id: 2)
        let publishes = broker.subscriber("s", "t").takePublishes()
        #expect(publishes.map { String(buffer: $0.payload) } == ["2"])
        #expect(publishes.map(\.retain) == [true])
        #expect(publishes.map(\.qos) == [.atLeastOnce])
    }

    @Test("An empty payload removes the retained message, and is delivered itself [MQTT-3.3.1-6]")
    func clearing() {
        let broker = TestBroker()
        let live = broker.subscriber("l", "t")
        let publisher = broker.connect("p")
        publisher.publish("t", "1", retain: true)
        publisher.publish("t", "", retain: true)
        #expect(live.takeTexts() == ["1", ""])
        #expect(broker.subscriber("s", "t").takePublishes().isEmpty)
        #expect(broker.statistics.retainedMessages == 0 && broker.statistics.retainedBytes == 0)
    }

    @Test("Retain Handling says when retained messages come [MQTT-3.3.1-9..11]")
    func handling() {
        let broker = TestBroker()
        broker.publish(LocalMessage(topic: "t", text: "r", retain: true))
        let client = broker.connect("a")
        client.subscribe("t", retainHandling: .doNotSend)
        #expect(client.takeTexts().isEmpty)
        client.subscribe("t", retainHandling: .sendIfNew)
        #expect(client.takeTexts().isEmpty)
        client.subscribe("t", retainHandling: .send)
        #expect(client.takeTexts() == ["r"])
        client.subscribe("+", retainHandling: .sendIfNew)
        #expect(client.takeTexts() == ["r"])
    }

    @Test("A shared subscription gets no retained messages")
    func shared() {
        let broker = TestBroker()
        broker.publish(LocalMessage(topic: "t", text: "r", retain: true))
        #expect(broker.subscriber("a", "$share/g/t").takePublishes().isEmpty)
    }

    @Test("A retained delivery carries the subscription identifier")
    func identifier() {
        let broker = TestBroker()
        broker.publish(LocalMessage(topic: "t", text: "r", retain: true))
        let client = broker.connect("a")
        client.subscribe("t", [.subscriptionIdentifier(12)])
        #expect(client.takePublishes().first?.properties.subscriptionIdentifiers == [12])
    }

    @Test("Retained messages expire, and what is left of their interval is sent [MQTT-3.3.2-5]")
    func expiry() {
        let broker = TestBroker()
        broker.connect("p").publish("t", "r", retain: true, [.messageExpiryInterval(10)])
        broker.advance(seconds: 4)
        let first = broker.subscriber("a", "t").takePublishes()
        #expect(first.first?.properties.messageExpiryInterval == 6)
        broker.advance(seconds: 7)
        #expect(broker.subscriber("b", "t").takePublishes().isEmpty)
    }

    @Test("Expired retained messages do not stay in memory")
    func sweep() {
        let broker = TestBroker()
        let client = broker.connect("p")
        client.publish("t", "r", retain: true, [.messageExpiryInterval(10)])
        client.publish("u", "r", retain: true, [.messageExpiryInterval(100)])
        client.publish("v", "r", retain: true)
        broker.advance(seconds: 61)
        #expect(broker.statistics.retainedMessages == 2)
        broker.advance(seconds: 120)
        #expect(broker.statistics.retainedMessages == 1)
        #expect(broker.cores[0].nextDeadline == nil)
    }

    @Test("More retained messages than a socket takes at once are all delivered, without old news")
    func paging() {
        var limits = BrokerLimits()
        limits.outboxHighWater = 2000
        let broker = TestBroker(limits: limits)
        for number in 0..<500 {
            broker.publish(LocalMessage(topic: "t/\(number)", text: "old \(number)", qos: .atLeastOnce, retain: true))
        }
        let client = broker.connect("a", [.receiveMaximum(20)])
        client.setWritable(false)
        client.subscribe("t/+", qos: .atLeastOnce)
        // Replaced while the deliveries wait: the new one must be the last.
        broker.publish(LocalMessage(topic: "t/499", text: "new", qos: .atLeastOnce, retain: true))
        broker.publish(LocalMessage(topic: "t/0", text: "new", qos: .atLeastOnce, retain: true))
        client.setWritable(true)
        var last: [String: String] = [:]
        while true {
            let publishes = client.takePublishes()
            if publishes.isEmpty { break }
            for publish in publishes {
                last[publish.topic] = String(buffer: publish.payload)
                client.acknowledge(publish)
            }
        }
        #expect(last.count == 500)
        #expect(last["t/0"] == "new" && last["t/499"] == "new" && last["t/7"] == "old 7")
    }

    @Test("The retained store is bounded")
    func bound() {
        var limits = BrokerLimits()
        limits.maximumRetainedMessages = 2
        let broker = TestBroker(limits: limits)
        for topic in ["a", "b", "c"] { broker.publish(LocalMessage(topic: topic, text: topic, retain: true)) }
        #expect(broker.statistics.retainedMessages == 2)
        #expect(broker.statistics.messagesDropped == 1)
        broker.publish(LocalMessage(topic: "a", text: "again", retain: true))
        #expect(Set(broker.subscriber("s", "#").takeTexts()) == ["again", "b"])
    }

    @Test("The policy may make a message retained, and may refuse one")
    func policy() {
        let broker = TestBroker()
        broker.policy.set {
            $0.verdict = {
                $0.topic == "keep" ? .forwardRetained : $0.topic == "no" ? .refuse(.notAuthorized) : .forward
            }
        }
        let client = broker.connect("p")
        client.publish("keep", "1")
        client.publish("no", "2", qos: .atLeastOnce, retain: true, id: 3)
        #expect(client.take() == [.puback(Acknowledgement(packetID: 3, reasonCode: .notAuthorized))])
        #expect(broker.subscriber("s", "#").takeTexts() == ["1"])
    }
}

@Suite("Wills")
struct WillTests {
    private let will = Will(topic: "w", payload: ByteBuffer(string: "gone"), qos: .atLeastOnce)

    private func will(delay: UInt32) -> Will {
        var will = will
        will.properties = [.willDelayInterval(delay), .contentType("x")]
        return will
    }

    @Test("A lost connection publishes the will, a normal DISCONNECT takes it back [MQTT-3.1.2-8, -10]")
    func basic() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        broker.connect("a", .v3_1_1, will: will).cut()
        #expect(watcher.takeTexts() == ["gone"])
        broker.connect("a", .v3_1_1, will: will).disconnect()
        #expect(watcher.takeTexts().isEmpty)
        broker.connect("a", will: will).disconnect(.disconnectWithWillMessage)
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("Keep-alive timeout, protocol error and take-over publish the will")
    func otherEnds() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        _ = broker.connect("a", keepAlive: 2, will: will)
        broker.advance(seconds: 4)
        #expect(watcher.takeTexts() == ["gone"])
        broker.connect("a", will: will).send(bytes: [0x00])
        #expect(watcher.takeTexts() == ["gone"])
        _ = broker.connect("a", will: will)
        _ = broker.connect("a")
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("A retained will is retained [MQTT-3.1.2-17]")
    func retained() {
        let broker = TestBroker()
        var will = will
        will.retain = true
        broker.connect("a", will: will).cut()
        #expect(broker.subscriber("s", "w").takePublishes().map(\.retain) == [true])
    }

    @Test("A delayed will comes after its delay, without hop properties")
    func delay() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        broker.connect("a", clean: false, will: will(delay: 10), [.sessionExpiryInterval(100)]).cut()
        broker.advance(seconds: 9)
        #expect(watcher.takePublishes().isEmpty)
        broker.advance(seconds: 2)
        #expect(watcher.takePublishes().map(\.properties) == [[.contentType("x")]])
        broker.advance(seconds: 1000)
        #expect(watcher.takePublishes().isEmpty)
    }

    @Test("A new connection before the delay has passed takes the will back [MQTT-3.1.3-9]")
    func delayAndReturn() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        let expiry: Properties = [.sessionExpiryInterval(100)]
        broker.connect("a", clean: false, will: will(delay: 10), expiry).cut()
        broker.advance(seconds: 5)
        _ = broker.connect("a", clean: false, expiry)
        broker.advance(seconds: 50)
        #expect(watcher.takePublishes().isEmpty)
        // A take-over within the delay counts the same.
        _ = broker.connect("a", clean: false, will: will(delay: 10), expiry)
        _ = broker.connect("a", clean: false, expiry)
        broker.advance(seconds: 50)
        #expect(watcher.takePublishes().isEmpty)
    }

    @Test("The end of the session is the latest time for the will")
    func sessionEnd() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        broker.connect("a", clean: false, will: will(delay: 100), [.sessionExpiryInterval(10)]).cut()
        broker.advance(seconds: 11)
        #expect(watcher.takeTexts() == ["gone"])
        broker.connect("b", clean: false, will: will(delay: 100), [.sessionExpiryInterval(1000)]).cut()
        _ = broker.connect("b", clean: true)
        #expect(watcher.takeTexts() == ["gone"])
        broker.connect("c", will: will(delay: 100)).cut()
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("The will passes the policy when it is due")
    func policy() {
        let broker = TestBroker()
        let watcher = broker.subscriber("s", "w")
        broker.policy.set { $0.verdict = { $0.isWill ? .consume(.success) : .forward } }
        broker.connect("a", will: will).cut()
        #expect(watcher.takePublishes().isEmpty)
        #expect(broker.policy.seen.map(\.isWill) == [true])
        #expect(broker.policy.seen.map(\.clientID) == ["a"])
    }

    @Test("A client that goes is not told its own will")
    func ownWill() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, will: will, [.sessionExpiryInterval(100)])
        client.subscribe("w", qos: .atLeastOnce)
        client.cut()
        // It has a session, so it gets the message like everyone else on its return.
        #expect(broker.connect("a", clean: false, [.sessionExpiryInterval(100)]).takeTexts() == ["gone"])
    }
}
