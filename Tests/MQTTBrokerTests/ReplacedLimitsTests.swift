import MQTTBroker
import MQTTCodec
import Testing

@Suite("Limits that change while clients are connected")
struct ReplacedLimitsTests {
    private let persistent: Properties = [.sessionExpiryInterval(1000)]

    private func replace(_ broker: TestBroker, _ change: (inout BrokerLimits) -> Void) {
        var limits = BrokerLimits()
        change(&limits)
        broker.hub.replaceLimits(limits)
        for core in broker.cores { core.replaceLimits(limits) }
    }

    @Test("Fewer subscriptions: those that are there stay, and a new one is refused")
    func subscriptions() {
        let broker = TestBroker()
        let client = broker.connect("a")
        for filter in ["a", "b", "c"] { client.subscribe(filter) }
        replace(broker) { $0.maximumSubscriptionsPerSession = 2 }
        #expect(client.subscribe("d") == .quotaExceeded)
        broker.publish(LocalMessage(topic: "c", text: "still here"))
        #expect(client.takeTexts() == ["still here"])
    }

    @Test("A client is held to what its CONNACK said; the next one is told anew")
    func offers() {
        let broker = TestBroker()
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        let old = broker.connect("old")
        replace(broker) {
            $0.maximumPacketSize = 200
            $0.receiveMaximum = 1
            $0.topicAliasMaximum = 0
            $0.maximumQoS = .atLeastOnce
            $0.retainAvailable = false
            $0.wildcardSubscriptionsAvailable = false
            $0.sharedSubscriptionsAvailable = false
            $0.subscriptionIdentifiersAvailable = false
        }
        for id in 1...3 { old.publish("t", qos: .exactlyOnce, retain: true, id: UInt16(id), [.topicAlias(1)]) }
        old.publish("t", String(repeating: "x", count: 300))
        #expect(old.subscribe("w/+", qos: .exactlyOnce, [.subscriptionIdentifier(1)]) == .granted(.exactlyOnce))
        #expect(old.subscribe("$share/g/t") == .granted(.exactlyOnce))
        #expect(!old.isClosed)

        let told = broker.connect("told").connack?.properties
        #expect(told?.maximumPacketSize == 200 && told?.receiveMaximum == 1 && told?.topicAliasMaximum == nil)
        let breaches: [(ReasonCode, (TestClient) -> Void)] = [
            (.packetTooLarge, { $0.publish("t", String(repeating: "x", count: 300)) }),
            (.receiveMaximumExceeded, { for id in 1...2 { $0.publish("t", qos: .atLeastOnce, id: UInt16(id)) } }),
            (.topicAliasInvalid, { $0.publish("t", "x", [.topicAlias(1)]) }),
            (.qosNotSupported, { $0.publish("t", qos: .exactlyOnce) }),
            (.retainNotSupported, { $0.publish("t", retain: true) }),
            (.wildcardSubscriptionsNotSupported, { $0.subscribe("w/+") }),
            (.sharedSubscriptionsNotSupported, { $0.subscribe("$share/g/t") }),
            (.subscriptionIdentifiersNotSupported, { $0.subscribe("w", [.subscriptionIdentifier(1)]) }),
        ]
        for (reason, breach) in breaches {
            let client = broker.connect("new")
            breach(client)
            #expect(client.take().compactMap(\.asDisconnect).first?.reasonCode == reason)
        }
    }

    @Test("A session lives as long as its CONNACK said, also when the limit is lower at its client's goodbye")
    func expiry() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        replace(broker) { $0.maximumSessionExpiry = 10 }
        client.disconnect(.normalDisconnection, [.sessionExpiryInterval(500)])
        broker.advance(seconds: 400)
        #expect(broker.connect("a", clean: false, persistent).connack?.sessionPresent == true)
    }

    @Test("What waits is not lost by a lower bound, and new messages find no room")
    func newest() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        client.cut()
        for number in 1...5 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        replace(broker) { $0.maximumQueuedMessages = 2 }
        broker.publish(LocalMessage(topic: "t", text: "6", qos: .atLeastOnce))
        #expect(broker.connect("a", clean: false, persistent).takeTexts() == ["1", "2", "3", "4", "5"])
    }

    @Test("Where the oldest goes, each new message takes the place of one and of no more", arguments: [true, false])
    func oldest(isTotal: Bool) {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        client.cut()
        for number in 1...5 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        replace(broker) {
            $0.queueDrop = .oldest
            if isTotal { $0.maximumTotalQueuedMessages = 2 } else { $0.maximumQueuedMessages = 2 }
        }
        broker.publish(LocalMessage(topic: "t", text: "6", qos: .atLeastOnce))
        #expect(broker.connect("a", clean: false, persistent).takeTexts() == ["2", "3", "4", "5", "6"])
    }

    @Test("A session that moves, or loses what only a present client gets, keeps all that waits", arguments: [1, 2])
    func waitingMessagesStay(shards: Int) {
        let broker = TestBroker(shards: shards)
        broker.policy.set { $0.volatileTopics = ["v"] }
        let client = broker.connect("a", clean: false, [.sessionExpiryInterval(1000), .receiveMaximum(1)])
        client.subscribe("#")
        for number in 1...5 {
            broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce))
            broker.publish(LocalMessage(topic: "v", text: "live", qos: .atLeastOnce))
        }
        replace(broker) {
            $0.maximumQueuedMessages = 2
            $0.maximumTotalQueuedMessages = 2
        }
        client.cut()
        let again = broker.connect("a", clean: false, shard: shards - 1, persistent)
        #expect(again.takeTexts() == ["1", "2", "3", "4", "5"])
    }

    @Test("Retained messages stay, and can be removed however deep their topics are")
    func retained() {
        let broker = TestBroker()
        for topic in ["a/b/c/d", "e", "f"] { broker.publish(LocalMessage(topic: topic, text: "x", retain: true)) }
        replace(broker) {
            $0.maximumTopicLevels = 2
            $0.maximumRetainedMessages = 1
        }
        #expect(broker.statistics.retainedMessages == 3)
        broker.publish(LocalMessage(topic: "g", text: "x", retain: true))
        #expect(broker.statistics.retainedMessages == 3)
        broker.publish(LocalMessage(topic: "a/b/c/d", text: "", retain: true))
        #expect(Set(broker.subscriber("s", "#").takePublishes().map(\.topic)) == ["e", "f"])
    }

    @Test("Topics and publish rates are bound at once, for those who are connected too")
    func publishes() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.publish("a/b/c", qos: .atLeastOnce, id: 1)
        replace(broker) {
            $0.maximumTopicLevels = 2
            $0.publishRate = 2
        }
        client.publish("a/b/c", qos: .atLeastOnce, id: 2)
        let answers = client.take()
        #expect(answers.first == .puback(Acknowledgement(packetID: 1)))
        #expect(answers.last == .puback(Acknowledgement(packetID: 2, reasonCode: .topicNameInvalid)))
        for _ in 1...3 { client.publish("t") }
        #expect(client.isReadingPaused)
        // A client that was slowed down goes on when there is no limit any more.
        replace(broker) { _ in }
        broker.advance(seconds: 3)
        for _ in 1...100 { client.publish("t") }
        #expect(!client.isReadingPaused)
    }
}
