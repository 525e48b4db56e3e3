import MQTTCodec
import NIOCore
import Testing

@Suite("3.3 PUBLISH: what is forwarded")
struct PublishTests {
    private static let properties: [Property] = [
        .userProperty(UserProperty(name: "k", value: "2")), .userProperty(UserProperty(name: "k", value: "1")),
        .userProperty(UserProperty(name: "", value: "\u{FEFF}x")), .payloadFormatIndicator(.utf8),
        .contentType("text/plain; é"), .responseTopic("answer/é"),
        .correlationData(ByteBuffer(bytes: [0, 0xFF, 0xC0])),
    ]

    @Test(
        "Everything that the publisher says of a message reaches every subscriber, in its order",
        .proves(
            "MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-18", "MQTT-3.3.2-20",
            "MQTT-1.5.4-3", "MQTT-3.3.2-1"),
        arguments: QoS.allCases)
    func properties(qos: QoS) async throws {
        try await Broker.run { broker in
            let plain = try await broker.connect()
            try await plain.subscribe("a/+")
            let other = try await broker.connect()
            try await other.subscribe("a/#", .atMostOnce, identifier: 3)
            let old = try await broker.connect(nil, .v3_1_1)
            try await old.subscribe("a/b")
            let publisher = try await broker.connect()
            try await publisher.publish("a/b", "text", qos, Properties(list: Self.properties))
            for subscriber in [plain, other] {
                let publish = try await subscriber.receive()
                #expect(publish.topic == "a/b" && publish.text == "text")
                let own = publish.properties.list.filter { $0.identifier != .subscriptionIdentifier }
                #expect(own == Self.properties)
            }
            #expect(try await old.receiveTexts(1) == ["text"])
            // Kept as a retained message they are the same.
            try await publisher.publish("a/b", "kept", qos, retain: true, Properties(list: Self.properties))
            let late = try await broker.connect()
            try await late.subscribe("a/b")
            #expect(try await late.receive().properties.list == Self.properties)
        }
    }

