import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("3.3.1.3 RETAIN")
struct RetainedTests {
    @Test(
        "The last retained message of a topic is stored, and replaces the one before",
        .proves(
            "MQTT-3.3.1-5", "MQTT-3.3.1-9", "MQTT311-3.3.1-5", "MQTT311-3.3.1-6", "MQTT311-3.3.1-7", "MQTT311-3.3.1-8"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func replaced(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a/1", "old", .exactlyOnce, retain: true)
            try await publisher.publish("a/1", "new", .atLeastOnce, retain: true)
            // QoS 0 discards what was retained, and this broker keeps the new one.
            try await publisher.publish("a/2", "old", .atLeastOnce, retain: true)
            try await publisher.publish("a/2", "zero", retain: true)
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a/+")
            var found: [String: Publish] = [:]
            for _ in 0..<2 {
                let publish = try await subscriber.receive()
                try await subscriber.acknowledge(publish)
                found[publish.topic] = publish
            }
            #expect(found["a/1"]?.text == "new" && found["a/1"]?.qos == .atLeastOnce)
            #expect(found["a/2"]?.text == "zero" && found["a/2"]?.qos == .atMostOnce)
            #expect(found.values.allSatisfy { $0.retain && !$0.dup })
            try await subscriber.expectNothing()
        }
    }

    @Test(
        "An empty payload clears the topic, is delivered, and is not stored itself",
        .proves("MQTT-3.3.1-6", "MQTT-3.3.1-7", "MQTT311-3.3.1-10", "MQTT311-3.3.1-11", "TRAP-16"),
        arguments: [ProtocolVersion.v3_1_1, .v5], QoS.allCases)
    func cleared(version: ProtocolVersion, qos: QoS) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a", "value", .atLeastOnce, retain: true)
            let live = try await broker.connect(nil, version)
            try await live.subscribe("a")
            #expect(try await live.receiveTexts(1) == ["value"])
            try await publisher.publish("a", "", qos, retain: true)
            #expect(try await live.receiveTexts(1) == [""])
            let late = try await broker.connect(nil, version)
            try await late.subscribe("a")
            try await late.expectNothing()
            #expect(await broker.server.statistics().retainedMessages == 0)
        }
    }

    @Test(
        "A message without RETAIN leaves the retained one alone", .proves("MQTT-3.3.1-8", "MQTT311-3.3.1-12"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func notRetained(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a", "kept", .atLeastOnce, retain: true)
            try await publisher.publish("a", "passing", .atLeastOnce)
            try await publisher.publish("a", "", .atLeastOnce)
            try await publisher.publish("b", "passing", .atLeastOnce)
            let late = try await broker.connect(nil, version)
            try await late.subscribe("#")
            #expect(try await late.receiveTexts(1) == ["kept"])
            try await late.expectNothing()
        }
    }

    @Test(
        "Retain Handling: always, only for a new subscription, or never",
        .proves("MQTT-3.3.1-9", "MQTT-3.3.1-10", "MQTT-3.3.1-11", "MQTT-3.8.4-4", "TRAP-17"))
    func retainHandling() async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect()
            try await publisher.publish("a/1", "one", retain: true)
            let client = try await broker.connect()
            try await client.subscribe("a/+", retainHandling: .doNotSend)
            try await client.expectNothing()
            try await client.subscribe("a/+", retainHandling: .sendIfNew)
            try await client.expectNothing()
            try await client.subscribe("a/+", .atMostOnce, retainHandling: .sendIfNew, identifier: 4)
            try await client.expectNothing()
            for _ in 0..<2 {
                try await client.subscribe("a/+", retainHandling: .send)
                #expect(try await client.receiveTexts(1) == ["one"])
            }
            try await client.unsubscribe("a/+")
            try await client.subscribe("a/+", retainHandling: .sendIfNew)
            #expect(try await client.receiveTexts(1) == ["one"])
            try await client.expectNothing()
            // A subscription that the session still has is not new on the next connection.
            let first = try await broker.resume("kept")
            try await first.subscribe("a/1", retainHandling: .sendIfNew)
            #expect(try await first.receiveTexts(1) == ["one"])
            try await first.disconnect()
            let second = try await broker.resume("kept")
            try await second.subscribe("a/1", retainHandling: .sendIfNew)
            try await second.expectNothing()
        }
    }

    @Test(
        "Subscribing again to the same filter sends the retained messages again", .proves("MQTT311-3.8.4-3"))
    func resubscribe() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, .v3_1_1)
            try await client.publish("a", "kept", .atLeastOnce, retain: true)
            for qos in QoS.allCases {
                try await client.subscribe("a", qos)
                let publish = try await client.receive()
                #expect(publish.retain && publish.qos == min(qos, .atLeastOnce))
                try await client.acknowledge(publish)
            }
            try await client.expectNothing()
        }
    }

    @Test(
        "Retain As Published keeps the flag, without it the flag is cleared",
        .proves("MQTT-3.3.1-12", "MQTT-3.3.1-13", "TRAP-17"), arguments: QoS.allCases)
    func retainAsPublished(qos: QoS) async throws {
        try await Broker.run { broker in
            let keeping = try await broker.connect()
            try await keeping.subscribe("a", retainAsPublished: true)
            let clearing = try await broker.connect()
            try await clearing.subscribe("a", retainAsPublished: false)
            let publisher = try await broker.connect()
            for retain in [true, false] {
                try await publisher.publish("a", "x", qos, retain: retain)
                let kept = try await keeping.receive()
                #expect(kept.retain == retain)
                try await keeping.acknowledge(kept)
                let cleared = try await clearing.receive()
                #expect(!cleared.retain)
                try await clearing.acknowledge(cleared)
            }
        }
    }

    @Test(
        "A message that is queued keeps its flag as the subscription says", .proves("MQTT-3.3.1-12", "MQTT-3.3.1-13"),
        arguments: [true, false])
    func queuedFlag(retainAsPublished: Bool) async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("away")
            try await first.subscribe("a", retainAsPublished: retainAsPublished)
            try await first.disconnect()
            let publisher = try await broker.connect()
            try await publisher.publish("a", "x", .atLeastOnce, retain: true)
            let second = try await broker.resume("away")
            #expect(try await second.receive().retain == retainAsPublished)
        }
    }

    @Test(
        "A retained message carries the identifier of the subscription that asked for it",
        .proves("MQTT-3.3.4-3", "MQTT-3.3.4-4", "TRAP-15"))
    func subscriptionIdentifier() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.publish("a", "kept", retain: true)
            try await client.subscribe("a", identifier: 7)
            #expect(try await client.receive().properties.subscriptionIdentifiers == [7])
            try await client.subscribe("+", identifier: 300)
            #expect(try await client.receive().properties.subscriptionIdentifiers == [300])
        }
    }

    @Test(
        "Retained messages are sent at the lower of both QoS", .proves("MQTT-3.8.4-8", "MQTT311-3.8.4-6"),
        arguments: [ProtocolVersion.v3_1_1, .v5])
    func grantedQoS(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let publisher = try await broker.connect(nil, version)
            for qos in QoS.allCases { try await publisher.publish("a/\(qos)", "x", qos, retain: true) }
            for granted in QoS.allCases {
                let client = try await broker.connect(nil, version)
                for qos in QoS.allCases {
                    try await client.subscribe("a/\(qos)", granted)
                    let publish = try await client.receive()
                    #expect(publish.qos == min(qos, granted))
                    try await client.acknowledge(publish)
                }
            }
        }
    }
}
