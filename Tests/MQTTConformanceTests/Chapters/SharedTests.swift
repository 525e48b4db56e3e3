import MQTTCodec
import NIOCore
import Testing

@Suite("4.8.2 Shared subscriptions")
struct SharedTests {
    @Test(
        "Each message goes to one of the group, at the QoS that this one was granted",
        .proves("MQTT-4.8.2-3", "MQTT-4.8.2-1", "MQTT-4.8.2-2"))
    func oneOfGroup() async throws {
        try await Broker.run { broker in
            let granted: [QoS] = [.atMostOnce, .atLeastOnce, .exactlyOnce]
            var members: [Client] = []
            for qos in granted {
                let member = try await broker.connect()
                #expect(try await member.subscribe("$share/group/a/+", qos) == .granted(qos))
                members.append(member)
            }
            let whole = try await broker.connect()
            try await whole.subscribe("a/+", .atMostOnce)
            let otherGroup = try await broker.connect()
            try await otherGroup.subscribe("$share/other/a/+", .atMostOnce)
            let publisher = try await broker.connect()
            for number in 0..<12 { try await publisher.publish("a/b", "\(number)", .exactlyOnce) }
            let expected = (0..<12).map(String.init)
            #expect(try await whole.receiveTexts(12) == expected)
            #expect(try await otherGroup.receiveTexts(12) == expected)
            var texts: [String] = []
            for (member, qos) in zip(members, granted) {
                try await member.subscribe("end", .atMostOnce)
                try await publisher.publish("end", "end")
                while true {
                    let publish = try await member.receive()
                    if publish.topic == "end" { break }
                    #expect(publish.qos == qos)
                    texts.append(publish.text)
                    try await member.acknowledge(publish)
                }
            }
            #expect(Set(texts) == Set(expected) && texts.count == 12)
        }
    }

