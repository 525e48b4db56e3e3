import MQTTCodec
import NIOCore
import Testing

@Suite("3.10 and 3.11 UNSUBSCRIBE and UNSUBACK")
struct UnsubscribeTests {
    @Test(
        "One UNSUBACK answers for all filters, in their order, also for those that there were not",
        .proves(
            "MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-3.10.4-6", "MQTT-3.11.3-1", "MQTT-3.11.3-2", "MQTT-2.2.1-6",
            "MQTT311-3.10.4-4", "MQTT311-3.10.4-5", "MQTT311-3.10.4-6", "MQTT311-2.3.1-7"),
        arguments: ProtocolVersion.allCases)
    func unsuback(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            try await client.subscribe("a")
            try await client.subscribe("b/#")
            try await client.send(.unsubscribe(Unsubscribe(packetID: 0x0102, filters: ["x", "b/#", "a", "a"])))
            let v5: [UInt8] = [0xB0, 0x07, 0x01, 0x02, 0x00, 0x11, 0x00, 0x00, 0x11]
            #expect(try await client.nextBytes() == (version == .v5 ? v5 : [0xB0, 0x02, 0x01, 0x02]))
            let publisher = try await broker.connect()
            for topic in ["a", "b/c", "x"] { try await publisher.publish(topic, topic) }
            try await client.expectNothing(from: publisher)
        }
    }

    @Test(
        "Only the filter that is the same, character by character, is deleted",
        .proves("MQTT-3.10.4-1", "MQTT-4.7.3-4", "MQTT311-3.10.4-1", "MQTT311-4.7.3-4"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func exactFilter(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            // "é" as one scalar, and as a letter with a combining accent: Unicode calls them equal, MQTT does not.
            let filters = ["a/+", "a/b", "é", "A/B"]
            for filter in filters { try await client.subscribe(filter) }
            try await client.unsubscribe("a/#", "+/b", "#", "e\u{301}", "a/B", "a/b/")
            let publisher = try await broker.connect()
            try await publisher.publish("a/c", "1", .atLeastOnce)
            try await publisher.publish("é", "2", .atLeastOnce)
            try await publisher.publish("A/B", "3", .atLeastOnce)
            #expect(try await client.receiveTexts(3) == ["1", "2", "3"])
            try await client.unsubscribe("a/+")
            try await publisher.publish("a/c", "no", .atLeastOnce)
            try await publisher.publish("a/b", "4", .atLeastOnce)
            try await client.unsubscribe("a/b")
            try await publisher.publish("a/b", "no", .atLeastOnce)
            #expect(try await client.receiveTexts(1) == ["4"])
            try await client.expectNothing(from: publisher)
        }
    }

    @Test(
        "After UNSUBSCRIBE nothing new comes, but what was begun is finished",
        .proves("MQTT-3.10.4-2", "MQTT-3.10.4-3", "MQTT311-3.10.4-2", "MQTT311-3.10.4-3"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func begunDeliveries(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.resume("c", version)
            try await client.subscribe("a")
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a", "one", .atLeastOnce)
            try await publisher.publish("a", "two", .exactlyOnce)
            let one = try await client.receive()
            let two = try await client.receive()
            try await client.unsubscribe("a")
            try await publisher.publish("a", "three", .exactlyOnce)
            try await client.expectNothing(from: publisher)
            await client.abort()
            let again = try await broker.resume("c", version)
            for sent in [one, two] {
                let publish = try await again.receive()
                #expect(publish.dup && publish.text == sent.text && publish.packetID == sent.packetID)
                try await again.acknowledge(publish)
            }
            try await again.expectNothing(from: publisher)
        }
    }

    /// UNSUBSCRIBE packets that are wrong, with the version that they are sent in.
    private static let wrong: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = {
        let id: [UInt8] = [0, 1]
        var cases: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = [
            ("no filter", .v5, Raw.packet(0xA2, id, [0])), ("no filter", .v3_1_1, Raw.packet(0xA2, id)),
            ("ill-formed filter", .v5, Raw.packet(0xA2, id, [0], Raw.field([0xFF]))),
            ("ill-formed filter", .v3_1_1, Raw.packet(0xA2, id, Raw.field([0xFF]))),
            ("U+0000 in the filter", .v5, Raw.packet(0xA2, id, [0], Raw.field([0x00]))),
            ("packet identifier 0", .v5, Raw.packet(0xA2, [0, 0, 0], Raw.text("a"))),
        ]
        for flags in [0xA0, 0xA1, 0xA3, 0xAA] as [UInt8] {
            cases.append(("reserved flags \(flags)", .v5, Raw.packet(flags, id, [0], Raw.text("a"))))
            cases.append(("reserved flags \(flags)", .v3_1_1, Raw.packet(flags, id, Raw.text("a"))))
        }
        return cases
    }()

    @Test(
        "An UNSUBSCRIBE that is not in the right form closes the connection",
        .proves(
            "MQTT-3.10.1-1", "MQTT-3.10.3-1", "MQTT-3.10.3-2", "MQTT-2.1.3-1", "MQTT-4.13.1-1", "MQTT311-3.10.1-1",
            "MQTT311-3.10.3-1", "MQTT311-3.10.3-2", "MQTT311-2.2.2-2"),
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
