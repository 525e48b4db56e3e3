import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Subscriptions")
struct SubscriptionTests {
    @Test(
        "Wildcards match as the specification's examples say",
        arguments: [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true), ("#", "a/b/c", true), ("#", "$SYS/a", false), ("+/a", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true), ("$SYS/+", "$SYS/a", true), ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false), ("sport/+", "sport", false),
            ("sport/+", "sport/", true), ("+/+", "/finance", true), ("/+", "/finance", true), ("+", "/finance", false),
            ("a/+/+/b", "a/x/y/b", true), ("a/+/+/b", "a/x/b", false), ("a//b", "a//b", true), ("a/+/b", "a//b", true),
            ("caf\u{E9}", "cafe\u{301}", false), ("+/+/+", "a/b", false), ("a/b/#", "a", false),
        ])
    func wildcards(filter: String, topic: String, matches: Bool) {
        let broker = TestBroker()
        let subscriber = broker.subscriber("s", filter)
        broker.publish(LocalMessage(topic: topic, text: "x", retain: true))
        #expect(subscriber.takePublishes().count == (matches ? 1 : 0))
        // Retained messages go by the same rules.
        #expect(broker.subscriber("t", filter).takePublishes().count == (matches ? 1 : 0))
    }

    @Test("Overlapping subscriptions give one copy at the highest QoS, with all identifiers [MQTT-3.3.4-2..4]")
    func overlapping() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.subscribe("a/#", qos: .atMostOnce, [.subscriptionIdentifier(7)])
        client.subscribe("a/+", qos: .exactlyOnce, [.subscriptionIdentifier(300)])
        client.subscribe("a/b", qos: .atLeastOnce)
        broker.connect("p").publish("a/b", "x", qos: .exactlyOnce)
        let publishes = client.takePublishes()
        #expect(publishes.map(\.qos) == [.exactlyOnce])
        #expect(publishes.first.map { Set($0.properties.subscriptionIdentifiers) } == [7, 300])
    }

    @Test("Subscribing again replaces options and identifier [MQTT-3.8.4-3]")
    func replacing() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.subscribe("t", qos: .atMostOnce, [.subscriptionIdentifier(1)])
        #expect(client.subscribe("t", qos: .atLeastOnce, [.subscriptionIdentifier(2)]) == .grantedQoS1)
        broker.publish(LocalMessage(topic: "t", text: "x", qos: .exactlyOnce))
        let publishes = client.takePublishes()
        #expect(publishes.map(\.qos) == [.atLeastOnce])
        #expect(publishes.first?.properties.subscriptionIdentifiers == [2])
        #expect(broker.statistics.subscriptions == 1)
    }

    @Test("Unsubscribing ends the deliveries and answers for each filter [MQTT-3.10.4-2]")
    func unsubscribe() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.subscribe("t/+")
        client.subscribe("u")
        client.send(.unsubscribe(Unsubscribe(packetID: 4, filters: ["t/+", "nothing"])))
        #expect(
            client.take() == [.unsuback(Unsuback(packetID: 4, reasonCodes: [.success, .noSubscriptionExisted]))])
        broker.publish(LocalMessage(topic: "t/1", text: "x"))
        broker.publish(LocalMessage(topic: "u", text: "y"))
        #expect(client.takeTexts() == ["y"])
        client.send(.unsubscribe(Unsubscribe(packetID: 5, filters: ["u"])))
        #expect(broker.statistics.subscriptions == 0)
    }

    @Test("No Local keeps a client's own messages away from it [MQTT-3.8.3-3]")
    func noLocal() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.subscribe("t", noLocal: true)
        client.publish("t", "own")
        broker.connect("b").publish("t", "other")
        #expect(client.takeTexts() == ["other"])
        client.subscribe("+", qos: .atMostOnce)
        client.publish("t", "own")
        #expect(client.takeTexts() == ["own"])
    }

    @Test("Retain As Published decides on the flag of live messages [MQTT-3.3.1-12, -13]")
    func retainAsPublished() {
        let broker = TestBroker()
        let keeps = broker.connect("a")
        keeps.subscribe("t", retainAsPublished: true)
        let plain = broker.subscriber("b", "t")
        broker.connect("p").publish("t", "x", retain: true)
        #expect(keeps.takePublishes().map(\.retain) == [true])
        #expect(plain.takePublishes().map(\.retain) == [false])
    }

    @Test("Each filter of a SUBSCRIBE gets its own answer [MQTT-3.8.4-6]")
    func answers() {
        let broker = TestBroker()
        broker.policy.set { $0.subscribe = { $0.hasPrefix("secret") ? .notAuthorized : nil } }
        let subscriptions = [
            Subscription(filter: "a", qos: .atLeastOnce), Subscription(filter: "secret/#", qos: .atLeastOnce),
            Subscription(filter: "b", qos: .exactlyOnce),
        ]
        let five = broker.connect("a")
        five.send(.subscribe(Subscribe(packetID: 9, subscriptions: subscriptions)))
        #expect(
            five.take() == [
                .suback(Suback(packetID: 9, reasonCodes: [.grantedQoS1, .notAuthorized, .grantedQoS2]))
            ])
        let three = broker.connect("b", .v3_1_1)
        three.send(.subscribe(Subscribe(packetID: 9, subscriptions: subscriptions)))
        #expect(
            three.take() == [
                .suback(Suback(packetID: 9, reasonCodes: [.grantedQoS1, .unspecifiedError, .grantedQoS2]))
            ])
    }

    @Test("A filter with too many levels, and too many filters, are refused")
    func limits() {
        var limits = BrokerLimits()
        limits.maximumTopicLevels = 3
        limits.maximumSubscriptionsPerSession = 2
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a")
        #expect(client.subscribe("a/b/c/d") == .topicFilterInvalid)
        #expect(client.subscribe("a/b/c") == .grantedQoS2)
        #expect(client.subscribe("b") == .grantedQoS2)
        #expect(client.subscribe("c") == .quotaExceeded)
        #expect(client.subscribe("b", qos: .atMostOnce) == .grantedQoS0)
    }

    @Test("Topics are deep at most as a thread's stack allows, whatever is configured")
    func deepest() {
        var limits = BrokerLimits()
        limits.maximumTopicLevels = 65_535
        #expect(limits.maximumTopicLevels == BrokerLimits.highestTopicLevels)
        let broker = TestBroker(limits: limits)
        let topic = { (levels: Int) in Array(repeating: "x", count: levels).joined(separator: "/") }
        let client = broker.connect("a")
        #expect(client.subscribe(topic(1001)) == .topicFilterInvalid)
        #expect(client.subscribe(Array(repeating: "+", count: 1000).joined(separator: "/")) == .grantedQoS2)
        client.publish(topic(1001), qos: .atLeastOnce, id: 1)
        #expect(client.take() == [.puback(Acknowledgement(packetID: 1, reasonCode: .topicNameInvalid))])
        broker.publish(LocalMessage(topic: topic(1000), text: "deep", retain: true))
        #expect(client.takeTexts() == ["deep"])
        #expect(broker.subscriber("s", "#").takeTexts() == ["deep"])
    }

    @Test("A shared subscription spreads messages over its members, each to one [MQTT-4.8.2-5]")
    func shared() {
        let broker = TestBroker()
        let members = (0..<3).map { broker.subscriber("m\($0)", "$share/g/t/+", qos: .atLeastOnce) }
        let other = broker.subscriber("n", "$share/h/t/#", qos: .atLeastOnce)
        let plain = broker.subscriber("o", "t/1")
        for number in 0..<9 { broker.publish(LocalMessage(topic: "t/1", text: "\(number)", qos: .atLeastOnce)) }
        let texts = members.map { $0.takeTexts() }
        #expect(texts.map(\.count) == [3, 3, 3])
        #expect(Set(texts.joined()).count == 9)
        #expect(other.takeTexts().count == 9)
        #expect(plain.takeTexts().count == 9)
    }

    @Test("A shared subscription prefers members that are there, and queues only when none is")
    func sharedAbsent() {
        let broker = TestBroker()
        let away = broker.connect("m", clean: false, [.sessionExpiryInterval(100)])
        away.subscribe("$share/g/t", qos: .atLeastOnce)
        let here = broker.subscriber("n", "$share/g/t", qos: .atLeastOnce)
        away.cut()
        for number in 0..<4 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        #expect(here.takeTexts().count == 4)
        here.disconnect()
        broker.publish(LocalMessage(topic: "t", text: "5", qos: .atLeastOnce))
        let back = broker.connect("m", clean: false, [.sessionExpiryInterval(100)])
        #expect(back.takeTexts() == ["5"])
    }

    @Test("No Local on a shared subscription is a protocol error [MQTT-3.8.3-4]")
    func sharedNoLocal() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.subscribe("$share/g/t", noLocal: true)
        #expect(client.isClosed)
    }

    @Test("Messages keep their order whatever other topics do")
    func order() {
        let broker = TestBroker()
        let subscriber = broker.subscriber("s", "#")
        let client = broker.connect("p")
        for number in 0..<500 { client.publish("t/\(number % 7)", "\(number)") }
        #expect(subscriber.takeTexts() == (0..<500).map(String.init))
    }
}
