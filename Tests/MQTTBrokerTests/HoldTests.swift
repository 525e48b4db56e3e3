import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Acknowledgements that the host holds")
struct HoldTests {
    private func holding(_ verdict: PublishVerdict = .hold(retained: false)) -> TestBroker {
        let broker = TestBroker()
        broker.policy.set { $0.verdict = { _ in verdict } }
        return broker
    }

    @Test("What the host has said of a QoS 2 publish holds on the next connection, though another kept its PUBREC back")
    func wordIsKept() {
        let broker = TestBroker()
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        let properties: Properties = [.sessionExpiryInterval(.max)]
        let client = broker.connect("a", .v5, clean: false, properties)
        for id in 1...3 { client.publish("t", "\(id)", qos: .exactlyOnce, id: UInt16(id)) }
        let tickets = broker.policy.seen.map(\.ticket)
        broker.release(tickets[1])
        broker.release(tickets[2], .quotaExceeded)
        #expect(client.take().isEmpty)
        client.cut()
        let back = broker.connect("a", .v5, clean: false, properties)
        back.publish("t", "2", qos: .exactlyOnce, dup: true, id: 2)
        #expect(back.take() == [.pubrec(Acknowledgement(packetID: 2))])
        // The one that was refused is a new publish.
        back.publish("t", "3", qos: .exactlyOnce, dup: true, id: 3)
        #expect(broker.policy.seen.count == 4)
        broker.release(tickets[0])
        back.publish("t", "1", qos: .exactlyOnce, dup: true, id: 1)
        #expect(broker.policy.seen.count == 4)
    }

    @Test("A held message is routed at once and acknowledged on release", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func hold(qos: QoS) {
        let broker = holding()
        let subscriber = broker.subscriber("s", "t")
        let client = broker.connect("p")
        client.publish("t", "1", qos: qos, id: 8)
        #expect(subscriber.takeTexts() == ["1"])
        #expect(client.take().isEmpty)
        broker.release(broker.policy.seen[0].ticket)
        let answer = Acknowledgement(packetID: 8)
        #expect(client.take() == [qos == .atLeastOnce ? .puback(answer) : .pubrec(answer)])
    }

    @Test("QoS 0 has nothing to hold")
    func holdQoS0() {
        let broker = holding()
        let subscriber = broker.subscriber("s", "t")
        broker.connect("p").publish("t", "1")
        #expect(subscriber.takeTexts() == ["1"])
        #expect(broker.policy.seen.map(\.ticket) == [.none])
        broker.release(.none)
    }

    @Test("A held acknowledgement holds those behind it, whatever order they are released in [MQTT-4.6.0-2]")
    func order() {
        let broker = holding()
        broker.policy.set { $0.verdict = { $0.payload == "now" ? .forward : .hold(retained: false) } }
        let client = broker.connect("p")
        client.publish("t", "1", qos: .atLeastOnce, id: 1)
        client.publish("t", "now", qos: .atLeastOnce, id: 2)
        client.publish("t", "2", qos: .exactlyOnce, id: 3)
        client.publish("t", "3", qos: .atLeastOnce, id: 4)
        #expect(client.take().isEmpty)
        let tickets = broker.policy.seen.filter { $0.payload != "now" }.map(\.ticket)
        broker.release(tickets[2])
        broker.release(tickets[1])
        #expect(client.take().isEmpty)
        broker.release(tickets[0])
        #expect(
            client.take() == [
                .puback(Acknowledgement(packetID: 1)), .puback(Acknowledgement(packetID: 2)),
                .pubrec(Acknowledgement(packetID: 3)), .puback(Acknowledgement(packetID: 4)),
            ])
    }

    @Test("A message held only is not routed")
    func holdOnly() {
        let broker = holding(.holdOnly)
        let subscriber = broker.subscriber("s", "t")
        let client = broker.connect("p")
        client.publish("t", "1", qos: .atLeastOnce)
        broker.release(broker.policy.seen[0].ticket)
        #expect(client.take().count == 1)
        #expect(subscriber.takePublishes().isEmpty)
    }

    @Test("A consumed message is acknowledged with the code and not routed")
    func consume() {
        let broker = holding(.consume(.noMatchingSubscribers))
        let subscriber = broker.subscriber("s", "t")
        let client = broker.connect("p")
        client.publish("t", "1", qos: .atLeastOnce, id: 2)
        #expect(client.take() == [.puback(Acknowledgement(packetID: 2, reasonCode: .noMatchingSubscribers))])
        #expect(subscriber.takePublishes().isEmpty)
    }

