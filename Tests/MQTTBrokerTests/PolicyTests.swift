import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("What the policy decides about messages and is told about sessions")
struct PolicyTests {
    private let persistent: Properties = [.sessionExpiryInterval(100)]

    @Test("A publish goes on with the topic, payload and properties that the policy gives it", arguments: QoS.allCases)
    func rewrites(qos: QoS) {
        let broker = TestBroker()
        broker.policy.set {
            $0.verdict = { $0.topic == "raw" ? .rewrite : .forward }
            $0.rewrite = { seen in
                Rewrite(
                    topic: "clean/\(seen.clientID)", payload: ByteBuffer(string: seen.payload.uppercased()),
                    properties: [.contentType("text"), .messageExpiryInterval(60)], verdict: .forwardRetained)
            }
        }
        let subscriber = broker.subscriber("s", "clean/#")
        let old = broker.subscriber("o", "clean/#", .v3_1_1)
        let raw = broker.subscriber("r", "raw")
        let publisher = broker.connect("p")
        publisher.publish(
            "raw", "secret", qos: qos, id: 7, [.topicAlias(3), .userProperty(UserProperty(name: "a", value: "b"))])
        let answer: [Packet] =
            switch qos {
            case .atMostOnce: []
            case .atLeastOnce: [.puback(Acknowledgement(packetID: 7))]
            case .exactlyOnce: [.pubrec(Acknowledgement(packetID: 7))]
            }
        #expect(publisher.take() == answer)
        let publish = subscriber.takePublishes().first
        #expect(publish?.topic == "clean/p" && publish?.qos == qos)
        #expect(publish.map { String(buffer: $0.payload) } == "SECRET")
        #expect(publish?.properties == [.messageExpiryInterval(60), .contentType("text")])
        #expect(old.takeTexts() == ["SECRET"])
        #expect(raw.takePublishes().isEmpty)
        broker.advance(seconds: 20)
        let late = broker.subscriber("late", "#").takePublishes().first
        #expect(late?.topic == "clean/p" && late?.retain == true && late?.properties.messageExpiryInterval == 40)
    }

    @Test(
        "A rewrite to what nobody may publish is refused, as is none at all",
        arguments: [
            "", "a/+", "$SYS/x", "a/b/c/d", "nothing",
        ])
    func badRewrites(topic: String) {
        var limits = BrokerLimits()
        limits.maximumTopicLevels = 3
        let broker = TestBroker(limits: limits)
        broker.policy.set {
            $0.verdict = { _ in .rewrite }
            $0.rewrite = { _ in topic == "nothing" ? nil : Rewrite(topic: topic, payload: ByteBuffer()) }
        }
        let all = broker.subscriber("s", "#")
        let publisher = broker.connect("p")
        publisher.publish("t", qos: .atLeastOnce, id: 1)
        let reason: ReasonCode = topic == "nothing" ? .implementationSpecificError : .topicNameInvalid
        #expect(publisher.take() == [.puback(Acknowledgement(packetID: 1, reasonCode: reason))])
        #expect(all.takePublishes().isEmpty)
    }

    @Test("The acknowledgement of a rewritten publish can be held, and a will can be rewritten")
    func holdsRewritten() {
        let broker = TestBroker()
        broker.policy.set {
            $0.verdict = { _ in .rewrite }
            $0.rewrite = {
                Rewrite(topic: "x", payload: ByteBuffer(string: $0.payload), verdict: .hold(retained: false))
            }
        }
        let subscriber = broker.subscriber("s", "x")
        let publisher = broker.connect(
            "p", will: Will(topic: "w", payload: ByteBuffer(string: "gone"), qos: .atMostOnce, retain: false))
        publisher.publish("t", "here", qos: .atLeastOnce, id: 1)
        #expect(publisher.take().isEmpty)
        if let ticket = broker.policy.seen.first?.ticket { broker.release(ticket) }
        #expect(publisher.take().count == 1)
        publisher.cut()
        #expect(subscriber.takeTexts() == ["here", "gone"])
    }