    @Test(
        "A share name is not empty and has no wildcard, and a filter stands behind it",
        .proves("MQTT-4.8.2-1", "MQTT-4.8.2-2", "TRAP-24"),
        arguments: [
            "$share//a", "$share/g", "$share/g/", "$share/+/a", "$share/#/a", "$share/g+/a", "$share/g#/a", "$share/",
        ])
    func badShareName(filter: String) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.send(Raw.packet(0x82, [0, 1, 0], Raw.text(filter), [0x01]))
            switch try await client.next() {
            case .suback(let suback)?: #expect(suback.reasonCodes == [.topicFilterInvalid])
            case .disconnect(let disconnect)?:
                let allowed: [ReasonCode] = [.topicFilterInvalid, .malformedPacket, .protocolError]
                #expect(allowed.contains(disconnect.reasonCode))
            case let other: Issue.record("\(String(describing: other)) came")
            }
        }
    }

    @Test(
        "What only looks like a share is a filter like any other", .proves("MQTT-4.8.2-1"),
        arguments: ["$share", "$shared/g/a", "$SHARE/g/a", "a/$share/g"])
    func noShare(topic: String) async throws {
        try await Broker.run { broker in
            let one = try await broker.connect()
            let two = try await broker.connect()
            for client in [one, two] { try await client.subscribe(topic, .atMostOnce) }
            let publisher = try await broker.connect()
            try await publisher.publish(topic, "x", .atLeastOnce)
            #expect(try await one.receiveTexts(1) == ["x"])
            #expect(try await two.receiveTexts(1) == ["x"])
        }
    }

    @Test("No Local on a shared subscription is a protocol error", .proves("MQTT-3.8.3-4", "TRAP-24"))
    func noLocal() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            let subscription = Subscription(filter: "$share/g/a", qos: .atLeastOnce, noLocal: true)
            try await client.send(.subscribe(Subscribe(packetID: 1, subscriptions: [subscription])))
            try await client.expectClose(.protocolError)
        }
    }

    @Test(
        "A shared subscription gets no retained messages",
        .proves("MQTT-3.3.1-9", "MQTT-3.3.1-10", "TRAP-17", "TRAP-24"))
    func noRetained() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.publish("a", "kept", .atLeastOnce, retain: true)
            for handling in [RetainHandling.send, .sendIfNew] {
                try await client.subscribe("$share/g/a", retainHandling: handling)
                try await client.expectNothing()
            }
        }
    }

    @Test("UNSUBSCRIBE ends a shared subscription of the same group only", .proves("MQTT-3.10.4-1"))
    func unsubscribe() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            for filter in ["$share/g/a", "$share/h/a"] { try await client.subscribe(filter, .atMostOnce) }
            #expect(try await client.unsubscribe("a", "$share/g/a") == [.noSubscriptionExisted, .success])
            let publisher = try await broker.connect()
            try await publisher.publish("a", "x")
            #expect(try await client.receiveTexts(1) == ["x"])
            try await client.expectNothing(from: publisher)
        }
    }

    /// Two members, the first of which has a session and has got a message of this QoS that it has not acknowledged.
    private func unacknowledged(
        _ broker: Broker, qos: QoS, expiry: UInt32,
        _ body: (_ first: Client, _ second: Client, Publish) async throws -> Void
    ) async throws {
        let publisher = try await broker.connect()
        let first = try await broker.connect("first", clean: false, [.sessionExpiryInterval(expiry)])
        try await first.subscribe("$share/g/a")
        try await publisher.publish("a", "one", qos)
        let publish = try await first.receive()
        let second = try await broker.connect("second")
        try await second.subscribe("$share/g/a")
        try await body(first, second, publish)
    }

    @Test(
        "A message begun with one of the group is finished with it when it comes back",
        .proves("MQTT-4.8.2-4", "TRAP-24"), arguments: [QoS.atLeastOnce, .exactlyOnce])
    func comesBack(qos: QoS) async throws {
        try await Broker.run { broker in
            try await unacknowledged(broker, qos: qos, expiry: 600) { first, second, publish in
                await first.abort()
                try await second.expectNothing(from: try await broker.connect())
                let again = try await broker.resume("first")
                let repeated = try await again.receive()
                #expect(repeated.dup && repeated.text == "one" && repeated.packetID == publish.packetID)
                try await again.acknowledge(repeated)
                try await again.expectNothing()
                try await second.expectNothing(from: again)
            }
        }
    }

    @Test(
        "A message begun with a session that ends goes to no other of the group", .proves("MQTT-4.8.2-5", "TRAP-24"),
        arguments: [QoS.atLeastOnce, .exactlyOnce])
    func sessionEnds(qos: QoS) async throws {
        try await Broker.run { broker in
            try await unacknowledged(broker, qos: qos, expiry: 0) { first, second, _ in
                await first.abort()
                try await second.expectNothing(from: try await broker.connect())
                // Nor to the same client, whose session has ended.
                let again = try await broker.resume("first")
                #expect(!again.connack.sessionPresent)
                try await again.expectNothing(from: second)
            }
        }
    }

    @Test(
        "A message that one of the group refuses is discarded", .proves("MQTT-4.8.2-6", "MQTT-4.4.0-2"),
        arguments: [QoS.atLeastOnce, .exactlyOnce])
    func refused(qos: QoS) async throws {
        try await Broker.run { broker in
            try await unacknowledged(broker, qos: qos, expiry: 600) { first, second, publish in
                let id = try #require(publish.packetID)
                let refusal = Acknowledgement(packetID: id, reasonCode: .unspecifiedError)
                try await first.send(qos == .atLeastOnce ? .puback(refusal) : .pubrec(refusal))
                try await first.expectNothing()
                try await second.expectNothing(from: first)
                await first.abort()
                let again = try await broker.resume("first")
                try await again.expectNothing(from: second)
                try await second.expectNothing(from: again)
            }
        }
    }

    @Test("Identifiers of a shared and a plain subscription both come", .proves("MQTT-3.3.4-3"))
    func identifiers() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.subscribe("$share/g/a", .atMostOnce, identifier: 5)
            try await client.subscribe("a", .atMostOnce, identifier: 6)
            let publisher = try await broker.connect()
            try await publisher.publish("a", "x")
            let first = try await client.receive()
            var identifiers = first.properties.subscriptionIdentifiers
            if identifiers.count < 2 { identifiers += try await client.receive().properties.subscriptionIdentifiers }
            #expect(identifiers.sorted() == [5, 6])
        }
    }
}