    @Test("A refusal is said to MQTT 5; MQTT 3 gets a plain acknowledgement")
    func refuse() {
        let broker = holding(.refuse(.notAuthorized))
        let five = broker.connect("a")
        five.publish("t", qos: .exactlyOnce, id: 2)
        #expect(five.take() == [.pubrec(Acknowledgement(packetID: 2, reasonCode: .notAuthorized))])
        five.publish("t", qos: .exactlyOnce, id: 2)
        #expect(five.take().count == 1)
        #expect(broker.policy.seen.count == 2)
        let three = broker.connect("b", .v3_1_1)
        three.publish("t", qos: .exactlyOnce, id: 2)
        #expect(three.take() == [.pubrec(Acknowledgement(packetID: 2))])
        three.send(.pubrel(Acknowledgement(packetID: 2)))
        #expect(three.take() == [.pubcomp(Acknowledgement(packetID: 2))])
    }

    @Test("A failure is said to MQTT 5; MQTT 3 loses its connection without an acknowledgement")
    func failure() {
        let broker = holding()
        let five = broker.connect("a")
        five.publish("t", qos: .atLeastOnce, id: 2)
        broker.release(broker.policy.seen[0].ticket, .unspecifiedError)
        #expect(five.take() == [.puback(Acknowledgement(packetID: 2, reasonCode: .unspecifiedError))])
        let three = broker.connect("b", .v3_1_1)
        three.publish("t", qos: .atLeastOnce, id: 2)
        broker.release(broker.policy.seen[1].ticket, .unspecifiedError)
        #expect(three.take().isEmpty && three.isClosed)
    }

    @Test("Releasing for a connection that has gone does nothing")
    func staleTicket() {
        let broker = holding()
        let client = broker.connect("a")
        client.publish("t", qos: .atLeastOnce, id: 2)
        client.cut()
        let next = broker.connect("a")
        broker.release(broker.policy.seen[0].ticket)
        #expect(next.take().isEmpty)
        broker.release(broker.policy.seen[0].ticket)
    }

    @Test("QoS 2 held over a lost connection is not routed twice, and is acknowledged once it is released")
    func heldQoS2AcrossConnections() {
        let broker = holding()
        let subscriber = broker.subscriber("s", "t")
        let expiry: Properties = [.sessionExpiryInterval(100)]
        let client = broker.connect("a", clean: false, expiry)
        client.publish("t", "1", qos: .exactlyOnce, id: 2)
        client.publish("t", "2", qos: .exactlyOnce, id: 3)
        client.cut()
        let tickets = broker.policy.seen.map(\.ticket)
        broker.release(tickets[0])
        let again = broker.connect("a", clean: false, expiry)
        again.publish("t", "1", qos: .exactlyOnce, dup: true, id: 2)
        again.publish("t", "2", qos: .exactlyOnce, dup: true, id: 3)
        #expect(again.take() == [.pubrec(Acknowledgement(packetID: 2))])
        broker.release(tickets[1])
        #expect(again.take() == [.pubrec(Acknowledgement(packetID: 3))])
        #expect(subscriber.takeTexts() == ["1", "2"])
        #expect(broker.policy.seen.count == 2)
    }

    @Test("The host can hold and retain")
    func holdRetained() {
        let broker = holding(.hold(retained: true))
        broker.connect("p").publish("t", "1", qos: .atLeastOnce)
        #expect(broker.subscriber("s", "t").takeTexts() == ["1"])
    }

    @Test("The policy can read topic, payload and properties of a publish")
    func inspection() {
        let broker = holding()
        let client = broker.connect("p")
        client.publish("a/b", "text", qos: .atLeastOnce, dup: true, [.responseTopic("r"), .topicAlias(3)])
        client.publish("", "more", qos: .atLeastOnce, id: 2, [.topicAlias(3)])
        let seen = broker.policy.seen
        #expect(seen.map(\.topic) == ["a/b", "a/b"])
        #expect(seen.map(\.payload) == ["text", "more"])
        #expect(seen.map(\.isDuplicate) == [true, false])
        #expect(seen[0].properties.responseTopic == "r")
        #expect(seen[0].ticket != seen[1].ticket)
    }
}
