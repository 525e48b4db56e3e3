import MQTTCodec
import NIOCore
import Testing

@Suite("4.7 Topic names and filters, 4.6 order")
struct TopicTests {
    private static let matching: [(filter: String, yes: [String], no: [String])] = [
        ("a/#", ["a", "a/", "a/b", "a/b/c"], ["b", "aa", "/a"]),
        ("#", ["a", "/", "a/b", "/a"], ["$x", "$x/a"]),
        ("+", ["a", "é"], ["a/b", "/a", "$x"]),
        ("+/+", ["/", "a/b", "/a"], ["a", "a/b/c", "$x/a"]),
        ("/+", ["/", "/a"], ["a", "a/b"]),
        ("a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/b/c", "a/b/d"]),
        ("a/+", ["a/", "a/b"], ["a", "a/b/c"]),
        ("+/b/#", ["a/b", "a/b/c/d", "/b"], ["a", "b", "$x/b"]),
        ("$x/#", ["$x", "$x/a"], ["x/a", "$y"]),
        ("$x/+", ["$x/a"], ["$x", "$x/a/b"]),
        ("a b/C", ["a b/C"], ["a b/c", "a%20b/C", "ab/C"]),
        ("/", ["/"], ["", "//"]),
        ("a//b", ["a//b"], ["a/b"]),
        ("\u{FEFF}a", ["\u{FEFF}a"], ["a"]),
        ("e\u{301}", ["e\u{301}"], ["é"]),
    ]

    @Test(
        "Filters match as the specification says, without any normalisation",
        .proves(
            "MQTT-3.3.2-3", "MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.2-1", "MQTT-4.7.3-4", "MQTT-1.5.4-3",
            "MQTT311-3.3.2-3", "MQTT311-3.8.3-2", "MQTT311-4.7.1-2", "MQTT311-4.7.1-3", "MQTT311-4.7.2-1",
            "MQTT311-4.7.3-4",
            "MQTT311-1.5.3-3", "TRAP-01", "TRAP-11"),
        arguments: [ProtocolVersion.v3_1_1, .v5], matching.indices)
    func matches(version: ProtocolVersion, index: Int) async throws {
        let (filter, yes, no) = Self.matching[index]
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            #expect(try await client.subscribe(filter, .atMostOnce) == .grantedQoS0)
            let publisher = try await broker.connect(nil, version)
            for topic in yes + no where !topic.isEmpty {
                try await publisher.publish(topic, topic, .atLeastOnce, retain: true)
            }
            for topic in yes {
                let publish = try await client.receive()
                // Swift calls strings equal that are canonically equivalent; the bytes must be the same.
                #expect(Array(publish.topic.utf8) == Array(topic.utf8))
            }
            // Retained messages are found by the same rules.
            let late = try await broker.connect(nil, version)
            try await late.subscribe(filter, .atMostOnce)
            var found: Set<[UInt8]> = []
            for _ in yes { found.insert(Array(try await late.receive().topic.utf8)) }
            #expect(found == Set(yes.map { Array($0.utf8) }))
            try await late.expectNothing()
            try await client.unsubscribe(filter)
            try await client.expectNothing(from: publisher)
        }
    }

    @Test(
        "A filter whose wildcards stand wrong, or that is empty, is refused",
        .proves(
            "MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-1", "MQTT311-4.7.1-2", "MQTT311-4.7.1-3", "MQTT311-4.7.3-1"),
        arguments: [ProtocolVersion.v3_1_1, .v5],
        ["a#", "a/#/b", "#/a", "##", "a+", "+a", "a/b+/c", "a/+b", "++", "+#", "#+", "", "a/b#"])
    func wrongWildcards(version: ProtocolVersion, filter: String) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            try await client.send(
                Raw.packet(0x82, [0, 1], version == .v5 ? [0] : [], Raw.text(filter), [0x01]))
            switch try await client.next() {
            case .suback(let suback)?:
                #expect(suback.reasonCodes == [version == .v5 ? .topicFilterInvalid : .unspecifiedError])
            case .disconnect(let disconnect)?:
                let allowed: [ReasonCode] = [.topicFilterInvalid, .malformedPacket, .protocolError]
                #expect(allowed.contains(disconnect.reasonCode))
            case nil: #expect(version != .v5)
            case let other?: Issue.record("\(other) came")
            }
        }
    }

    @Test(
        "Messages of one publisher keep their order, topic by topic and QoS by QoS",
        .proves("MQTT-4.6.0-5", "MQTT-4.6.0-6", "MQTT311-4.6.0-5", "MQTT311-4.6.0-6"),
        arguments: [ProtocolVersion.v3_1_1, .v5], QoS.allCases)
    func order(version: ProtocolVersion, qos: QoS) async throws {
        try await Broker.run { broker in
            let subscriber = try await broker.connect(nil, version)
            try await subscriber.subscribe("t/+", qos)
            let publishers = [try await broker.connect(nil, version), try await broker.connect(nil, version)]
            let count = 60
            for (index, publisher) in publishers.enumerated() {
                var packets = ByteBuffer()
                for number in 0..<count {
                    let publish = Publish(
                        topic: "t/\(number % 2)", payload: ByteBuffer(string: "\(index) \(number)"), qos: qos,
                        packetID: qos == .atMostOnce ? nil : UInt16(number + 1))
                    try Packet.publish(publish).encode(into: &packets, version: version)
                }
                try await publisher.send(Array(packets.readableBytesView))
            }
            let texts = try await subscriber.receiveTexts(2 * count)
            for index in publishers.indices {
                for topic in 0..<2 {
                    let numbers = texts.filter { $0.hasPrefix("\(index) ") }.compactMap { Int($0.dropFirst(2)) }
                    let own = numbers.filter { $0 % 2 == topic }
                    #expect(own == own.sorted() && own.count == count / 2)
                }
            }
        }
    }

    @Test(
        "Acknowledgements leave in the order of what they answer",
        .proves("MQTT-4.6.0-2", "MQTT-4.6.0-3", "MQTT-4.6.0-4"))
    func orderOfAcknowledgements() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            var packets = ByteBuffer()
            let ids: [UInt16] = [9, 3, 7, 1, 5]
            for id in ids {
                for (qos, id) in [(QoS.atLeastOnce, id), (.exactlyOnce, id + 1000)] {
                    try Packet.publish(Publish(topic: "a", payload: ByteBuffer(), qos: qos, packetID: id))
                        .encode(into: &packets, version: .v5)
                }
            }
            try await client.send(Array(packets.readableBytesView))
            var pubacks: [UInt16] = []
            var pubrecs: [UInt16] = []
            for _ in 0..<(2 * ids.count) {
                switch try await client.next() {
                case .puback(let ack)?: pubacks.append(ack.packetID)
                case .pubrec(let ack)?: pubrecs.append(ack.packetID)
                case let other: Issue.record("\(String(describing: other)) came")
                }
            }
            #expect(pubacks == ids && pubrecs == ids.map { $0 + 1000 })
            // And PUBREL in the order of the PUBREC packets, when the broker is the sender.
            let subscriber = try await broker.connect()
            try await subscriber.subscribe("b")
            for _ in ids { try await client.publish("b", "", .exactlyOnce) }
            let sent = try await subscriber.receiveWithoutAnswer(ids.count).compactMap(\.packetID)
            let order = [3, 0, 4, 2, 1].map { sent[$0] }
            for id in order { try await subscriber.send(.pubrec(Acknowledgement(packetID: id))) }
            for id in order { try await subscriber.expect(.pubrel(Acknowledgement(packetID: id))) }
        }
    }
}
