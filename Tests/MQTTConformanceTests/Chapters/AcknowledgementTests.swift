import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("3.4 to 3.7 and 3.12 to 3.14: the small packets, when they are wrong")
struct AcknowledgementTests {
    private static let wrong: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = {
        var cases: [(name: String, version: ProtocolVersion, bytes: [UInt8])] = []
        let flags: [(name: String, right: UInt8)] = [
            ("PUBACK", 0x40), ("PUBREC", 0x50), ("PUBREL", 0x62), ("PUBCOMP", 0x70),
        ]
        for version in [ProtocolVersion.v3_1_1, .v5] {
            for (name, right) in flags {
                for bit in [1, 2, 4, 8] as [UInt8] {
                    cases.append(("\(name) with flags", version, Raw.packet(right ^ bit, [0, 1])))
                }
                cases.append(("\(name) with packet identifier 0", version, Raw.packet(right, [0, 0])))
                cases.append(("\(name) without packet identifier", version, Raw.packet(right, [0])))
            }
            for bit in [1, 2, 4, 8] as [UInt8] {
                cases.append(("PINGREQ with flags", version, [0xC0 | bit, 0x00]))
                cases.append(("DISCONNECT with flags", version, [0xE0 | bit, 0x00]))
            }
            cases += [
                ("PINGREQ with a body", version, [0xC0, 0x01, 0x00]), ("type 0", version, [0x00, 0x00]),
                ("PUBLISH with QoS 3", version, Raw.packet(0x36, Raw.text("a"), [0, 1], version == .v5 ? [0] : [])),
                ("PUBLISH with QoS 3 and DUP", version, [0x3E, 0x00]),
                ("PUBLISH with DUP and QoS 0", version, Raw.packet(0x38, Raw.text("a"), version == .v5 ? [0] : [])),
                ("PUBLISH with packet identifier 0", version, Raw.packet(0x32, Raw.text("a"), [0, 0, 0])),
                ("a length of five bytes", version, [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
                ("a length not minimal", version, [0xC0, 0x80, 0x00]),
                ("CONNACK", version, Raw.packet(0x20, [0, 0], version == .v5 ? [0] : [])),
                ("SUBACK", version, Raw.packet(0x90, [0, 1], version == .v5 ? [0] : [], [0])),
                ("UNSUBACK", version, Raw.packet(0xB0, [0, 1], version == .v5 ? [0, 0] : [])),
                ("PINGRESP", version, [0xD0, 0x00]),
            ]
        }
        for (name, right) in flags {
            cases += [
                ("\(name) with a code of another packet", .v5, Raw.packet(right, [0, 1, 0x8E])),
                ("\(name) with an unknown code", .v5, Raw.packet(right, [0, 1, 0x42])),
                ("\(name) with a property of another packet", .v5, Raw.packet(right, [0, 1, 0, 3, 0x23, 0, 1])),
                ("\(name) with an ill-formed text", .v5, Raw.packet(right, [0, 1, 0, 4, 0x1F, 0, 1, 0xFF])),
                ("\(name) with a length beyond it", .v5, Raw.packet(right, [0, 1, 0, 9])),
            ]
        }
        for bit in [1, 2, 4, 8] as [UInt8] { cases.append(("AUTH with flags", .v5, [0xF0 | bit, 0x00])) }
        cases += [
            ("AUTH before MQTT 5", .v3_1_1, [0xF0, 0x00]),
            ("DISCONNECT with an unknown code", .v5, [0xE0, 0x01, 0x42]),
            ("PUBLISH with a Property Length not minimal", .v5, Raw.packet(0x30, Raw.text("a"), [0x80, 0x00])),
            ("PUBLISH with an unknown property", .v5, Raw.publish(topic: [0x61], properties: [0x7F, 0])),
            ("PUBLISH with a property twice", .v5, Raw.publish(topic: [0x61], properties: [0x01, 0, 0x01, 0])),
            (
                "PUBLISH with a subscription identifier not minimal", .v5,
                Raw.publish(topic: [0x61], properties: [0x0B, 0x81, 0x00])
            ),
        ]
        return cases
    }()

    @Test(
        "A packet that is not in the right form closes the connection, and MQTT 5 is told why",
        .proves(
            "MQTT-2.1.3-1", "MQTT-1.5.5-1", "MQTT-3.3.1-4", "MQTT-3.3.1-2", "MQTT-3.6.1-1", "MQTT-3.14.1-1",
            "MQTT-3.15.1-1", "MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.6.2-1", "MQTT-3.7.2-1", "MQTT-3.14.2-1",
            "MQTT-4.13.1-1", "MQTT-4.13.2-1", "MQTT-1.5.4-1", "MQTT311-2.2.2-1", "MQTT311-2.2.2-2", "MQTT311-2.3.1-1",
            "MQTT311-3.3.1-2", "MQTT311-3.3.1-4", "MQTT311-3.6.1-1", "MQTT311-3.14.1-1", "MQTT311-4.8.0-1", "TRAP-05",
            "TRAP-02"),
        arguments: wrong.indices)
    func wrongForm(index: Int) async throws {
        let (name, version, bytes) = Self.wrong[index]
        try await Broker.run { broker in
            let client = try await broker.connect("\(name)", version)
            try await client.send(bytes)
            try await client.expectClose(.malformedPacket, .protocolError)
        }
    }

    @Test("Reserved bits of DISCONNECT are answered by 0x81", .proves("MQTT-3.14.1-1"))
    func disconnectFlags() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.send([0xE1, 0x00])
            #expect(try await client.nextBytes() == [0xE0, 0x01, 0x81])
            #expect(try await client.nextBytes() == nil)
        }
    }

