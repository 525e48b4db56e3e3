import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("4.9 Flow control, both ways")
struct FlowControlTests {
    @Test(
        "The broker sends no more than the client's Receive Maximum, and each answer lets one more go",
        .proves("MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2"), arguments: [1, 2, 5] as [UInt16])
    func sendQuota(maximum: UInt16) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, [.receiveMaximum(maximum)])
            try await subscriber.subscribe("a")
            let publisher = try await broker.connect()
            for number in 0..<10 {
                try await publisher.publish("a", "\(number)", number % 2 == 0 ? .atLeastOnce : .exactlyOnce)
            }
            var open = try await subscriber.receiveWithoutAnswer(Int(maximum))
            var texts = open.map(\.text)
            try await subscriber.expectNothing(from: publisher)
            while texts.count < 10 {
                let done = open.removeFirst()
                if done.qos == .exactlyOnce, let id = done.packetID {
                    // PUBREC alone frees nothing, PUBCOMP does.
                    try await subscriber.send(.pubrec(Acknowledgement(packetID: id)))
                    try await subscriber.expect(.pubrel(Acknowledgement(packetID: id)))
                    try await subscriber.expectNothing()
                    try await subscriber.send(.pubcomp(Acknowledgement(packetID: id)))
                } else {
                    try await subscriber.acknowledge(done)
                }
                let next = try await subscriber.receive()
                open.append(next)
                texts.append(next.text)
                try await subscriber.expectNothing()
            }
            #expect(texts == (0..<10).map(String.init))
        }
    }

    @Test("A PUBREC that refuses gives the quota back", .proves("MQTT-3.3.4-9", "MQTT-4.9.0-2"))
    func refusalFreesQuota() async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, [.receiveMaximum(1)])
            try await subscriber.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "one", .exactlyOnce)
            try await publisher.publish("a", "two", .exactlyOnce)
            let id = try #require(try await subscriber.receive().packetID)
            try await subscriber.send(.pubrec(Acknowledgement(packetID: id, reasonCode: .unspecifiedError)))
            #expect(try await subscriber.receive().text == "two")
        }
    }

    @Test(
        "Each connection has the quota that its own CONNECT gave", .proves("MQTT-4.9.0-1", "MQTT-4.4.0-1", "TRAP-20"))
    func quotaOfConnection() async throws {
        try await Broker.run { broker in
            let first = try await broker.resume("s", [.receiveMaximum(3)])
            try await first.subscribe("a")
            let publisher = try await broker.connect()
            for number in 0..<6 { try await publisher.publish("a", "\(number)", .atLeastOnce) }
            _ = try await first.receiveWithoutAnswer(3)
            try await first.expectNothing(from: publisher)
            await first.abort()
            let second = try await broker.resume("s", [.receiveMaximum(1)])
            for number in 0..<6 {
                let publish = try await second.receive()
                #expect(publish.text == "\(number)" && publish.dup == (number < 3))
                try await second.expectNothing()
                try await second.acknowledge(publish)
            }
            await second.abort()
            for number in 0..<4 { try await publisher.publish("a", "\(number)", .atLeastOnce) }
            let third = try await broker.resume("s", [.receiveMaximum(4)])
            #expect(try await third.receiveWithoutAnswer(4).map(\.text) == ["0", "1", "2", "3"])
        }
    }

    @Test(
        "A used-up quota holds back nothing but PUBLISH of QoS 1 and 2",
        .proves("MQTT-4.9.0-3", "MQTT-3.3.4-10", "MQTT-3.3.4-8", "TRAP-20"))
    func otherPacketsFlow() async throws {
        var limits = BrokerLimits()
        limits.receiveMaximum = 1
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect(nil, [.receiveMaximum(1)])
            try await client.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "one", .exactlyOnce)
            try await publisher.publish("a", "two", .exactlyOnce)
            let one = try await client.receive()
            // The client has used up the broker's quota too.
            try await client.send(
                .publish(Publish(topic: "other", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 7)))
            try await client.expect(.pubrec(Acknowledgement(packetID: 7)))
            try await client.expectNothing()
            try await client.subscribe("b", .atMostOnce)
            try await client.unsubscribe("none")
            try await client.publish("b", "QoS 0")
            #expect(try await client.receive().text == "QoS 0")
            let id = try #require(one.packetID)
            try await client.send(.pubrec(Acknowledgement(packetID: id)))
            try await client.expect(.pubrel(Acknowledgement(packetID: id)))
            try await client.send(.pubrel(Acknowledgement(packetID: 7)))
            try await client.expect(.pubcomp(Acknowledgement(packetID: 7)))
            try await client.send(.pubcomp(Acknowledgement(packetID: id)))
            #expect(try await client.receive().text == "two")
        }
    }

    @Test(
        "A client that exceeds the broker's Receive Maximum is told 0x93 and closed",
        .proves("MQTT-3.3.4-7", "MQTT-4.13.1-1", "TRAP-20"))
    func clientExceeds() async throws {
        var limits = BrokerLimits()
        limits.receiveMaximum = 2
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect()
            #expect(client.connack.properties.receiveMaximum == 2)
            for id in [1, 2] as [UInt16] {
                try await client.send(
                    .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .exactlyOnce, packetID: id)))
                try await client.expect(.pubrec(Acknowledgement(packetID: id)))
            }
            // One that is finished makes room.
            try await client.send(.pubrel(Acknowledgement(packetID: 1)))
            try await client.expect(.pubcomp(Acknowledgement(packetID: 1)))
            try await client.send(
                .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 3)))
            try await client.expect(.pubrec(Acknowledgement(packetID: 3)))
            try await client.send(
                .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 4)))
            try await client.expectClose(.receiveMaximumExceeded)
        }
    }

    @Test("Publishes of QoS 1 that the host has not acknowledged yet count too", .proves("MQTT-3.3.4-7"))
    func clientExceedsWithQoS1() async throws {
        var limits = BrokerLimits()
        limits.receiveMaximum = 2
        try await Broker.run(limits: limits, policy: HoldingPolicy()) { broker in
            let client = try await broker.connect()
            for id in [1, 2] as [UInt16] {
                try await client.send(
                    .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce, packetID: id)))
            }
            try await client.expectNothing()
            try await client.send(
                .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce, packetID: 3)))
            try await client.expectClose(.receiveMaximumExceeded)
        }
    }

    @Test("A Receive Maximum of 0 is a protocol error", .proves("MQTT-4.13.1-1", "MQTT-4.9.0-1"))
    func zero() async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(Raw.connect(properties: [0x21, 0x00, 0x00], Raw.text("a")))
            try await client.expectRefusal(.protocolError, .malformedPacket)
        }
    }
}
