import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("3.1.2.11.4 and 3.2.2.3.6 Maximum Packet Size, both ways")
struct PacketSizeTests {
    private static let maximum = 60

    /// Bytes of a PUBLISH of the one-letter topic besides its payload.
    private func overhead(_ qos: QoS) -> Int { 2 + 3 + (qos == .atMostOnce ? 0 : 2) + 1 }

    @Test(
        "A message of just the client's size comes, one byte more is left out as if it had been delivered",
        .proves("MQTT-3.1.2-24", "MQTT-3.1.2-25", "TRAP-22"), arguments: QoS.allCases, QoS.allCases)
    func limit(published: QoS, granted: QoS) async throws {
        try await Broker.run { broker in
            let small = try await broker.resume(
                "small", [.maximumPacketSize(UInt32(Self.maximum)), .receiveMaximum(2)])
            try await small.subscribe("a", granted)
            let large = try await broker.connect()
            try await large.subscribe("a", granted)
            let publisher = try await broker.connect()
            let qos = min(published, granted)
            let fits = String(repeating: "x", count: Self.maximum - overhead(qos))
            for text in [fits + "y", fits, fits + "yy", fits + "yyy", "z"] {
                try await publisher.publish("a", text, published)
            }
            try await small.subscribe("end", .atMostOnce)
            try await publisher.publish("end")
            var received: [Publish] = []
            while true {
                let publish = try await small.receive()
                if publish.topic == "end" { break }
                try await small.acknowledge(publish)
                received.append(publish)
            }
            #expect(received.map(\.text) == [fits, "z"] && received.allSatisfy { $0.qos == qos })
            #expect(try await large.receiveTexts(5).map(\.count) == [1, 0, 2, 3].map { fits.count + $0 } + [1])
            // What was left out counts as delivered, also when the client next takes more.
            await small.abort()
            let again = try await broker.resume("small")
            try await again.expectNothing(from: publisher)
        }
    }

    @Test(
        "A queued, a repeated and a retained message too large for the client are left out, and the queue goes on",
        .proves("MQTT-3.1.2-25", "MQTT-3.1.2-24", "TRAP-22"))
    func otherWays() async throws {
        try await Broker.run { broker in
            let long = String(repeating: "x", count: 200)
            let first = try await broker.resume("s")
            try await first.subscribe("a", .atLeastOnce)
            let publisher = try await broker.connect()
            try await publisher.publish("a", long, .atLeastOnce)
            try await publisher.publish("a", "unacknowledged", .atLeastOnce)
            _ = try await first.receiveWithoutAnswer(2)
            await first.abort()
            for text in [long, "queued"] { try await publisher.publish("a", text, .atLeastOnce) }
            try await publisher.publish("kept/1", long, .atLeastOnce, retain: true)
            try await publisher.publish("kept/2", "retained", .atLeastOnce, retain: true)
            let second = try await broker.resume("s", [.maximumPacketSize(100), .receiveMaximum(1)])
            #expect(try await second.receiveTexts(2) == ["unacknowledged", "queued"])
            try await second.subscribe("kept/+")
            #expect(try await second.receiveTexts(1) == ["retained"])
            try await second.expectNothing(from: publisher)
        }
    }

