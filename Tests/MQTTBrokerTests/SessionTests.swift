import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Sessions")
struct SessionTests {
    private let persistent: Properties = [.sessionExpiryInterval(1000)]

    @Test("Messages for an absent client wait in order", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func offlineQueue(qos: QoS) {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t", qos: qos)
        client.cut()
        let publisher = broker.connect("p")
        for number in 1...5 { publisher.publish("t", "\(number)", qos: qos, id: UInt16(number)) }
        publisher.publish("t", "0", qos: .atMostOnce)
        let again = broker.connect("a", clean: false, persistent)
        #expect(again.connack?.sessionPresent == true)
        let publishes = again.takePublishes()
        #expect(publishes.map { String(buffer: $0.payload) } == ["1", "2", "3", "4", "5"])
        #expect(publishes.allSatisfy { $0.qos == qos && !$0.dup })
    }

    @Test("MQTT 3.1.1 keeps a session without the clean flag and drops it with it [MQTT-3.1.2-4]")
    func cleanSession() {
        let broker = TestBroker()
        let client = broker.connect("a", .v3_1_1, clean: false)
        client.subscribe("t", qos: .atLeastOnce)
        client.disconnect()
        broker.connect("p").publish("t", "1", qos: .atLeastOnce)
        let second = broker.connect("a", .v3_1_1, clean: false)
        #expect(second.connack?.sessionPresent == true)
        #expect(second.takeTexts() == ["1"])
        second.disconnect()
        let third = broker.connect("a", .v3_1_1, clean: true)
        #expect(third.connack?.sessionPresent == false)
        broker.connect("p").publish("t", "2", qos: .atLeastOnce)
        #expect(third.take().isEmpty)
    }

    @Test("A session belongs to its user", arguments: [1, 3])
    func owner(shards: Int) {
        let broker = TestBroker(shards: shards)
        broker.policy.set { $0.authentication = { .accepted(Principal(name: $0.userName)) } }

        func connect(_ user: String?, _ version: ProtocolVersion = .v5, clean: Bool = false, shard: Int) -> TestClient {
            let client = broker.open(shard: shard % shards, version: version)
            let properties = version == .v5 ? persistent : Properties()
            client.send(
                .connect(
                    Connect(
                        version: version, clientID: "a", cleanStart: clean, userName: user, properties: properties)))
            return client
        }

        let ana = connect("ana", shard: 0)
        #expect(ana.take().first?.asConnack?.reasonCode == .success)
        ana.subscribe("t", qos: .atLeastOnce)
        for (index, user) in ["bruno", nil].enumerated() {
            // Neither while it is in use, nor to end it, nor on another loop.
            for isThere in [true, false] {
                if !isThere { ana.cut() }
                let new = connect(user, clean: isThere, shard: index + 1)
                #expect(new.take().first?.asConnack?.reasonCode == .clientIdentifierNotValid)
                #expect(new.isClosed)
                let old = connect(user, .v3_1_1, shard: index)
                #expect(old.take().first?.asConnack?.reasonCode == .clientIdentifierNotValid)
            }
            broker.connect("p").publish("t", "\(index)", qos: .atLeastOnce)
        }
        #expect(broker.policy.takeEvents().filter { $0 == "refused takeover of a" }.count == 8)
        let back = connect("ana", shard: 2)
        back.takeConnack()
        #expect(back.connack?.sessionPresent == true)
        #expect(back.takeTexts() == ["0", "1"])
        back.disconnect(.normalDisconnection, [.sessionExpiryInterval(0)])
        #expect(connect("bruno", shard: 1).take().first?.asConnack?.reasonCode == .success, "it had ended")
    }

    @Test("A session ends with its connection unless it has an expiry interval [MQTT-3.1.2-23]")
    func noExpiry() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false)
        client.subscribe("t")
        client.cut()
        #expect(broker.statistics.sessions == 0)
        #expect(broker.statistics.subscriptions == 0)
        #expect(broker.connect("a", clean: false).connack?.sessionPresent == false)
    }

    @Test("A session ends when its expiry interval has passed, not before")
    func expiry() {
        let broker = TestBroker()
        broker.connect("a", clean: false, [.sessionExpiryInterval(10)]).cut()
        broker.advance(seconds: 9)
        #expect(broker.statistics.sessions == 1)
        let back = broker.connect("a", clean: false, [.sessionExpiryInterval(10)])
        #expect(back.connack?.sessionPresent == true)
        broker.advance(seconds: 5)
        back.cut()
        broker.advance(seconds: 9)
        #expect(broker.statistics.sessions == 1)
        broker.advance(seconds: 2)
        #expect(broker.statistics.sessions == 0)
    }

    @Test("DISCONNECT may change the expiry interval, but not from zero [MQTT-3.1.2-23]")
    func expiryInDisconnect() {
        let broker = TestBroker()
        broker.connect("a", clean: false, persistent).disconnect(.normalDisconnection, [.sessionExpiryInterval(0)])
        #expect(broker.statistics.sessions == 0)
        let client = broker.connect("b")
        client.disconnect(.normalDisconnection, [.sessionExpiryInterval(5)])
        #expect(client.take().first?.asDisconnect?.reasonCode == .protocolError)
        #expect(broker.statistics.sessions == 0)
    }

    @Test("The broker caps the expiry interval and says so")
    func expiryCap() {
        var limits = BrokerLimits()
        limits.maximumSessionExpiry = 60
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a", persistent)
        #expect(client.connack?.properties.sessionExpiryInterval == 60)
        client.cut()
        broker.advance(seconds: 61)
        #expect(broker.statistics.sessions == 0)
    }

    @Test("Unacknowledged messages come again with DUP, their identifiers and in order [MQTT-4.4.0-1]")
    func redelivery() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        for number in 1...4 { publisher.publish("t", "\(number)", qos: .atLeastOnce, id: UInt16(number)) }
        let first = client.takePublishes()
        client.acknowledge(first[1])
        client.cut()
        let again = broker.connect("a", clean: false, persistent)
        let second = again.takePublishes()
        #expect(second.map { String(buffer: $0.payload) } == ["1", "3", "4"])
        #expect(second.map(\.packetID) == [first[0], first[2], first[3]].map(\.packetID))
        #expect(second.allSatisfy { $0.dup })
        for publish in second { again.acknowledge(publish) }
        again.cut()
        #expect(broker.connect("a", clean: false, persistent).take().isEmpty)
    }

    @Test("After PUBREC the PUBREL is sent again, not the PUBLISH [MQTT-4.4.0-1]")
    func pubrelAgain() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        broker.connect("p").publish("t", "1", qos: .exactlyOnce)
        let packetID = client.takePublishes().first?.packetID ?? 0
        client.send(.pubrec(Acknowledgement(packetID: packetID)))
        #expect(client.take() == [.pubrel(Acknowledgement(packetID: packetID))])
        client.cut()
        let again = broker.connect("a", clean: false, persistent)
        #expect(again.take() == [.pubrel(Acknowledgement(packetID: packetID))])
        again.send(.pubcomp(Acknowledgement(packetID: packetID)))
        again.cut()
        #expect(broker.connect("a", clean: false, persistent).take().isEmpty)
    }

    @Test("The queue of an absent client is bounded; what is dropped is counted and told")
    func queueBound() {
        var limits = BrokerLimits()
        limits.maximumQueuedMessages = 3
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        client.cut()
        _ = broker.policy.takeEvents()
        for number in 1...5 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        #expect(broker.statistics.messagesDropped == 2)
        #expect(broker.policy.takeEvents() == ["dropped a t 1 queueFull"])
        #expect(broker.connect("a", clean: false, persistent).takeTexts() == ["1", "2", "3"])
    }

    @Test("The queue is bounded in bytes too")
    func queueBytes() {
        var limits = BrokerLimits()
        limits.maximumQueuedBytes = 10_000
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        client.cut()
        let text = String(repeating: "x", count: 3000)
        for _ in 1...5 { broker.publish(LocalMessage(topic: "t", text: text, qos: .atLeastOnce)) }
        #expect(broker.connect("a", clean: false, persistent).takeTexts().count == 3)
    }

    @Test("No more unacknowledged messages than the client's Receive Maximum [MQTT-3.3.4-9]")
    func receiveMaximum() {
        let broker = TestBroker()
        let client = broker.connect("a", [.receiveMaximum(2)])
        client.subscribe("t")
        for number in 1...5 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        var seen: [String] = []
        while true {
            let publishes = client.takePublishes()
            if publishes.isEmpty { break }
            #expect(publishes.count <= 2)
            seen += publishes.map { String(buffer: $0.payload) }
            for publish in publishes { client.acknowledge(publish) }
        }
        #expect(seen == ["1", "2", "3", "4", "5"])
    }

    @Test("QoS 0 messages do not wait for the Receive Maximum")
    func receiveMaximumAndQoS0() {
        let broker = TestBroker()
        let client = broker.connect("a", [.receiveMaximum(1)])
        client.subscribe("t")
        broker.publish(LocalMessage(topic: "t", text: "1", qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "t", text: "2", qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "t", text: "3"))
        #expect(client.takeTexts() == ["1", "3"])
    }

    @Test("A lower Receive Maximum on the next connection holds for what is sent again, too")
    func receiveMaximumOnResume() {
        let broker = TestBroker()
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t")
        for number in 1...4 { broker.publish(LocalMessage(topic: "t", text: "\(number)", qos: .atLeastOnce)) }
        #expect(client.takeTexts().count == 4)
        client.cut()
        let again = broker.connect("a", clean: false, [.sessionExpiryInterval(1000), .receiveMaximum(1)])
        var seen: [String] = []
        for _ in 0..<4 {
            let publishes = again.takePublishes()
            #expect(publishes.count == 1)
            seen += publishes.map { String(buffer: $0.payload) }
            for publish in publishes { again.acknowledge(publish) }
        }
        #expect(seen == ["1", "2", "3", "4"])
    }

    @Test(
        "QoS 2 exchanges of an earlier connection leave the quota of the next alone [MQTT-4.9.0-1]", arguments: [1, 2])
    func quotaBeginsAnew(shards: Int) {
        var limits = BrokerLimits()
        limits.receiveMaximum = 2
        let broker = TestBroker(shards: shards, limits: limits)
        let first = broker.connect("a", clean: false, [.sessionExpiryInterval(100)])
        for id in 1...2 { first.publish("t", qos: .exactlyOnce, id: UInt16(id)) }
        first.cut()
        let client = broker.connect("a", clean: false, shard: shards - 1, [.sessionExpiryInterval(100)])
        // One of the two comes again and counts, the other one waits for its turn.
        client.publish("t", qos: .exactlyOnce, dup: true, id: 1)
        client.publish("t", qos: .exactlyOnce, id: 3)
        #expect(client.take() == [1, 3].map { .pubrec(Acknowledgement(packetID: $0)) })
        for id in [1, 2, 3] as [UInt16] { client.send(.pubrel(Acknowledgement(packetID: id))) }
        #expect(client.take() == [1, 2, 3].map { .pubcomp(Acknowledgement(packetID: $0)) })
        for id in 4...5 { client.publish("t", qos: .exactlyOnce, id: UInt16(id)) }
        #expect(client.take().count == 2)
        client.publish("t", qos: .exactlyOnce, id: 6)
        #expect(client.take().last?.asDisconnect?.reasonCode == .receiveMaximumExceeded)
    }

    @Test("A client that exceeds the broker's Receive Maximum is cut off with 0x93")
    func receiveMaximumExceeded() {
        var limits = BrokerLimits()
        limits.receiveMaximum = 2
        let broker = TestBroker(limits: limits)
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        let client = broker.connect("a")
        #expect(client.connack?.properties.receiveMaximum == 2)
        for number in 1...2 { client.publish("t", qos: .atLeastOnce, id: UInt16(number)) }
        #expect(!client.isClosed)
        client.publish("t", qos: .atLeastOnce, id: 3)
        #expect(client.take().first?.asDisconnect?.reasonCode == .receiveMaximumExceeded)
    }

    @Test("MQTT 3 clients with many held acknowledgements are not read for a while")
    func heldBacklogPausesReading() {
        var limits = BrokerLimits()
        limits.receiveMaximum = 2
        let broker = TestBroker(limits: limits)
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        let client = broker.connect("a", .v3_1_1)
        for number in 1...3 { client.publish("t", qos: .atLeastOnce, id: UInt16(number)) }
        #expect(client.isReadingPaused)
        for seen in broker.policy.seen { broker.release(seen.ticket) }
        #expect(!client.isReadingPaused)
        #expect(client.take().count == 3)
    }

    @Test("Messages on volatile topics are not queued for an absent client")
    func volatileTopics() {
        let broker = TestBroker()
        broker.policy.set { $0.volatileTopics = ["v"] }
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("#")
        broker.publish(LocalMessage(topic: "v", text: "live", qos: .atLeastOnce))
        #expect(client.takeTexts() == ["live"])
        client.cut()
        broker.publish(LocalMessage(topic: "v", text: "late", qos: .atLeastOnce))
        broker.publish(LocalMessage(topic: "w", text: "kept", qos: .atLeastOnce))
        // The first was never acknowledged, but is of no use now.
        #expect(broker.connect("a", clean: false, persistent).takeTexts() == ["kept"])
    }

    @Test("A message that must not be queued reaches only who is there, and is not sent again")
    func neverQueued() {
        let broker = TestBroker()
        let here = broker.connect("a", clean: false, [.sessionExpiryInterval(1000), .receiveMaximum(1)])
        here.subscribe("t")
        let away = broker.connect("b", clean: false, persistent)
        away.subscribe("t")
        away.cut()
        let live = (1...2).map {
            broker.publish(
                LocalMessage(topic: "t", text: "\($0)", qos: .atLeastOnce, retain: true, neverQueued: true))
        }
        #expect(live == [1, 1])
        #expect(here.takeTexts() == ["1"])
        here.cut()
        #expect(broker.connect("a", clean: false, persistent).takePublishes().isEmpty)
        #expect(broker.connect("b", clean: false, persistent).takePublishes().isEmpty)
        #expect(broker.subscriber("c", "t").takePublishes().isEmpty)
    }

    @Test("Packet identifiers in use are not given twice, all 65,535 are usable")
    func packetIdentifiers() {
        var limits = BrokerLimits()
        limits.sendMaximum = .max
        limits.maximumQueuedMessages = 100_000
        let broker = TestBroker(limits: limits)
        let client = broker.subscriber("a", "t", qos: .atLeastOnce)
        var used = Set<UInt16>()
        for _ in 0..<65_536 { broker.publish(LocalMessage(topic: "t", text: "", qos: .atLeastOnce)) }
        let publishes = client.takePublishes()
        for publish in publishes { used.insert(publish.packetID ?? 0) }
        #expect(publishes.count == 65_535 && used.count == 65_535 && !used.contains(0))
        client.send(.puback(Acknowledgement(packetID: 77)))
        #expect(client.takePublishes().map(\.packetID) == [77])
    }
}
