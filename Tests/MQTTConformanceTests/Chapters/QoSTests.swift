import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("4.3 Quality of service: the exchanges, packet by packet")
struct QoSTests {
    private func publish(_ text: String, _ qos: QoS, id: UInt16, dup: Bool = false) -> Packet {
        .publish(
            Publish(topic: "a", payload: ByteBuffer(string: text), qos: qos, dup: dup, packetID: id))
    }

    private func ack(_ id: UInt16) -> Acknowledgement { Acknowledgement(packetID: id) }

    @Test(
        "QoS 1 is answered by PUBACK, and its packet identifier is free at once",
        .proves(
            "MQTT-4.3.2-4", "MQTT-4.3.2-5", "MQTT-3.3.4-1", "MQTT-2.2.1-5", "MQTT311-4.3.2-2", "MQTT311-3.3.4-1",
            "MQTT311-2.3.1-6"),
        arguments: ProtocolVersion.allCases, [1, 0x1234, 65_535] as [UInt16])
    func puback(version: ProtocolVersion, id: UInt16) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a", .atMostOnce)
            let client = try await broker.connect(nil, version)
            for (number, dup) in [(1, false), (2, false), (3, true)] {
                try await client.send(publish("\(number)", .atLeastOnce, id: id, dup: dup))
                #expect(try await client.nextBytes() == [0x40, 0x02, UInt8(id >> 8), UInt8(id & 0xFF)])
            }
            #expect(try await subscriber.receiveTexts(3) == ["1", "2", "3"])
        }
    }

    @Test(
        "QoS 2 is answered by PUBREC and PUBCOMP with its packet identifier",
        .proves(
            "MQTT-4.3.3-8", "MQTT-4.3.3-11", "MQTT-4.3.3-12", "MQTT-2.2.1-5", "MQTT-3.3.4-1", "MQTT-3.5.2-1",
            "MQTT-3.7.2-1", "MQTT311-4.3.3-2", "MQTT311-3.3.4-1", "MQTT311-2.3.1-6"),
        arguments: ProtocolVersion.allCases, [1, 0x1234, 65_535] as [UInt16])
    func pubrec(version: ProtocolVersion, id: UInt16) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a", .atMostOnce)
            let client = try await broker.connect(nil, version)
            let high = UInt8(id >> 8)
            let low = UInt8(id & 0xFF)
            // The second time the identifier is free again, and the message a new one.
            for text in ["first", "second"] {
                try await client.send(publish(text, .exactlyOnce, id: id))
                #expect(try await client.nextBytes() == [0x50, 0x02, high, low])
                try await client.send(.pubrel(ack(id)))
                #expect(try await client.nextBytes() == [0x70, 0x02, high, low])
            }
            #expect(try await subscriber.receiveTexts(2) == ["first", "second"])
        }
    }

    @Test(
        "A QoS 2 message that comes again before PUBREL is acknowledged and not delivered again, also on the next connection",
        .proves("MQTT-4.3.3-10", "MQTT-4.3.3-12", "MQTT311-4.3.3-2", "TRAP-18"), arguments: ProtocolVersion.allCases)
    func duplicates(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("a", .exactlyOnce)
            let client = try await broker.resume("p", version)
            try await client.send(publish("once", .exactlyOnce, id: 7))
            try await client.expect(.pubrec(ack(7)))
            for dup in [true, false] {
                try await client.send(publish("once", .exactlyOnce, id: 7, dup: dup))
                try await client.expect(.pubrec(ack(7)))
            }
            await client.abort()
            let again = try await broker.resume("p", version)
            try await again.send(publish("once", .exactlyOnce, id: 7, dup: true))
            try await again.expect(.pubrec(ack(7)))
            await again.abort()
            let third = try await broker.resume("p", version)
            try await third.send(.pubrel(ack(7)))
            try await third.expect(.pubcomp(ack(7)))
            #expect(try await subscriber.receiveTexts(1) == ["once"])
            try await subscriber.expectNothing(from: third)
            // After PUBCOMP the identifier names a new message.
            try await third.send(publish("next", .exactlyOnce, id: 7, dup: true))
            try await third.expect(.pubrec(ack(7)))
            #expect(try await subscriber.receiveTexts(1) == ["next"])
        }
    }

    @Test(
        "A publish that the host could not keep closes a client that can't be told, and tells one that can",
        .proves("MQTT311-4.8.0-2", "MQTT-4.3.2-4", "MQTT-4.3.3-8"), arguments: [QoS.atLeastOnce, .exactlyOnce])
    func transientError(qos: QoS) async throws {
        let policy = HoldingPolicy()
        try await Broker.run(policy: policy) { broker in
            for version in [ProtocolVersion.v3_1_1, .v5] {
                let client = try await broker.connect(nil, version)
                try await client.send(publish("x", qos, id: 3))
                // Not acknowledged as long as the host has not taken it over.
                try await client.expectNothing()
                broker.server.release(policy.takeTickets().map { ($0, .unspecifiedError) })
                let answer = Acknowledgement(packetID: 3, reasonCode: .unspecifiedError)
                if version == .v5 {
                    try await client.expect(qos == .atLeastOnce ? .puback(answer) : .pubrec(answer))
                } else {
                    try await client.expectClose()
                }
            }
        }
    }

    @Test(
        "PUBREL of an exchange that is over is answered by PUBCOMP", .proves("MQTT-4.3.3-11", "MQTT311-4.3.3-2"),
        arguments: ProtocolVersion.allCases)
    func unknownPubrel(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            try await client.send(.pubrel(ack(9)))
            let reason: ReasonCode = version == .v5 ? .packetIdentifierNotFound : .success
            try await client.expect(.pubcomp(Acknowledgement(packetID: 9, reasonCode: reason)))
        }
    }

    @Test(
        "After a PUBREC that refuses, the packet identifier names a new message",
        .proves("MQTT-4.3.3-9", "MQTT-3.5.2-1"))
    func refusedPubrec() async throws {
        try await Broker.run(policy: StrictPolicy()) { broker in
            let subscriber = try await broker.connect()
            try await subscriber.subscribe("a", .atMostOnce)
            let client = try await broker.connect()
            try await client.send(
                .publish(
                    Publish(
                        topic: "forbidden/x", payload: ByteBuffer(string: "no"), qos: .exactlyOnce, packetID: 5)))
            try await client.expect(.pubrec(Acknowledgement(packetID: 5, reasonCode: .notAuthorized)))
            try await client.send(publish("new", .exactlyOnce, id: 5))
            try await client.expect(.pubrec(ack(5)))
            #expect(try await subscriber.receiveTexts(1) == ["new"])
        }
    }

    @Test(
        "As a sender of QoS 1 the broker picks unused packet identifiers and waits for each PUBACK",
        .proves(
            "MQTT-2.2.1-4", "MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-4.3.2-3", "MQTT311-2.3.1-4", "MQTT311-4.3.2-1"),
        arguments: ProtocolVersion.allCases)
    func sendsQoS1(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.resume("s", version)
            try await subscriber.subscribe("a", .atLeastOnce)
            let publisher = try await broker.connect(nil, version)
            for number in 0..<5 { try await publisher.publish("a", "\(number)", .atLeastOnce) }
            var sent: [Publish] = []
            for _ in 0..<5 { sent.append(try await subscriber.receive()) }
            let ids = sent.compactMap(\.packetID)
            #expect(Set(ids).count == 5 && !ids.contains(0))
            #expect(sent.allSatisfy { $0.qos == .atLeastOnce && !$0.dup })
            // The third is acknowledged, the others are not and come again.
            try await subscriber.acknowledge(sent[2])
            try await subscriber.expectNothing()
            await subscriber.abort()
            let again = try await broker.resume("s", version)
            for publish in [sent[0], sent[1], sent[3], sent[4]] {
                let repeated = try await again.receive()
                #expect(repeated.packetID == publish.packetID && repeated.text == publish.text && repeated.dup)
            }
        }
    }

    @Test(
        "As a sender of QoS 2 the broker repeats what the exchange has reached, and nothing before it",
        .proves(
            "MQTT-4.3.3-1", "MQTT-4.3.3-2", "MQTT-4.3.3-3", "MQTT-4.3.3-4", "MQTT-4.3.3-5", "MQTT-4.3.3-6",
            "MQTT-3.6.2-1", "MQTT-2.2.1-5", "MQTT-4.4.0-1", "MQTT311-4.3.3-1", "MQTT311-2.3.1-6", "MQTT311-4.4.0-1",
            "MQTT311-2.3.1-4", "TRAP-19"),
        arguments: ProtocolVersion.allCases)
    func sendsQoS2(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            var subscriber = try await broker.resume("s", version)
            try await subscriber.subscribe("a", .exactlyOnce)
            let publisher = try await broker.connect(nil, version)
            try await publisher.publish("a", "x", .exactlyOnce)
            let publish = try await subscriber.receive()
            #expect(publish.qos == .exactlyOnce && !publish.dup)
            let id = try #require(publish.packetID)
            // No PUBREC: the PUBLISH again.
            await subscriber.abort()
            subscriber = try await broker.resume("s", version)
            let repeated = try await subscriber.receive()
            #expect(repeated.dup && repeated.packetID == id && repeated.text == "x")
            try await subscriber.send(.pubrec(ack(id)))
            try await subscriber.expect(.pubrel(ack(id)))
            // No PUBCOMP: the PUBREL again, each time, and never the PUBLISH.
            for _ in 0..<2 {
                await subscriber.abort()
                subscriber = try await broker.resume("s", version)
                try await subscriber.expect(.pubrel(ack(id)))
                try await subscriber.expectNothing()
            }
            // A PUBREC that comes again is answered again.
            try await subscriber.send(.pubrec(ack(id)))
            try await subscriber.expect(.pubrel(ack(id)))
            try await subscriber.send(.pubcomp(ack(id)))
            try await subscriber.expectNothing()
            await subscriber.abort()
            subscriber = try await broker.resume("s", version)
            try await subscriber.expectNothing()
        }
    }

    @Test(
        "Packet identifiers go round without 0 and without one that is in use",
        .proves("MQTT-2.2.1-4", "MQTT311-2.3.1-4"),
        .timeLimit(.minutes(2)))
    func identifiersGoRound() async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect()
            try await subscriber.subscribe("a", .atLeastOnce)
            let publisher = try await broker.connect()
            try await publisher.publish("a", "held", .atLeastOnce)
            let held = try #require(try await subscriber.receive().packetID)
            var seen: [UInt16: Int] = [:]
            let count = 65_540
            let batch = 500
            for start in stride(from: 0, to: count, by: batch) {
                // In pieces, so that no bound of a queue is reached.
                var packets: [UInt8] = []
                for _ in 0..<batch { packets += [0x32, 0x07, 0x00, 0x01, 0x61, 0x00, 0x01, 0x00, 0x78] }
                try await publisher.send(packets)
                var answers: [UInt8] = []
                for _ in 0..<batch {
                    let bytes = try await subscriber.nextBytes() ?? []
                    guard bytes.count == 9 else { throw Unexpected("no PUBLISH after \(start)", #_sourceLocation) }
                    seen[UInt16(bytes[5]) << 8 | UInt16(bytes[6]), default: 0] += 1
                    answers += [0x40, 0x02, bytes[5], bytes[6]]
                }
                try await subscriber.send(answers)
                for _ in 0..<batch { _ = try await publisher.nextBytes() }
            }
            #expect(seen[held] == nil && seen[0] == nil)
            #expect(seen.count == 65_534)
        }
    }

    @Test(
        "A client that refuses a message in PUBACK or PUBREC does not get it again", .proves("MQTT-4.4.0-2"),
        arguments: [ReasonCode.unspecifiedError, .notAuthorized, .quotaExceeded, .payloadFormatInvalid])
    func refusedByClient(reason: ReasonCode) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.resume("s")
            try await subscriber.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "one", .atLeastOnce)
            try await publisher.publish("a", "two", .exactlyOnce)
            let one = try #require(try await subscriber.receive().packetID)
            let two = try #require(try await subscriber.receive().packetID)
            try await subscriber.send(
                .puback(Acknowledgement(packetID: one, reasonCode: reason)),
                .pubrec(Acknowledgement(packetID: two, reasonCode: reason)))
            try await subscriber.expectNothing()
            await subscriber.abort()
            let again = try await broker.resume("s")
            try await again.expectNothing(from: publisher)
        }
    }

    @Test("Nothing is sent again while the connection lasts", .proves("MQTT-4.4.0-1", "MQTT311-4.4.0-1"))
    func noRepetition() async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect()
            try await subscriber.subscribe("a")
            let publisher = try await broker.connect()
            try await publisher.publish("a", "one", .atLeastOnce)
            try await publisher.publish("a", "two", .exactlyOnce)
            _ = try await subscriber.receiveWithoutAnswer(2)
            try await broker.pass(seconds: 3)
            try await subscriber.expectNothing(from: publisher)
        }
    }

    @Test(
        "On the next connection everything unacknowledged comes again, in its first order, marked, before anything new",
        .proves(
            "MQTT-4.4.0-1", "MQTT-4.6.0-1", "MQTT-3.3.1-1", "MQTT311-4.4.0-1", "MQTT311-4.6.0-6", "MQTT311-3.3.1-1",
            "TRAP-19"),
        arguments: ProtocolVersion.allCases)
    func redelivery(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            var subscriber = try await broker.resume("s", version)
            try await subscriber.subscribe("#")
            let publisher = try await broker.connect(nil, version)
            for number in 0..<9 {
                try await publisher.publish(
                    "t/\(number % 3)", "\(number)", number % 2 == 0 ? .exactlyOnce : .atLeastOnce)
            }
            let sent = try await subscriber.receiveWithoutAnswer(9)
            try await subscriber.acknowledge(sent[4])
            try await subscriber.expectNothing()
            for _ in 0..<2 {
                await subscriber.abort()
                try await publisher.publish("t/0", "new", .atLeastOnce)
                subscriber = try await broker.resume("s", version)
                for publish in sent where publish.packetID != sent[4].packetID {
                    let repeated = try await subscriber.receive()
                    #expect(repeated.dup && repeated.text == publish.text && repeated.qos == publish.qos)
                    #expect(repeated.packetID == publish.packetID && repeated.topic == publish.topic)
                }
                let new = try await subscriber.receive()
                #expect(new.text == "new" && !new.dup)
                try await subscriber.acknowledge(new)
                try await subscriber.expectNothing()
            }
        }
    }
}

extension Client {
    /// Receives so many messages and leaves them unacknowledged.
    func receiveWithoutAnswer(_ count: Int) async throws -> [Publish] {
        var messages: [Publish] = []
        for _ in 0..<count { messages.append(try await receive()) }
        return messages
    }
}
