import MQTTCodec
import NIOCore
import Testing

@Suite("3.1.2.5 and 3.1.3.2 The will")
struct WillTests {
    private func will(
        _ text: String = "gone", qos: QoS = .atMostOnce, retain: Bool = false, _ properties: Properties = []
    ) -> Will {
        Will(topic: "will", payload: ByteBuffer(string: text), qos: qos, retain: retain, properties: properties)
    }

    private func watcher(_ broker: Broker) async throws -> Client {
        let watcher = try await broker.connect()
        try await watcher.subscribe("will", retainAsPublished: true)
        return watcher
    }

    @Test(
        "The will is published when the connection breaks off, with the QoS that was asked for, and once",
        .proves(
            "MQTT-3.1.2-7", "MQTT-3.1.2-8", "MQTT-3.1.2-9", "MQTT-3.1.2-10", "MQTT-3.1.2-12", "MQTT-3.1.2-14",
            "MQTT311-3.1.2-8", "MQTT311-3.1.2-9", "MQTT311-3.1.2-10", "MQTT311-3.1.2-14", "MQTT311-3.1.2-16"),
        arguments: ProtocolVersion.allCases, QoS.allCases)
    func published(version: ProtocolVersion, qos: QoS) async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let client = try await broker.connect("c", version, will: will(qos: qos))
            await client.abort()
            let publish = try await watcher.receive()
            #expect(publish.topic == "will" && publish.text == "gone" && publish.qos == qos && !publish.retain)
            try await watcher.acknowledge(publish)
            // It is not kept with the session, and not retained.
            let again = try await broker.resume("c", version)
            await again.abort()
            let late = try await broker.connect()
            try await late.subscribe("will")
            try await late.expectNothing()
            try await watcher.expectNothing(from: late)
        }
    }

    @Test(
        "A will with Will Retain becomes the retained message",
        .proves("MQTT-3.1.2-15", "MQTT311-3.1.2-17"), arguments: ProtocolVersion.allCases)
    func retained(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let client = try await broker.connect(nil, version, will: will(qos: .atLeastOnce, retain: true))
            await client.abort()
            #expect(try await watcher.receive().retain)
            let late = try await broker.connect()
            try await late.subscribe("will")
            let publish = try await late.receive()
            #expect(publish.retain && publish.text == "gone" && publish.qos == .atLeastOnce)
        }
    }

    @Test(
        "An orderly DISCONNECT takes the will back, also for later",
        .proves(
            "MQTT-3.14.4-3", "MQTT-3.1.2-8", "MQTT-3.1.2-10", "MQTT311-3.14.4-3", "MQTT311-3.1.2-10", "MQTT311-3.1.2-12"
        ),
        arguments: ProtocolVersion.allCases)
    func takenBack(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let client = try await broker.connect("c", version, clean: false, will: will())
            try await client.disconnect()
            let next = try await broker.connect("c", version, clean: false)
            await next.abort()
            let publisher = try await broker.connect()
            try await watcher.expectNothing(from: publisher)
        }
    }

    @Test(
        "DISCONNECT with any other reason leaves the will to be published",
        .proves("MQTT-3.1.2-8", "MQTT-3.14.4-3", "TRAP-08"))
    func keptByReason() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let reasons: [ReasonCode] = [
                .disconnectWithWillMessage, .unspecifiedError, .administrativeAction, .packetTooLarge,
            ]
            for reason in reasons {
                let client = try await broker.connect(will: will("\(reason)"))
                try await client.disconnect(reason)
                #expect(try await watcher.receiveTexts(1) == ["\(reason)"])
            }
        }
    }

    @Test("A client that is closed for a protocol error leaves its will", .proves("MQTT-3.1.2-8", "MQTT311-3.1.2-8"))
    func protocolError() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            for version in [ProtocolVersion.v3_1_1, .v5] {
                let client = try await broker.connect(nil, version, will: will("\(version)"))
                try await client.send([0x36, 0x00])
                try await client.expectClose(.malformedPacket)
                #expect(try await watcher.receiveTexts(1) == ["\(version)"])
            }
        }
    }

    @Test(
        "Without a will nothing is published", .proves("MQTT311-3.1.2-12"), arguments: [ProtocolVersion.v3_1_1, .v5])
    func none(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let watcher = try await broker.connect()
            try await watcher.subscribe("#")
            let client = try await broker.connect(nil, version)
            await client.abort()
            try await watcher.expectNothing(from: try await broker.connect())
        }
    }

    @Test(
        "A delayed will waits, and comes when its delay has passed", .proves("MQTT-3.1.2-8", "MQTT-3.1.3-9", "TRAP-08"))
    func delayed() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let slow = try await broker.connect(
                "c", will: will("slow", [.willDelayInterval(3)]), [.sessionExpiryInterval(60)])
            let quick = try await broker.connect(
                will: will("quick", [.willDelayInterval(1)]), [.sessionExpiryInterval(60)])
            await slow.abort()
            await quick.abort()
            #expect(try await watcher.receiveTexts(2) == ["quick", "slow"])
            // Once published it is no longer with the session.
            let again = try await broker.resume("c")
            #expect(again.connack.sessionPresent)
            await again.abort()
            try await watcher.expectNothing(from: try await broker.connect())
        }
    }

    @Test(
        "A new connection within the delay keeps the will from being published",
        .proves("MQTT-3.1.3-9", "MQTT-3.1.2-8", "TRAP-07"))
    func reconnected() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let first = try await broker.connect(
                "c", clean: false, will: will("first", [.willDelayInterval(2)]), [.sessionExpiryInterval(60)])
            await first.abort()
            let second = try await broker.connect(
                "c", clean: false, will: will("second", [.willDelayInterval(2)]), [.sessionExpiryInterval(60)])
            #expect(second.connack.sessionPresent)
            try await broker.pass(seconds: 3)
            try await watcher.expectNothing(from: try await broker.connect())
            // A take-over is no different.
            let third = try await broker.resume("c")
            try await second.expectClose(.sessionTakenOver)
            try await broker.pass(seconds: 3)
            try await watcher.expectNothing(from: third)
        }
    }

    @Test(
        "A take-over publishes a will without delay, and one whose session it ends",
        .proves("MQTT-3.1.2-8", "MQTT-3.1.4-3", "TRAP-07"))
    func takenOver() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let first = try await broker.connect("c", clean: false, will: will("at once"), [.sessionExpiryInterval(60)])
            let second = try await broker.connect(
                "c", clean: false, will: will("session ended", [.willDelayInterval(60)]), [.sessionExpiryInterval(60)])
            try await first.expectClose(.sessionTakenOver)
            #expect(try await watcher.receiveTexts(1) == ["at once"])
            let third = try await broker.connect("c", clean: true, will: will("no session", [.willDelayInterval(60)]))
            try await second.expectClose(.sessionTakenOver)
            #expect(try await watcher.receiveTexts(1) == ["session ended"])
            _ = try await broker.connect("c", clean: false)
            try await third.expectClose(.sessionTakenOver)
            #expect(try await watcher.receiveTexts(1) == ["no session"])
        }
    }

    @Test(
        "A delayed will comes at the latest when the session ends", .proves("MQTT-3.1.2-8", "MQTT-4.1.0-2", "TRAP-08"))
    func sessionEndsFirst() async throws {
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let short = try await broker.connect(
                "short", will: will("expired", [.willDelayInterval(600)]), [.sessionExpiryInterval(1)])
            await short.abort()
            #expect(try await watcher.receiveTexts(1) == ["expired"])
            let none = try await broker.connect("none", will: will("at once", [.willDelayInterval(600)]))
            await none.abort()
            #expect(try await watcher.receiveTexts(1) == ["at once"])
            // DISCONNECT may shorten the session's life.
            let cut = try await broker.connect(
                "cut", will: will("cut", [.willDelayInterval(600)]), [.sessionExpiryInterval(600)])
            try await cut.disconnect(.disconnectWithWillMessage, [.sessionExpiryInterval(0)])
            #expect(try await watcher.receiveTexts(1) == ["cut"])
            // A clean start ends the session that the will waits in.
            let waiting = try await broker.connect(
                "waiting", will: will("cleaned", [.willDelayInterval(600)]), [.sessionExpiryInterval(600)])
            await waiting.abort()
            _ = try await broker.connect("waiting", clean: true)
            #expect(try await watcher.receiveTexts(1) == ["cleaned"])
        }
    }

    @Test(
        "The will's properties reach the subscriber, user properties in their order, the delay not",
        .proves("MQTT-3.1.3-10", "MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-18", "MQTT-3.3.2-20"))
    func properties() async throws {
        let sent: [Property] = [
            .userProperty(UserProperty(name: "b", value: "1")), .payloadFormatIndicator(.utf8),
            .userProperty(UserProperty(name: "a", value: "2")), .contentType("text/plain"),
            .userProperty(UserProperty(name: "b", value: "0")), .responseTopic("answer"),
            .correlationData(ByteBuffer(bytes: [0, 0xFF, 1])),
        ]
        try await Broker.run { broker in
            let watcher = try await watcher(broker)
            let client = try await broker.connect(will: will("gone", Properties(list: sent + [.willDelayInterval(0)])))
            await client.abort()
            let publish = try await watcher.receive()
            #expect(publish.properties.userProperties.map(\.name) == ["b", "a", "b"])
            #expect(publish.properties.userProperties.map(\.value) == ["1", "2", "0"])
            #expect(Set(publish.properties.list) == Set(sent))
            #expect(publish.properties.list.count == sent.count)
        }
    }
}
