import MQTTCodec
import NIOCore
import Testing

@Suite("3.3.2.3.3 Message expiry")
struct ExpiryTests {
    @Test(
        "A message that waited says how much of its time is left", .proves("MQTT-3.3.2-6", "TRAP-23"),
        arguments: [QoS.atLeastOnce, .exactlyOnce])
    func remainder(qos: QoS) async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("s")
            try await first.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "live", qos, [.messageExpiryInterval(100)])
            let live = try await first.receive()
            #expect((99...100).contains(live.properties.messageExpiryInterval ?? 0))
            try await first.acknowledge(live)
            try await first.disconnect()
            try await publisher.publish("a", "queued", qos, [.messageExpiryInterval(100)])
            try await publisher.publish("kept", "retained", qos, retain: true, [.messageExpiryInterval(100)])
            try await broker.pass(seconds: 2)
            let second = try await broker.resume("s")
            let queued = try await second.receive()
            // Two seconds at least have passed; the rest is the test's own time.
            #expect((60...98).contains(queued.properties.messageExpiryInterval ?? 0))
            try await second.acknowledge(queued)
            try await second.subscribe("kept", .atMostOnce)
            #expect((60...98).contains(try await second.receive().properties.messageExpiryInterval ?? 0))
        }
    }

    @Test(
        "A message whose time has passed is not delivered: queued, waiting for quota, or retained",
        .proves("MQTT-3.3.2-5", "TRAP-23"), arguments: [QoS.atLeastOnce, .exactlyOnce])
    func expired(qos: QoS) async throws {
        try await Broker.run { broker in
            let away = try await broker.resume("away")
            try await away.subscribe("a")
            try await away.disconnect()
            let slow = try await broker.connect(nil, [.receiveMaximum(1)])
            try await slow.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "first", qos)
            try await publisher.publish("a", "short", qos, [.messageExpiryInterval(1)])
            try await publisher.publish("a", "long", qos, [.messageExpiryInterval(600)])
            try await publisher.publish("kept", "short", qos, retain: true, [.messageExpiryInterval(1)])
            try await publisher.publish("kept/0", "zero", retain: true, [.messageExpiryInterval(1)])
            try await broker.pass(seconds: 2)
            #expect(try await slow.receiveTexts(2) == ["first", "long"])
            let back = try await broker.resume("away")
            #expect(try await back.receiveTexts(2) == ["first", "long"])
            try await back.subscribe("kept/#")
            try await back.expectNothing(from: publisher)
        }
    }

    @Test(
        "A message that was sent before its time passed is sent again all the same",
        .proves("MQTT-4.3.3-7", "MQTT-4.4.0-1", "TRAP-23"))
    func sentBefore() async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("s")
            try await first.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "two", .exactlyOnce, [.messageExpiryInterval(1)])
            try await publisher.publish("a", "one", .atLeastOnce, [.messageExpiryInterval(1)])
            let sent = try await first.receiveWithoutAnswer(2)
            await first.abort()
            try await broker.pass(seconds: 2)
            let second = try await broker.resume("s")
            try await second.send(.pingreq)
            var repeated: [Publish] = []
            while case .publish(let publish)? = try await second.next() { repeated.append(publish) }
            #expect(repeated.map(\.packetID) == sent.map(\.packetID))
            #expect(repeated.map(\.text) == sent.map(\.text) && repeated.allSatisfy(\.dup))
        }
    }

    @Test(
        "The exchange of a message goes on although its time has passed",
        .proves("MQTT-4.3.3-13", "MQTT-4.3.3-7"))
    func exchangeGoesOn() async throws {
        try await Broker.run { broker in
            // As a receiver: the message expires for everyone before its PUBREL.
            let publisher = try await broker.connect()
            try await publisher.send(
                .publish(
                    Publish(
                        topic: "a", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 1,
                        properties: [.messageExpiryInterval(1)])))
            try await publisher.expect(.pubrec(Acknowledgement(packetID: 1)))
            // As a sender: it expires before the client's PUBREC.
            let subscriber = try await broker.resume("s")
            try await subscriber.subscribe("b")
            try await publisher.publish("b", "x", .exactlyOnce, [.messageExpiryInterval(1)])
            let id = try #require(try await subscriber.receive().packetID)
            try await broker.pass(seconds: 2)
            try await publisher.send(.pubrel(Acknowledgement(packetID: 1)))
            try await publisher.expect(.pubcomp(Acknowledgement(packetID: 1)))
            try await subscriber.send(.pubrec(Acknowledgement(packetID: id)))
            try await subscriber.expect(.pubrel(Acknowledgement(packetID: id)))
            await subscriber.abort()
            let again = try await broker.resume("s")
            try await again.expect(.pubrel(Acknowledgement(packetID: id)))
        }
    }

    @Test("A will has an expiry like any message", .proves("MQTT-3.3.2-5", "MQTT-3.3.2-6"))
    func will() async throws {
        try await Broker.run { broker in
            let away = try await broker.resume("away")
            try await away.subscribe("will")
            try await away.disconnect()
            for interval in [1, 500] as [UInt32] {
                let client = try await broker.connect(
                    will: Will(
                        topic: "will", payload: ByteBuffer(string: "\(interval)"), qos: .atLeastOnce,
                        properties: [.messageExpiryInterval(interval)]))
                await client.abort()
            }
            try await broker.pass(seconds: 2)
            let back = try await broker.resume("away")
            let publish = try await back.receive()
            #expect(publish.text == "500" && (400...498).contains(publish.properties.messageExpiryInterval ?? 0))
            try await back.expectNothing()
        }
    }
}
