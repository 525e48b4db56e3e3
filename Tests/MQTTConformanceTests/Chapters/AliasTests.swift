import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("3.3.2.3.4 Topic aliases")
struct AliasTests {
    private func publish(_ topic: String, alias: UInt16, _ text: String) -> Packet {
        .publish(Publish(topic: topic, payload: ByteBuffer(string: text), properties: [.topicAlias(alias)]))
    }

    @Test(
        "Every alias up to the maximum that CONNACK names can be set, used and set anew",
        .proves("MQTT-3.3.2-12", "TRAP-21"))
    func accepted() async throws {
        var limits = BrokerLimits()
        limits.topicAliasMaximum = 10
        try await Broker.run(limits: limits) { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("#")
            let client = try await broker.connect()
            let maximum = try #require(client.connack.properties.topicAliasMaximum)
            #expect(maximum == 10)
            for alias in 1...maximum { try await client.send(publish("t/\(alias)", alias: alias, "set")) }
            for alias in (1...maximum).reversed() { try await client.send(publish("", alias: alias, "used")) }
            try await client.send(publish("other", alias: 1, "anew"), publish("", alias: 1, "used"))
            for alias in 1...maximum { #expect(try await listener.receive().topic == "t/\(alias)") }
            for alias in (1...maximum).reversed() {
                let publish = try await listener.receive()
                #expect(publish.topic == "t/\(alias)" && publish.text == "used")
            }
            #expect(try await listener.receive().topic == "other")
            #expect(try await listener.receive().topic == "other")
        }
    }

    @Test("An alias works with every QoS and with RETAIN", .proves("MQTT-3.3.2-12"), arguments: QoS.allCases)
    func everyQoS(qos: QoS) async throws {
        try await Broker.run { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("a")
            let client = try await broker.connect()
            try await client.publish("a", "one", qos, [.topicAlias(3)])
            // Without a topic name.
            let id: UInt16? = qos == .atMostOnce ? nil : 77
            try await client.send(
                .publish(
                    Publish(
                        topic: "", payload: ByteBuffer(string: "two"), qos: qos, retain: true, packetID: id,
                        properties: [.topicAlias(3)])))
            #expect(try await listener.receiveTexts(2) == ["one", "two"])
            let late = try await broker.connect()
            try await late.subscribe("a")
            let retained = try await late.receive()
            #expect(retained.topic == "a" && retained.text == "two")
        }
    }

    @Test(
        "Alias 0, one above the maximum and one that was never set close the connection",
        .proves("MQTT-3.3.2-8", "MQTT-3.3.2-9", "MQTT-4.13.1-1", "TRAP-21"))
    func refused() async throws {
        try await Broker.run { broker in
            let zero = try await broker.connect()
            try await zero.send(Raw.publish(topic: [0x61], properties: [0x23, 0x00, 0x00]))
            try await zero.expectClose(.topicAliasInvalid)
            let above = try await broker.connect()
            let maximum = above.connack.properties.topicAliasMaximum ?? 0
            try await above.send(publish("a", alias: maximum + 1, "x"))
            try await above.expectClose(.topicAliasInvalid)
            let unset = try await broker.connect()
            try await unset.send(publish("", alias: 1, "x"))
            try await unset.expectClose(.protocolError, .topicAliasInvalid)
        }
    }

    @Test("A broker that takes no aliases says so by leaving the property out", .proves("MQTT-3.3.2-9"))
    func none() async throws {
        var limits = BrokerLimits()
        limits.topicAliasMaximum = 0
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect()
            #expect(client.connack.properties.topicAliasMaximum ?? 0 == 0)
            try await client.send(publish("a", alias: 1, "x"))
            try await client.expectClose(.topicAliasInvalid)
        }
    }

    @Test("Aliases end with their connection, also for a session that goes on", .proves("MQTT-3.3.2-7", "TRAP-21"))
    func endWithConnection() async throws {
        try await Broker.run { broker in
            let listener = try await broker.connect()
            try await listener.subscribe("a")
            let first = try await broker.resume("c")
            try await first.send(publish("a", alias: 1, "one"))
            #expect(try await listener.receiveTexts(1) == ["one"])
            await first.abort()
            let second = try await broker.resume("c")
            #expect(second.connack.sessionPresent)
            try await second.send(publish("", alias: 1, "x"))
            try await second.expectClose(.protocolError, .topicAliasInvalid)
            try await listener.expectNothing(from: try await broker.connect())
        }
    }

    @Test(
        "The broker uses no alias above the client's maximum, and none for a client that gave no maximum",
        .proves(
            "MQTT-3.1.2-26", "MQTT-3.1.2-27", "MQTT-3.3.2-8", "MQTT-3.3.2-10", "MQTT-3.3.2-11", "MQTT-3.3.2-7",
            "TRAP-21"),
        arguments: [nil, 0, 1, 3] as [UInt16?])
    func ofBroker(maximum: UInt16?) async throws {
        try await Broker.run { broker in
            let properties: Properties = maximum.map { [.topicAliasMaximum($0)] } ?? []
            for _ in 0..<2 {
                let client = try await broker.resume("c", properties)
                try await client.subscribe("topic/#", .atMostOnce)
                let publisher = try await broker.connect()
                // WireRules holds each alias against the maximum; a topic must be told before its alias stands for it.
                var known: [UInt16: String] = [:]
                for round in 0..<3 {
                    for topic in ["topic/1", "topic/2", "topic/3", "topic/4"] {
                        try await publisher.publish(topic, "\(round)")
                        let publish = try await client.receive()
                        if let alias = publish.properties.topicAlias {
                            if !publish.topic.isEmpty { known[alias] = publish.topic }
                            #expect(known[alias] == topic)
                        } else {
                            #expect(publish.topic == topic)
                        }
                    }
                }
                // What the client allows is used.
                #expect(known.count == Int(min(maximum ?? 0, 4)))
                await client.abort()
            }
        }
    }
}
