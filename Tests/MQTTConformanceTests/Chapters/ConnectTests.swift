import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("3.1 CONNECT: the connection and its session")
struct ConnectTests {
    @Test(
        "What does not begin with CONNECT is closed without an answer",
        .proves("MQTT-3.1.0-1", "MQTT-3.14.0-1", "MQTT311-3.1.0-1", "TRAP-03"),
        arguments: [
            [0xC0, 0x00], [0x30, 0x05, 0x00, 0x01, 0x61, 0x00, 0x78], [0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 0x61, 0x00],
            [0xE0, 0x00], [0xF0, 0x00], [0x20, 0x02, 0x00, 0x00], [0x00, 0x00], Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ] as [[UInt8]])
    func firstPacket(bytes: [UInt8]) async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(bytes)
            #expect(try await client.nextBytes() == nil)
        }
    }

    @Test(
        "A second CONNECT is a protocol error", .proves("MQTT-3.1.0-2", "MQTT-3.2.0-2", "MQTT311-3.1.0-2", "TRAP-04"),
        arguments: ProtocolVersion.allCases)
    func secondConnect(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect("twice", version)
            try await client.send(.connect(Connect(version: version, clientID: "twice")))
            try await client.expectClose(.protocolError)
        }
    }

    @Test(
        "Another protocol name is refused", .proves("MQTT-3.1.2-1", "MQTT311-3.1.2-1"),
        arguments: ["MQTS", "mqtt", "MQT", "MQIsdp"])
    func protocolName(name: String) async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(Raw.connect(name: name, Raw.text("a")))
            // A broker may say that it is one before it closes, in a form of whichever version.
            let answer = try await client.nextChunk()
            #expect(answer == nil || answer == [0x20, 0x03, 0x00, 0x84, 0x00] || answer == [0x20, 0x02, 0x00, 0x01])
            if answer != nil { #expect(try await client.nextChunk() == nil) }
        }
    }

    @Test("An unknown protocol version is refused with 0x84", .proves("MQTT-3.1.2-2"), arguments: [6, 7, 255])
    func newerVersion(level: UInt8) async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(Raw.connect(level: level, Raw.text("a")))
            try await client.expectRefusal(.unsupportedProtocolVersion)
        }
    }

    @Test(
        "An old level that never was is refused with return code 1", .proves("MQTT311-3.1.2-2"), arguments: [0, 2, 3])
    func olderVersion(level: UInt8) async throws {
        try await Broker.run { broker in
            let client = try await broker.open(.v3_1_1)
            try await client.send(Raw.connect(level: level, Raw.text("a")))
            #expect(try await client.nextBytes() == [0x20, 0x02, 0x00, 0x01])
            #expect(try await client.nextBytes() == nil)
        }
    }

    /// CONNECT packets whose form is wrong, for both versions unless it says otherwise.
    private static let wrong: [(name: String, level: UInt8, bytes: [UInt8])] = {
        var cases: [(name: String, level: UInt8, bytes: [UInt8])] = []
        for level in [4, 5] as [UInt8] {
            let id = Raw.text("a")
            let will = (level == 5 ? [0] : []) + Raw.text("will") + Raw.text("gone")
            cases += [
                ("reserved flag", level, Raw.connect(level: level, flags: 0x03, id)),
                ("no client identifier", level, Raw.connect(level: level)),
                ("ill-formed client identifier", level, Raw.connect(level: level, Raw.field([0xC3, 0x28]))),
                (
                    "surrogate in the client identifier", level,
                    Raw.connect(level: level, Raw.field([0xED, 0xA0, 0x80]))
                ),
                ("U+0000 in the client identifier", level, Raw.connect(level: level, Raw.field([0x61, 0x00]))),
                ("Will QoS without a will", level, Raw.connect(level: level, flags: 0x0A, id)),
                ("Will Retain without a will", level, Raw.connect(level: level, flags: 0x22, id)),
                ("Will QoS 3", level, Raw.connect(level: level, flags: 0x1E, id, will)),
                ("will without its fields", level, Raw.connect(level: level, flags: 0x06, id)),
                ("will without its payload", level, Raw.connect(level: level, flags: 0x06, id, will.dropLast(6))),
                ("a will's fields without the flag", level, Raw.connect(level: level, flags: 0x02, id, will)),
                (
                    "ill-formed Will Topic", level,
                    Raw.connect(
                        level: level, flags: 0x06, id, level == 5 ? [0] : [], Raw.field([0xFF]), Raw.text("gone"))
                ),
                ("user name without the flag", level, Raw.connect(level: level, flags: 0x02, id, Raw.text("user"))),
                ("no user name with the flag", level, Raw.connect(level: level, flags: 0x82, id)),
                ("ill-formed user name", level, Raw.connect(level: level, flags: 0x82, id, Raw.field([0xFE]))),
                (
                    "password without the flag", level,
                    Raw.connect(level: level, flags: 0x82, id, Raw.text("user"), Raw.text("secret"))
                ),
                ("no password with the flag", level, Raw.connect(level: level, flags: 0xC2, id, Raw.text("user"))),
                ("a length beyond the packet", level, Raw.connect(level: level, [0x00, 0x09, 0x61])),
                ("nothing behind the flags", level, Raw.packet(0x10, Raw.text("MQTT"), [level, 0x02])),
            ]
        }
        cases += [
            (
                "ill-formed user property", 5,
                Raw.connect(properties: [0x26] + Raw.field([0xC0, 0x80]) + Raw.text("v"), Raw.text("a"))
            ),
            (
                "Property Length not minimal", 5,
                Raw.packet(0x10, Raw.text("MQTT"), [5, 2, 0, 0, 0x80, 0x00, 0, 1, 0x61])
            ),
            ("a property of another packet", 5, Raw.connect(properties: [0x23, 0x00, 0x01], Raw.text("a"))),
        ]
        return cases
    }()

    @Test(
        "A CONNECT that is not in the right form is refused and closed",
        .proves(
            "MQTT-3.1.4-1", "MQTT-3.1.2-3", "MQTT-3.1.2-9", "MQTT-3.1.2-11", "MQTT-3.1.2-12", "MQTT-3.1.2-13",
            "MQTT-3.1.2-16", "MQTT-3.1.2-17", "MQTT-3.1.2-18", "MQTT-3.1.2-19", "MQTT-3.1.3-3", "MQTT-3.1.3-4",
            "MQTT-3.1.3-11", "MQTT-3.1.3-12", "MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.5-1", "MQTT-1.5.7-1",
            "MQTT-3.2.2-6", "MQTT-3.2.2-7", "MQTT-4.13.2-1", "MQTT311-3.1.4-1", "MQTT311-3.1.2-3", "MQTT311-3.1.2-9",
            "MQTT311-3.1.2-11", "MQTT311-3.1.2-13", "MQTT311-3.1.2-14", "MQTT311-3.1.2-15", "MQTT311-3.1.2-18",
            "MQTT311-3.1.2-19", "MQTT311-3.1.2-20", "MQTT311-3.1.2-21", "MQTT311-3.1.3-3", "MQTT311-3.1.3-4",
            "MQTT311-3.1.3-10", "MQTT311-3.1.3-11", "MQTT311-1.5.3-1", "MQTT311-1.5.3-2", "MQTT311-3.2.2-6"),
        arguments: wrong.indices)
    func wrongForm(index: Int) async throws {
        let (name, level, bytes) = Self.wrong[index]
        try await Broker.run { broker in
            let client = try await broker.open(level == 5 ? .v5 : .v3_1_1)
            try await client.send(bytes)
            if level == 5 {
                try await client.expectRefusal(.malformedPacket, .protocolError)
            } else {
                // MQTT 3.1.1 has no return code for it: the broker closes and says nothing.
                #expect(try await client.nextBytes() == nil, "\(name)")
            }
        }
    }

    @Test(
        "A Will Topic has no wildcard and is not empty",
        .proves(
            "MQTT-3.1.4-1", "MQTT-4.7.0-1", "MQTT-4.7.3-1", "MQTT311-3.1.4-1", "MQTT311-4.7.1-1", "MQTT311-4.7.3-1",
            "TRAP-12"),
        arguments: [ProtocolVersion.v3_1_1, .v5], ["will/#", "+", "a/+/b", ""])
    func willTopic(version: ProtocolVersion, topic: String) async throws {
        try await Broker.run { broker in
            let client = try await broker.open(version)
            try await client.send(
                Raw.connect(
                    level: version.rawValue, flags: 0x06, Raw.text("a"), version == .v5 ? [0] : [], Raw.text(topic),
                    Raw.text("gone")))
            if version == .v5 {
                try await client.expectRefusal(.topicNameInvalid, .malformedPacket, .protocolError)
            } else {
                let answer = try await client.nextBytes()
                #expect(answer == nil)
            }
        }
    }

    @Test("MQTT 3.1.1 takes no password without a user name, MQTT 5 does", .proves("MQTT311-3.1.2-22"))
    func passwordAlone() async throws {
        try await Broker.run { broker in
            let old = try await broker.open(.v3_1_1)
            try await old.send(Raw.connect(level: 4, flags: 0x42, Raw.text("a"), Raw.text("secret")))
            #expect(try await old.nextBytes() == nil)
            let new = try await broker.open(.v5)
            try await new.send(Raw.connect(level: 5, flags: 0x42, Raw.text("a"), Raw.text("secret")))
            guard case .connack(let connack)? = try await new.next() else { return }
            #expect(connack.reasonCode == .success)
        }
    }

    @Test(
        "The client identifiers that every server must take are taken", .proves("MQTT-3.1.3-5", "MQTT311-3.1.3-5"),
        arguments: ProtocolVersion.allCases,
        ["0", "abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRSTUVW", "0123456789xyzXYZ"])
    func plainClientIDs(version: ProtocolVersion, clientID: String) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(clientID, version)
            try await client.expectNothing()
            #expect(await broker.server.clients().map(\.clientID) == [clientID])
        }
    }

    @Test(
        "A client without an identifier gets one of its own and is told it",
        .proves("MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16", "TRAP-10"))
    func assignedClientID() async throws {
        try await Broker.run { broker in
            let first = try await broker.connect("", clean: false, [.sessionExpiryInterval(600)])
            let second = try await broker.connect("", clean: false)
            let names = [first, second].compactMap(\.connack.properties.assignedClientIdentifier)
            #expect(names.count == 2 && Set(names).count == 2 && !names.contains(""))
            #expect(!first.connack.sessionPresent && !second.connack.sessionPresent)
            // It is an identifier like any other: the session is found by it.
            try await first.subscribe("a")
            try await first.disconnect()
            let again = try await broker.resume(names[0])
            #expect(again.connack.sessionPresent)
            #expect(again.connack.properties.assignedClientIdentifier == nil)
        }
    }

    @Test(
        "MQTT 3.1.1 allows an empty client identifier only with Clean Session",
        .proves("MQTT311-3.1.3-6", "MQTT311-3.1.3-7", "MQTT311-3.1.3-8", "MQTT311-3.1.3-9", "TRAP-10"))
    func emptyClientIDBefore5() async throws {
        try await Broker.run { broker in
            let clean = try await broker.connect("", .v3_1_1)
            let other = try await broker.connect("", .v3_1_1)
            try await clean.expectNothing()
            try await other.expectNothing()
            let kept = try await broker.open(.v3_1_1)
            try await kept.send(.connect(Connect(version: .v3_1_1, clientID: "", cleanStart: false)))
            #expect(try await kept.nextBytes() == [0x20, 0x02, 0x00, 0x02])
            #expect(try await kept.nextBytes() == nil)
            // MQTT 3.1 never allows it.
            let oldest = try await broker.open(.v3_1)
            try await oldest.send(.connect(Connect(version: .v3_1, clientID: "")))
            #expect(try await oldest.nextBytes() == [0x20, 0x02, 0x00, 0x02])
            #expect(try await oldest.nextBytes() == nil)
        }
    }

    @Test(
        "Who is not let in is told so, and nothing that it sent is carried out",
        .proves(
            "MQTT-3.1.4-2", "MQTT-3.1.4-6", "MQTT-3.2.2-6", "MQTT-3.2.2-7", "MQTT-3.1.3-8", "MQTT-3.14.0-1",
            "MQTT311-3.1.4-5", "MQTT311-3.2.2-4", "MQTT311-3.2.2-5"),
        arguments: ProtocolVersion.allCases)
    func refused(version: ProtocolVersion) async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("#")
            let stranger = try await broker.open(version)
            // All in one write, so that the broker has the publish when it refuses.
            try await stranger.send(
                .connect(
                    Connect(
                        version: version, clientID: "stranger",
                        will: Will(topic: "will", payload: ByteBuffer(string: "never")), userName: "stranger")),
                .publish(Publish(topic: "a", payload: ByteBuffer(string: "never"))), .pingreq)
            try await stranger.expectRefusal(.badUserNameOrPassword)
            let friend = try await broker.connect(nil, version, userName: "friend", password: "secret")
            try await listener.expectNothing(from: friend)
        }
    }
}