    @Test(
        "A Remaining Length that is too long is refused before its bytes have come", .proves("MQTT-1.5.5-1", "TRAP-02"))
    func longLength() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            // The fifth byte decides; there is no body.
            try await client.send([0x30, 0x80, 0x80, 0x80, 0x80])
            try await client.expectClose(.malformedPacket)
            let huge = try await broker.connect()
            try await huge.send([0x30, 0xFF, 0xFF, 0xFF, 0x7F])
            try await huge.expectClose(.packetTooLarge)
        }
    }

    @Test(
        "An orderly DISCONNECT closes the connection, and what stands behind it is not carried out",
        .proves("MQTT-3.14.4-1", "MQTT-3.14.4-2"), arguments: ProtocolVersion.allCases)
    func disconnect(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("#")
            let client = try await broker.connect(nil, version)
            try await client.send(
                .disconnect(Disconnect()), .publish(Publish(topic: "a", payload: ByteBuffer(string: "late"))), .pingreq)
            // No DISCONNECT of the broker answers it.
            #expect(try await client.nextBytes() == nil)
            try await listener.expectNothing(from: try await broker.connect())
        }
    }

    @Test(
        "The broker's own DISCONNECT has a code that it may have, no session expiry, and is the last packet",
        .proves("MQTT-3.14.2-1", "MQTT-3.14.2-2", "MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-4.13.2-1"))
    func brokersDisconnect() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect("c", clean: false, [.sessionExpiryInterval(60)])
            broker.server.disconnect(clientID: "c")
            #expect(try await client.nextBytes() == [0xE0, 0x01, 0x98])
            #expect(try await client.nextBytes() == nil)
        }
    }

    @Test("A session without an expiry interval can't be given one by DISCONNECT", .proves("MQTT-4.13.1-1"))
    func laterExpiry() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.send(.disconnect(Disconnect(properties: [.sessionExpiryInterval(60)])))
            try await client.expectClose(.protocolError)
        }
    }

    @Test(
        "CONNACK, PINGRESP and DISCONNECT go out once and in one piece however the client's bytes are cut",
        .proves("MQTT-4.2-1", "MQTT311-4.2.0-1"), arguments: ProtocolVersion.allCases)
    func cutStream(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.open(version)
            var stream = ByteBuffer()
            let packets: [Packet] = [
                .connect(Connect(version: version, clientID: "cut")),
                .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "a", qos: .atMostOnce)])),
                .publish(Publish(topic: "a", payload: ByteBuffer(string: String(repeating: "x", count: 300)))),
                .pingreq,
            ]
            for packet in packets { try packet.encode(into: &stream, version: version) }
            for byte in stream.readableBytesView { try await client.send([byte]) }
            guard case .connack = try await client.next(), case .suback = try await client.next() else {
                Issue.record("no CONNACK and SUBACK")
                return
            }
            #expect(try await client.receive().text.count == 300)
            try await client.expect(.pingresp)
        }
    }
}