    @Test(
        "A PUBLISH without properties says so by a length of zero, a QoS 0 one has no packet identifier",
        .proves("MQTT-2.2.2-1", "MQTT-2.2.1-2", "MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-1.5.5-1"))
    func shortestForm() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.subscribe("a")
            // What MQTT 3.1.1 sends has no properties, and the broker must say so.
            let old = try await broker.connect(nil, .v3_1_1)
            try await old.publish("a", "x")
            #expect(try await client.nextBytes() == [0x30, 0x05, 0x00, 0x01, 0x61, 0x00, 0x78])
            try await client.publish("a", "x")
            #expect(try await client.nextBytes() == [0x30, 0x05, 0x00, 0x01, 0x61, 0x00, 0x78])
            try await client.send([0x82, 0x07, 0x00, 0x01, 0x00, 0x00, 0x01, 0x62, 0x01])
            #expect(try await client.nextBytes() == [0x90, 0x04, 0x00, 0x01, 0x00, 0x01])
            try await client.send([0xA2, 0x06, 0x00, 0x02, 0x00, 0x00, 0x01, 0x62])
            #expect(try await client.nextBytes() == [0xB0, 0x04, 0x00, 0x02, 0x00, 0x00])
        }
    }

    @Test(
        "MQTT 3.1.1 gets and sends packets of its own form",
        .proves("MQTT311-2.3.1-5", "MQTT311-4.3.1-1", "MQTT311-3.3.1-2", "MQTT311-3.3.1-9"))
    func formOf3() async throws {
        try await Broker.run { broker in
            let old = try await broker.connect(nil, .v3_1_1)
            try await old.send([0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 0x61, 0x01])
            #expect(try await old.nextBytes() == [0x90, 0x03, 0x00, 0x01, 0x01])
            let publisher = try await broker.connect()
            try await publisher.publish(
                "a", "x", .atMostOnce, Properties(list: Self.properties + [.messageExpiryInterval(60)]))
            #expect(try await old.nextBytes() == [0x30, 0x04, 0x00, 0x01, 0x61, 0x78])
            // A message sent because of a subscription made before has no RETAIN, whatever the publisher said.
            try await publisher.publish("a", "x", .atLeastOnce, retain: true)
            let bytes = try await old.nextBytes() ?? []
            #expect(bytes.first == 0x32 && bytes.count == 8 && bytes.last == 0x78)
        }
    }

    @Test(
        "Each subscriber gets the lower of the publisher's QoS and what it was granted",
        .proves("MQTT-3.8.4-8", "MQTT-3.3.4-1", "MQTT311-3.8.4-6"), arguments: [ProtocolVersion.v3_1_1, .v5])
    func grantedQoS(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            for granted in QoS.allCases {
                let subscriber = try await broker.connect(nil, version)
                #expect(try await subscriber.subscribe("t", granted) == .granted(granted))
                for qos in QoS.allCases {
                    try await publisher.publish("t", "\(qos)", qos)
                    let publish = try await subscriber.receive()
                    #expect(publish.qos == min(qos, granted) && publish.text == "\(qos)")
                    try await subscriber.acknowledge(publish)
                }
                try await subscriber.disconnect()
            }
        }
    }

    @Test(
        "Who has several matching subscriptions gets the message at their highest QoS, with every identifier",
        .proves("MQTT-3.3.4-2", "MQTT-3.3.4-3", "MQTT-3.3.4-4", "MQTT-3.3.4-5", "MQTT311-3.3.5-1", "TRAP-13"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func overlapping(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a/#", .atMostOnce, identifier: 1)
            try await subscriber.subscribe("a/+", .exactlyOnce, identifier: 268_435_455)
            try await subscriber.subscribe("a/b", .atLeastOnce)
            try await subscriber.subscribe("b", .exactlyOnce, identifier: 9)
            let publisher = try await broker.connect()
            try await publisher.publish("a/b", "x", .exactlyOnce)
            try await publisher.publish("a/end", "end", .exactlyOnce)
            var copies: [Publish] = []
            while copies.last?.text != "end" {
                let publish = try await subscriber.receive()
                try await subscriber.acknowledge(publish)
                copies.append(publish)
            }
            let mine = copies.dropLast()
            #expect(mine.map(\.qos).max() == .exactlyOnce)
            let identifiers = mine.flatMap(\.properties.subscriptionIdentifiers)
            #expect(Set(identifiers) == (version == .v5 ? [1, 268_435_455] : []))
            // One copy with all, or one for each subscription with its own.
            #expect(mine.count == 1 || mine.allSatisfy { $0.properties.subscriptionIdentifiers.count <= 1 })
            #expect(mine.count == 1 || mine.count == 3)
        }
    }

    @Test(
        "DUP says whether this broker sends again, not what the publisher said",
        .proves("MQTT-3.3.1-3", "MQTT-4.3.2-2", "MQTT-4.3.3-2", "MQTT311-3.3.1-3"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func dup(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a")
            let publisher = try await broker.connect(nil, version)
            for qos in [QoS.atLeastOnce, .exactlyOnce] {
                let packetID = UInt16(qos.rawValue)
                try await publisher.send(
                    .publish(
                        Publish(topic: "a", payload: ByteBuffer(string: "x"), qos: qos, dup: true, packetID: packetID)))
                let publish = try await subscriber.receive()
                #expect(!publish.dup && publish.qos == qos)
                try await subscriber.acknowledge(publish)
            }
        }
    }

    @Test(
        "A topic name has no wildcard and is not empty; those below filters are forwarded as they are",
        .proves(
            "MQTT-3.3.2-2", "MQTT-3.3.2-1", "MQTT-4.7.0-1", "MQTT-4.7.3-1", "MQTT-4.7.3-2", "MQTT-3.3.2-14",
            "MQTT-3.3.2-13", "MQTT-3.3.2-19", "MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-4.13.1-1", "TRAP-01", "TRAP-12"),
        arguments: [
            Raw.publish(topic: Array("a/+".utf8)), Raw.publish(topic: Array("#".utf8)),
            Raw.publish(topic: Array("a#".utf8)), Raw.publish(topic: []), Raw.publish(topic: [0x61, 0x00]),
            Raw.publish(topic: [0xED, 0xA0, 0x80]), Raw.publish(topic: [0xC0, 0xAF]), Raw.publish(topic: [0x61, 0xFF]),
            Raw.publish(topic: [0xF4, 0x90, 0x80, 0x80]), Raw.publish(topic: [0xE2, 0x82]),
            Raw.publish(topic: [0x61], properties: [0x08] + Raw.text("r/#")),
            Raw.publish(topic: [0x61], properties: [0x08] + Raw.text("r/+/s")),
            Raw.publish(topic: [0x61], properties: [0x08] + Raw.field([0xC3])),
            Raw.publish(topic: [0x61], properties: [0x03] + Raw.field([0xED, 0xBF, 0xBF])),
            Raw.publish(topic: [0x61], properties: [0x26] + Raw.field([0xFF]) + Raw.text("v")),
            Raw.publish(topic: [0x61], properties: [0x26] + Raw.text("k") + Raw.field([0x00])),
        ] as [[UInt8]])
    func badTexts(packet: [UInt8]) async throws {
        try await Broker.run { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("#")
            let client = try await broker.connect()
            try await client.send(packet)
            try await client.expectClose(.malformedPacket, .protocolError, .topicNameInvalid)
            try await listener.expectNothing(from: try await broker.connect())
        }
    }

    @Test(
        "MQTT 3.1.1: a topic name has no wildcard, is not empty, and is well-formed",
        .proves(
            "MQTT311-3.3.2-1", "MQTT311-3.3.2-2", "MQTT311-4.7.1-1", "MQTT311-4.7.3-1", "MQTT311-4.7.3-2",
            "MQTT311-4.8.0-1", "MQTT311-1.5.3-1", "MQTT311-1.5.3-2"),
        arguments: [
            Raw.packet(0x30, Raw.text("a/+")), Raw.packet(0x30, Raw.text("#")), Raw.packet(0x30, Raw.text("")),
            Raw.packet(0x30, Raw.field([0x61, 0x00])), Raw.packet(0x30, Raw.field([0xED, 0xA0, 0x80])),
        ] as [[UInt8]])
    func badTopicsBefore5(packet: [UInt8]) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, .v3_1_1)
            try await client.send(packet)
            #expect(try await client.nextBytes() == nil)
        }
    }

    @Test("A client's PUBLISH has no subscription identifier", .proves("MQTT-3.3.4-6", "MQTT-4.13.1-1", "TRAP-25"))
    func subscriptionIdentifierOfClient() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.send(Raw.publish(topic: [0x61], properties: [0x0B, 0x01]))
            try await client.expectClose(.protocolError, .malformedPacket)
        }
    }

    @Test("The longest topic name and filter are carried whole", .proves("MQTT-4.7.3-3", "MQTT311-4.7.3-3"))
    func longestTopic() async throws {
        try await Broker.run { broker in
            let topic = String(repeating: "é", count: 32_767) + "x"
            let client = try await broker.connect()
            try await client.subscribe(topic)
            try await client.subscribe("+", .atMostOnce)
            try await client.publish(topic, "x", .atLeastOnce)
            let publish = try await client.receive()
            #expect(publish.topic == topic && publish.topic.utf8.count == 65_535)
        }
    }

    @Test(
        "Not being allowed to publish is told to MQTT 5, and acknowledged or closed without a word before",
        .proves("MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.3.4-1", "MQTT311-3.3.5-2"))
    func notAuthorized() async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("#")
            let client = try await broker.connect()
            #expect(try await client.publish("forbidden/a", "x", .atLeastOnce) == .notAuthorized)
            #expect(try await client.publish("forbidden/a", "x", .exactlyOnce) == .notAuthorized)
            try await client.publish("forbidden/a", "x", .atMostOnce)
            let old = try await broker.connect(nil, .v3_1_1)
            #expect(try await old.publish("forbidden/a", "x", .atLeastOnce) == .success)
            #expect(try await old.publish("forbidden/a", "x", .exactlyOnce) == .success)
            try await listener.expectNothing(from: old)
            try await listener.expectNothing(from: client)
        }
    }
}
