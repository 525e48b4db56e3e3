import MQTTCodec
import NIOCore
import Testing

@Suite("3.8 and 3.9 SUBSCRIBE and SUBACK")
struct SubscribeTests {
    @Test(
        "One SUBACK answers with a code for each filter, in their order and under the same packet identifier",
        .proves(
            "MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1",
            "MQTT-3.9.3-2", "MQTT-2.2.1-6", "MQTT311-3.8.4-1", "MQTT311-3.8.4-2", "MQTT311-3.8.4-4",
            "MQTT311-3.8.4-5", "MQTT311-3.9.3-1", "MQTT311-3.9.3-2", "MQTT311-2.3.1-7", "TRAP-25"),
        arguments: ProtocolVersion.allCases)
    func suback(version: ProtocolVersion) async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            let client = try await broker.connect(nil, version)
            // More levels than the broker takes.
            let manyLevels = String(repeating: "/", count: 200)
            let filters: [(String, UInt8)] = [("a", 2), ("forbidden/b", 2), ("c/#", 0), (manyLevels, 1), ("+", 1)]
            try await client.send(
                Raw.packet(
                    0x82, [0xAB, 0xCD], version == .v5 ? [0] : [], filters.flatMap { Raw.text($0.0) + [$0.1] }))
            let v5: [UInt8] = [0x90, 0x08, 0xAB, 0xCD, 0x00, 0x02, 0x87, 0x00, 0x8F, 0x01]
            let v3: [UInt8] = [0x90, 0x07, 0xAB, 0xCD, 0x02, 0x80, 0x00, 0x80, 0x01]
            #expect(try await client.nextBytes() == (version == .v5 ? v5 : v3))
            // What was granted holds, what was not does not.
            let publisher = try await broker.connect()
            try await publisher.publish("c/x", "c", .exactlyOnce)
            try await publisher.publish(manyLevels, "d", .exactlyOnce)
            let publish = try await client.receive()
            #expect(publish.text == "c" && publish.qos == .atMostOnce)
            try await client.expectNothing(from: publisher)
        }
    }

    @Test(
        "Several filters in one packet do what they do in packets of their own",
        .proves("MQTT-3.8.4-5", "MQTT-3.8.4-3", "MQTT311-3.8.4-4"))
    func sequence() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.publish("a", "kept", .exactlyOnce, retain: true)
            // The second one replaces the first, and each asks for the retained message.
            let codes = try await client.subscribe([
                .init(filter: "a", qos: .exactlyOnce), .init(filter: "a", qos: .atMostOnce),
            ])
            #expect(codes == [.grantedQoS2, .grantedQoS0])
            let first = try await client.receive()
            try await client.acknowledge(first)
            let second = try await client.receive()
            #expect([first.qos, second.qos].sorted() == [.atMostOnce, .exactlyOnce])
            try await client.publish("a", "live", .exactlyOnce)
            let live = try await client.receive()
            #expect(live.qos == .atMostOnce && live.text == "live")
            try await client.expectNothing()
        }
    }

    @Test(
        "Subscribing again replaces the options and the identifier, and there is one copy",
        .proves("MQTT-3.8.4-3", "MQTT311-3.8.4-3", "TRAP-14"))
    func replaced() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.subscribe("a/+", .exactlyOnce, noLocal: true, retainAsPublished: true, identifier: 1)
            try await client.publish("a/b", "own", retain: true)
            try await client.expectNothing()
            try await client.subscribe("a/+", .atMostOnce, retainHandling: .doNotSend, identifier: 2)
            try await client.publish("a/b", "own", .exactlyOnce, retain: true)
            let publish = try await client.receive()
            #expect(publish.qos == .atMostOnce && !publish.retain)
            #expect(publish.properties.subscriptionIdentifiers == [2])
            try await client.subscribe("a/+", .atLeastOnce, retainHandling: .doNotSend)
            try await client.publish("a/b", "again", .exactlyOnce)
            let last = try await client.receive()
            #expect(last.qos == .atLeastOnce && last.properties.subscriptionIdentifiers == [])
            try await client.expectNothing()
        }
    }

    @Test(
        "Replacing a subscription loses no message", .proves("MQTT-3.8.4-4", "MQTT311-3.8.4-3", "TRAP-14"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func replacedUnderLoad(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            try await client.subscribe("a", .atLeastOnce)
            let publisher = try await broker.connect(nil, version)
            for number in 0..<50 {
                try await publisher.publish("a", "\(number)", .atLeastOnce)
                // Each is on its way, and some wait for their acknowledgement, when the subscription is replaced.
                try await client.subscribe("a", .atLeastOnce, identifier: UInt32(number + 1))
            }
            #expect(try await client.receiveTexts(50) == (0..<50).map(String.init))
            try await client.expectNothing(from: publisher)
        }
    }

    @Test("No Local keeps a client's own messages from it", .proves("MQTT-3.8.3-3"), arguments: QoS.allCases)
    func noLocal(qos: QoS) async throws {
        try await Broker.run { broker in
            let client = try await broker.resume("own")
            try await client.subscribe("a", noLocal: true)
            let other = try await broker.connect("other")
            try await other.subscribe("a")
            try await client.publish("a", "own", qos)
            #expect(try await other.receiveTexts(1) == ["own"])
            try await client.expectNothing(from: other)
            try await other.publish("a", "other's", qos)
            #expect(try await client.receiveTexts(1) == ["other's"])
            #expect(try await other.receiveTexts(1) == ["other's"])
            // The same client on its next connection is still the same client.
            try await client.disconnect()
            let again = try await broker.resume("own")
            try await again.publish("a", "own", qos)
            #expect(try await other.receiveTexts(1) == ["own"])
            try await again.expectNothing(from: other)
        }
    }

    /// SUBSCRIBE packets that are wrong, with the version that they are sent in.
    private static let wrong: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = {
        let id: [UInt8] = [0, 1]
        func v5(_ filter: [UInt8], _ options: UInt8, first: UInt8 = 0x82) -> [UInt8] {
            Raw.packet(first, id, [0], filter, [options])
        }
        func v3(_ filter: [UInt8], _ options: UInt8, first: UInt8 = 0x82) -> [UInt8] {
            Raw.packet(first, id, filter, [options])
        }
        let filter = Raw.text("a")
        var cases: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = []
        for flags in [0x80, 0x81, 0x83, 0x8A, 0x8F] as [UInt8] {
            cases.append(("reserved flags \(flags)", .v5, v5(filter, 1, first: flags)))
            cases.append(("reserved flags \(flags)", .v3_1_1, v3(filter, 1, first: flags)))
        }
        cases += [
            ("no filter", .v5, Raw.packet(0x82, id, [0])), ("no filter", .v3_1_1, Raw.packet(0x82, id)),
            ("no options", .v5, Raw.packet(0x82, id, [0], filter)), ("no QoS", .v3_1_1, Raw.packet(0x82, id, filter)),
            ("QoS 3", .v5, v5(filter, 0x03)), ("QoS 3", .v3_1_1, v3(filter, 0x03)),
            ("Retain Handling 3", .v5, v5(filter, 0x30)),
            ("reserved option bit 6", .v5, v5(filter, 0x40)), ("reserved option bit 7", .v5, v5(filter, 0x80)),
            ("reserved QoS bits", .v3_1_1, v3(filter, 0x04)), ("reserved QoS bits", .v3_1_1, v3(filter, 0x81)),
            ("ill-formed filter", .v5, v5(Raw.field([0xC3, 0x28]), 1)),
            ("ill-formed filter", .v3_1_1, v3(Raw.field([0xC3, 0x28]), 1)),
            ("U+0000 in the filter", .v5, v5(Raw.field([0x61, 0x00]), 1)),
            ("U+0000 in the filter", .v3_1_1, v3(Raw.field([0x61, 0x00]), 1)),
            ("surrogate in the filter", .v5, v5(Raw.field([0xED, 0xA0, 0x80]), 1)),
            ("No Local on a shared subscription", .v5, v5(Raw.text("$share/g/a"), 0x05)),
            ("packet identifier 0", .v5, Raw.packet(0x82, [0, 0, 0], filter, [1])),
            ("packet identifier 0", .v3_1_1, Raw.packet(0x82, [0, 0], filter, [1])),
            ("subscription identifier 0", .v5, Raw.packet(0x82, id, [2, 0x0B, 0x00], filter, [1])),
        ]
        return cases
    }()

    @Test(
        "A SUBSCRIBE that is not in the right form closes the connection",
        .proves(
            "MQTT-3.8.1-1", "MQTT-3.8.3-1", "MQTT-3.8.3-2", "MQTT-3.8.3-4", "MQTT-3.8.3-5", "MQTT-2.1.3-1",
            "MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-4.7.3-2", "MQTT-4.13.1-1", "MQTT311-3.8.1-1", "MQTT311-3.8.3-1",
            "MQTT311-3.8.3-3", "MQTT311-3.8.3-4", "MQTT311-2.2.2-1", "MQTT311-2.2.2-2", "MQTT311-2.3.1-1",
            "MQTT311-4.7.3-2", "MQTT311-4.8.0-1"),
        arguments: wrong.indices)
    func wrongForm(index: Int) async throws {
        let (name, version, bytes) = Self.wrong[index]
        try await Broker.run { broker in
            let client = try await broker.connect("\(name)", version)
            try await client.send(bytes)
            try await client.expectClose(.malformedPacket, .protocolError)
        }
    }
}