    @Test("A message goes to no subscriber that the policy does not let have it", arguments: [1, 2])
    func authorizesDeliveries(shards: Int) {
        let policy = TestPolicy(authorizesDeliveries: true)
        policy.set { $0.forbidden = [["t", "b"], ["kept", "b"]] }
        let broker = TestBroker(shards: shards, policy: policy)
        let allowed = broker.subscriber("a", "#", shard: shards - 1)
        let refused = broker.subscriber("b", "#", shard: shards - 1)
        let publisher = broker.connect("p")
        publisher.publish("t", "1")
        publisher.publish("kept", "2", retain: true)
        publisher.publish("u", "3")
        #expect(allowed.takeTexts() == ["1", "2", "3"])
        #expect(refused.takeTexts() == ["3"])
        refused.subscribe("kept")
        #expect(refused.takeTexts().isEmpty)
        policy.set { $0.forbidden = [["u", "b"]] }
        for core in broker.cores { core.reviewRights(now: broker.now) }
        publisher.publish("t", "4")
        publisher.publish("u", "5")
        #expect(refused.takeTexts() == ["4"])
    }

    @Test("A shared subscription's message goes to a member that may have it", arguments: [1, 2])
    func authorizesShared(shards: Int) {
        let policy = TestPolicy(authorizesDeliveries: true)
        policy.set { $0.forbidden = [["t", "a"], ["t", "b"], ["nobody", "a"], ["nobody", "b"], ["nobody", "c"]] }
        let broker = TestBroker(shards: shards, policy: policy)
        let members = ["a", "b", "c"].enumerated().map { broker.subscriber($1, "$share/g/#", shard: $0 % shards) }
        let publisher = broker.connect("p")
        for number in 1...5 { publisher.publish("t", "\(number)") }
        publisher.publish("nobody", "x")
        #expect(members.map { $0.takeTexts() } == [[], [], ["1", "2", "3", "4", "5"]])
    }

    @Test("A bridge that takes no commands gets none by a shared subscription either")
    func sharedCommands() {
        let policy = TestPolicy()
        policy.set {
            $0.commandTopics = ["gate"]
            $0.authentication = { request in
                let terms = SessionTerms(
                    maximumQueuedMessages: 10, maximumQueuedBytes: 10_000, queueDrop: .newest, takesCommands: false)
                return .accepted(Principal(name: "u", terms: request.clientID == "bridge" ? terms : nil))
            }
        }
        let broker = TestBroker(policy: policy)
        let bridge = broker.connect("bridge")
        bridge.subscribe("$share/g/#")
        bridge.subscribe("#")
        let publisher = broker.connect("p")
        publisher.publish("gate", "OPEN")
        publisher.publish("t", "21")
        #expect(bridge.takeTexts() == ["21", "21"])
    }

    @Test("The end of a session is told, with why and what was lost by it")
    func sessionEnds() {
        let broker = TestBroker()
        func ends() -> [String] { broker.policy.takeEvents().filter { $0.hasPrefix("ended") } }
        broker.connect("clean").cut()
        #expect(ends() == ["ended clean connectionEnded 0"])

        let lasting = broker.connect("c", clean: false, persistent)
        lasting.subscribe("t", qos: .atLeastOnce)
        broker.publish(LocalMessage(topic: "t", text: "under way", qos: .atLeastOnce))
        lasting.cut()
        broker.publish(LocalMessage(topic: "t", text: "queued", qos: .atLeastOnce))
        #expect(ends() == [])
        broker.advance(seconds: 101)
        #expect(ends() == ["ended c expired 2"])

        _ = broker.connect("d", clean: false, persistent)
        _ = broker.connect("d", clean: true)
        #expect(ends() == ["ended d replaced 0"])

        let loser = broker.connect("e", clean: false, persistent)
        loser.subscribe("t")
        broker.policy.set { $0.subscribe = { _ in .notAuthorized } }
        broker.cores[0].reviewRights(now: broker.now)
        broker.pump()
        #expect(ends() == ["ended e rightsLost 0"])
    }

    @Test("The end of a session that is asked for elsewhere is told once")
    func sessionEndsElsewhere() {
        let broker = TestBroker(shards: 2)
        broker.connect("c", clean: false, persistent).cut()
        _ = broker.connect("c", clean: true, shard: 1)
        #expect(broker.policy.takeEvents().filter { $0.hasPrefix("ended") } == ["ended c replaced 0"])
    }
}
