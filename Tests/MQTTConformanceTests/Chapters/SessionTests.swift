import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("3.1.2.4, 3.1.4 and 4.1 Sessions")
struct SessionTests {
    @Test(
        "A new client has no session, and the answer says so",
        .proves(
            "MQTT-3.1.2-6", "MQTT-3.1.4-5", "MQTT-3.2.0-1", "MQTT-3.2.2-1", "MQTT-3.2.2-2", "MQTT-3.2.2-3",
            "MQTT-3.2.2-8", "MQTT-4.2-1", "MQTT311-3.1.4-4", "MQTT311-3.2.0-1", "MQTT311-3.2.2-1", "MQTT311-3.2.2-3",
            "MQTT311-4.2.0-1"),
        arguments: ProtocolVersion.allCases, [true, false])
    func newSession(version: ProtocolVersion, clean: Bool) async throws {
        try await Broker.run { broker in
            let client = try await broker.open(version)
            try await client.send(.connect(Connect(version: version, clientID: "new", cleanStart: clean)))
            let answer = try await client.nextBytes() ?? []
            // Acknowledge flags and reason code, both 0.
            #expect(answer.first == 0x20 && Array(answer.dropFirst(2).prefix(2)) == [0x00, 0x00])
            try await client.expectNothing()
        }
    }

    @Test(
        "A session goes on with its subscriptions and messages",
        .proves(
            "MQTT-3.1.2-5", "MQTT-3.1.2-23", "MQTT-3.1.3-2", "MQTT-3.2.2-3", "MQTT-4.5.0-1", "MQTT311-3.1.2-4",
            "MQTT311-3.1.2-5", "MQTT311-3.1.3-2", "MQTT311-3.2.2-2", "MQTT311-4.1.0-1", "MQTT311-4.5.0-1"),
        arguments: ProtocolVersion.allCases)
    func resumedSession(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("kept", version)
            #expect(!first.connack.sessionPresent)
            try await first.subscribe("a/+")
            try await first.disconnect()
            // Another client with a session does not get what belongs to this one.
            let other = try await broker.resume("other", version)
            #expect(!other.connack.sessionPresent)
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a/1", "one", .atLeastOnce)
            try await publisher.publish("a/2", "two", .exactlyOnce)
            let second = try await broker.resume("kept", version)
            // MQTT 3.1 has no Session Present flag.
            #expect(second.connack.sessionPresent == (version != .v3_1))
            #expect(try await second.receiveTexts(2) == ["one", "two"])
            try await publisher.publish("a/3", "three")
            #expect(try await second.receiveTexts(1) == ["three"])
            try await other.expectNothing(from: publisher)
        }
    }

    @Test(
        "Clean Start throws the session away",
        .proves(
            "MQTT-3.1.2-4", "MQTT-3.1.4-4", "MQTT-3.2.2-2", "MQTT311-3.1.2-6", "MQTT311-3.1.4-3", "MQTT311-3.2.2-1"),
        arguments: ProtocolVersion.allCases)
    func cleanStart(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("fresh", version)
            try await first.subscribe("a")
            try await first.disconnect()
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a", "queued", .atLeastOnce)
            let second = try await broker.connect("fresh", version, clean: true)
            #expect(!second.connack.sessionPresent)
            try await publisher.publish("a", "live", .atLeastOnce)
            try await second.expectNothing(from: publisher)
            // Nor does what the clean connection leaves come back.
            try await second.subscribe("b")
            try await second.disconnect()
            let third = try await broker.resume("fresh", version)
            #expect(!third.connack.sessionPresent)
            try await publisher.publish("b", "late", .atLeastOnce)
            try await third.expectNothing(from: publisher)
        }
    }

    @Test("Retained messages outlive the sessions of those who sent them", .proves("MQTT311-3.1.2-7"))
    func retainedOutlivesSession() async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect("source", .v3_1_1)
            try await publisher.publish("kept", "value", .atLeastOnce, retain: true)
            try await publisher.disconnect()
            let again = try await broker.connect("source", .v3_1_1)
            try await again.subscribe("kept")
            #expect(try await again.receiveTexts(1) == ["value"])
        }
    }

    @Test(
        "A session ends when its expiry interval has passed, and not before",
        .proves("MQTT-4.1.0-2", "MQTT-3.1.2-23", "MQTT-4.1.0-1"))
    func sessionExpiry() async throws {
        try await Broker.run { broker in
            let first = try await broker.connect("short", clean: false, [.sessionExpiryInterval(2)])
            try await first.subscribe("a")
            // It does not run while the connection is open.
            try await broker.pass(seconds: 3)
            let publisher = try await broker.connect()
            try await publisher.publish("a", "still there")
            #expect(try await first.receiveTexts(1) == ["still there"])
            try await first.disconnect()
            let second = try await broker.connect("short", clean: false, [.sessionExpiryInterval(2)])
            #expect(second.connack.sessionPresent)
            try await second.disconnect()
            try await broker.pass(seconds: 3)
            let third = try await broker.connect("short", clean: false)
            #expect(!third.connack.sessionPresent)
            try await publisher.publish("a", "gone")
            try await third.expectNothing(from: publisher)
            // Without an interval it ends with its connection.
            try await third.disconnect()
            let fourth = try await broker.connect("short", clean: false)
            #expect(!fourth.connack.sessionPresent)
        }
    }

    @Test(
        "A session lasts as long as its connection, Clean Session or not",
        .proves("MQTT-4.1.0-1", "MQTT311-4.1.0-1", "MQTT311-4.1.0-2"),
        arguments: [ProtocolVersion.v3_1_1, .v5], [true, false])
    func sessionOfConnection(version: ProtocolVersion, clean: Bool) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect("c", version, clean: clean)
            try await client.subscribe("a")
            try await broker.pass(seconds: 2)
            let publisher = try await broker.connect()
            try await publisher.publish("a", "x", .exactlyOnce)
            #expect(try await client.receiveTexts(1) == ["x"])
        }
    }

    @Test(
        "A second connection of a client takes over from the first",
        .proves("MQTT-3.1.4-3", "MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT311-3.1.4-2", "TRAP-06"),
        arguments: ProtocolVersion.allCases)
    func takeOver(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            var old = try await broker.resume("same", version)
            try await old.subscribe("a")
            for number in 0..<3 {
                let new = try await broker.resume("same", version)
                try await old.expectClose(.sessionTakenOver)
                #expect(new.connack.sessionPresent == (version != .v3_1))
                try await publisher.publish("a", "\(number)", .atLeastOnce)
                #expect(try await new.receiveTexts(1) == ["\(number)"])
                old = new
            }
            #expect(await broker.server.clients().count == 2)
        }
    }
}