    @Test("A message that only its subscription identifier makes too large is left out", .proves("MQTT-3.1.2-25"))
    func identifier() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, [.maximumPacketSize(UInt32(Self.maximum))])
            try await client.subscribe("a", .atMostOnce, identifier: 200)
            let publisher = try await broker.connect()
            let fits = String(repeating: "x", count: Self.maximum - overhead(.atMostOnce) - 3)
            try await publisher.publish("a", fits + "y")
            try await publisher.publish("a", fits)
            #expect(try await client.receive().text == fits)
            try await client.expectNothing()
        }
    }

    /// Answers with every kind of error that the broker has, for a client that takes very short packets.
    private func everyAnswer(_ broker: Broker, _ client: Client) async throws {
        #expect(try await client.publish("forbidden/a", "", .atLeastOnce) == .notAuthorized)
        #expect(try await client.publish("forbidden/a", "", .exactlyOnce) == .notAuthorized)
        #expect(try await client.publish("a", "", .exactlyOnce) == .success)
        #expect(try await client.subscribe("forbidden/a") == .notAuthorized)
        #expect(try await client.subscribe(String(repeating: "/", count: 200)) == .topicFilterInvalid)
        #expect(try await client.unsubscribe("none") == [.noSubscriptionExisted])
        try await client.send(.pubrel(Acknowledgement(packetID: 9)))
        try await client.expect(.pubcomp(Acknowledgement(packetID: 9, reasonCode: .packetIdentifierNotFound)))
        try await client.send(.pubrec(Acknowledgement(packetID: 9)))
        try await client.expect(.pubrel(Acknowledgement(packetID: 9, reasonCode: .packetIdentifierNotFound)))
        try await client.send([0xC1, 0x00])
        try await client.expectClose(.malformedPacket)
    }

    @Test(
        "No answer grows beyond the client's size by what it says of its reason",
        .proves(
            "MQTT-3.2.2-19", "MQTT-3.2.2-20", "MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.5.2-2", "MQTT-3.5.2-3",
            "MQTT-3.6.2-1", "MQTT-3.6.2-2", "MQTT-3.6.2-3", "MQTT-3.7.2-1", "MQTT-3.7.2-2", "MQTT-3.7.2-3",
            "MQTT-3.9.2-1", "MQTT-3.9.2-2", "MQTT-3.11.2-1", "MQTT-3.11.2-2", "MQTT-3.11.3-2", "MQTT-3.14.2-1",
            "MQTT-3.14.2-3", "MQTT-3.14.2-4", "MQTT-3.4.2-1", "MQTT-3.5.2-1", "TRAP-22"))
    func answers() async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            // Just its CONNACK, so that a reason of a few letters is already too much. WireRules looks at each packet.
            let client = try await broker.connect(nil, [.maximumPacketSize(16)])
            try await everyAnswer(broker, client)
            let stranger = try await broker.open()
            try await stranger.send(
                .connect(
                    Connect(
                        version: .v5, clientID: "stranger", userName: "stranger", properties: [.maximumPacketSize(5)])))
            #expect(try await stranger.nextBytes() == [0x20, 0x03, 0x00, 0x86, 0x00])
            #expect(try await stranger.nextBytes() == nil)
        }
    }

    @Test(
        "Who asks for no problem information gets none but in CONNACK, PUBLISH and DISCONNECT",
        .proves("MQTT-3.1.2-29", "TRAP-25"))
    func problemInformation() async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            let client = try await broker.connect(nil, [.requestProblemInformation(false)])
            try await client.subscribe("own", .atMostOnce)
            // A publisher's own user properties are not problem information.
            try await client.publish("own", "x", .atMostOnce, [.userProperty(UserProperty(name: "k", value: "v"))])
            #expect(try await client.receive().properties.userProperties.count == 1)
            try await everyAnswer(broker, client)
        }
    }

    @Test(
        "A client whose size is too small for the answer gets one that fits, or is closed", .proves("MQTT-3.1.2-24"),
        arguments: [1, 4, 5, 9, 15] as [UInt32])
    func tinyClient(maximum: UInt32) async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(
                .connect(Connect(version: .v5, clientID: "tiny", properties: [.maximumPacketSize(maximum)])), .pingreq)
            let answer = try await client.nextBytes()
            #expect(answer == nil || answer?.first == 0x20)
        }
    }

    @Test(
        "An answer that can't be made small enough closes the connection, instead of never coming",
        .proves("MQTT-3.8.4-1", "MQTT-3.1.2-24"))
    func longSuback() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, [.maximumPacketSize(16)])
            let subscriptions = (0..<20).map { Subscription(filter: "\($0)", qos: .atMostOnce) }
            try await client.send(.subscribe(Subscribe(packetID: 1, subscriptions: subscriptions)), .pingreq)
            let answer = try await client.next()
            #expect(answer != .pingresp)
        }
    }

    @Test("A packet above the broker's own size is told 0x95 and closed", .proves("MQTT-4.13.1-1"))
    func ofBroker() async throws {
        var limits = BrokerLimits()
        limits.maximumPacketSize = 100
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect()
            #expect(client.connack.properties.maximumPacketSize == 100)
            try await client.publish("a", String(repeating: "x", count: 100 - overhead(.atLeastOnce)), .atLeastOnce)
            try await client.send(Raw.publish(topic: [0x61], [UInt8](repeating: 0, count: 95)))
            try await client.expectClose(.packetTooLarge)
        }
    }

    @Test("A Maximum Packet Size of 0 is a protocol error", .proves("MQTT-4.13.1-1"))
    func zero() async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(Raw.connect(properties: [0x27, 0, 0, 0, 0], Raw.text("a")))
            try await client.expectRefusal(.protocolError, .malformedPacket)
        }
    }
}
