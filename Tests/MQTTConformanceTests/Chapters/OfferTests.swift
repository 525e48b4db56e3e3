import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("3.2.2.3 What the broker says that it offers")
struct OfferTests {
    private func limits(_ change: (inout BrokerLimits) -> Void) -> BrokerLimits {
        var limits = BrokerLimits()
        change(&limits)
        return limits
    }

    @Test("CONNACK leaves out what the protocol assumes anyway")
    func defaults() async throws {
        let limits = limits {
            $0.receiveMaximum = .max
            $0.maximumPacketSize = 268_435_460
            $0.topicAliasMaximum = 0
        }
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect("named")
            #expect(client.connack.properties.isEmpty)
        }
    }

    @Test("CONNACK tells of every limit that is not the protocol's own", .proves("MQTT-3.2.2-9"))
    func told() async throws {
        let limits = limits {
            $0.receiveMaximum = 7
            $0.maximumPacketSize = 4000
            $0.topicAliasMaximum = 3
            $0.maximumQoS = .atLeastOnce
            $0.retainAvailable = false
            $0.wildcardSubscriptionsAvailable = false
            $0.sharedSubscriptionsAvailable = false
            $0.subscriptionIdentifiersAvailable = false
            $0.maximumKeepAlive = 30
            $0.maximumSessionExpiry = 100
            $0.responseInformation = "answers/%c/"
        }
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect(
                "named", [.sessionExpiryInterval(1000), .requestResponseInformation(true)])
            let properties = client.connack.properties
            #expect(properties.receiveMaximum == 7)
            #expect(properties.maximumPacketSize == 4000)
            #expect(properties.topicAliasMaximum == 3)
            #expect(properties.maximumQoS == .atLeastOnce)
            #expect(properties.retainAvailable == false)
            #expect(properties.wildcardSubscriptionAvailable == false)
            #expect(properties.sharedSubscriptionAvailable == false)
            #expect(properties.subscriptionIdentifierAvailable == false)
            #expect(properties.serverKeepAlive == 30)
            #expect(properties.sessionExpiryInterval == 100)
            #expect(properties.responseInformation == "answers/named/")
            let plain = try await broker.connect("plain")
            #expect(plain.connack.properties.responseInformation == nil)
        }
    }

    @Test(
        "Retained messages where there are none are refused with 0x9A, wills included",
        .proves("MQTT-3.2.2-13", "MQTT-3.2.2-14"))
    func noRetain() async throws {
        try await Broker.run(limits: limits { $0.retainAvailable = false }) { broker in
            let client = try await broker.connect()
            try await client.send(.publish(Publish(topic: "a", payload: ByteBuffer(string: "x"), retain: true)))
            try await client.expectClose(.retainNotSupported)
            let second = try await broker.open()
            let will = Will(topic: "a", payload: ByteBuffer(), retain: true)
            try await second.send(.connect(Connect(version: .v5, clientID: "w", will: will)))
            try await second.expectRefusal(.retainNotSupported)
        }
    }

    @Test(
        "A QoS above the maximum is refused with 0x9B, and subscriptions get the maximum",
        .proves("MQTT-3.2.2-10", "MQTT-3.2.2-11", "MQTT-3.2.2-12"))
    func lowerQoS() async throws {
        try await Broker.run(limits: limits { $0.maximumQoS = .atMostOnce }) { broker in
            let subscriber = try await broker.connect()
            try await subscriber.send(
                .subscribe(
                    Subscribe(packetID: 5, subscriptions: [Subscription(filter: "a", qos: .exactlyOnce)])))
            #expect(try await subscriber.next() == .suback(Suback(packetID: 5, reasonCodes: [.grantedQoS0])))
            let client = try await broker.connect()
            try await client.send(
                .publish(Publish(topic: "a", payload: ByteBuffer(string: "x"), qos: .atLeastOnce, packetID: 1)))
            try await client.expectClose(.qosNotSupported)
            let second = try await broker.open()
            let will = Will(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce)
            try await second.send(.connect(Connect(version: .v5, clientID: "w", will: will)))
            try await second.expectRefusal(.qosNotSupported)
        }
    }

    @Test("Kinds of subscriptions that are not offered end the connection with 0x9E, 0xA1 or 0xA2")
    func subscriptions() async throws {
        let limits = limits {
            $0.wildcardSubscriptionsAvailable = false
            $0.sharedSubscriptionsAvailable = false
            $0.subscriptionIdentifiersAvailable = false
        }
        try await Broker.run(limits: limits) { broker in
            let cases: [(String, Properties, ReasonCode)] = [
                ("a/#", [], .wildcardSubscriptionsNotSupported), ("+/a", [], .wildcardSubscriptionsNotSupported),
                ("$share/g/a", [], .sharedSubscriptionsNotSupported),
                ("a", [.subscriptionIdentifier(4)], .subscriptionIdentifiersNotSupported),
            ]
            for (filter, properties, reason) in cases {
                let client = try await broker.connect()
                try await client.send(
                    .subscribe(
                        Subscribe(
                            packetID: 1, subscriptions: [Subscription(filter: filter, qos: .atMostOnce)],
                            properties: properties)))
                try await client.expectClose(reason)
            }
            // MQTT 3.1.1 was not told, and is refused the one filter.
            let old = try await broker.connect(nil, .v3_1_1)
            try await old.send(
                .subscribe(
                    Subscribe(
                        packetID: 1,
                        subscriptions: [
                            Subscription(filter: "a/#", qos: .atMostOnce), Subscription(filter: "a", qos: .atMostOnce),
                        ])))
            #expect(
                try await old.next() == .suback(Suback(packetID: 1, reasonCodes: [.unspecifiedError, .grantedQoS0])))
        }
    }

    @Test("A topic that is too long, too deep or the broker's own is refused, and the connection goes on")
    func topics() async throws {
        let limits = limits {
            $0.maximumTopicLength = 40
            $0.maximumTopicLevels = 4
        }
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect()
            let cases: [(String, ReasonCode)] = [
                (String(repeating: "x", count: 41), .topicNameInvalid), ("a/b/c/d/e", .topicNameInvalid),
                ("$SYS/broker/version", .notAuthorized), ("a/b/c/d", .noMatchingSubscribers),
                (String(repeating: "x", count: 40), .noMatchingSubscribers),
            ]
            for (topic, reason) in cases {
                try await client.send(
                    .publish(Publish(topic: topic, payload: ByteBuffer(string: "x"), qos: .atLeastOnce, packetID: 9)))
                guard case .puback(let answer)? = try await client.next() else {
                    Issue.record("no PUBACK for \(topic)")
                    return
                }
                let isRefused = reason != .noMatchingSubscribers
                #expect(answer.reasonCode.isError == isRefused, "\(topic)")
                if isRefused { #expect(answer.reasonCode == reason, "\(topic)") }
            }
            for filter in ["a/b/c/d/e", String(repeating: "x", count: 41)] {
                try await client.send(
                    .subscribe(Subscribe(packetID: 2, subscriptions: [Subscription(filter: filter, qos: .atMostOnce)])))
                #expect(try await client.next() == .suback(Suback(packetID: 2, reasonCodes: [.topicFilterInvalid])))
            }
        }
    }

    @Test("A broker that is being drained sends new clients to another server")
    func draining() async throws {
        try await Broker.run(limits: limits { $0.serverReference = "other.example:1883" }) { broker in
            let early = try await broker.connect()
            broker.server.setDraining(true)
            let client = try await broker.open()
            try await client.send(.connect(Connect(version: .v5, clientID: "late")))
            guard case .connack(let connack)? = try await client.next() else {
                Issue.record("no CONNACK")
                return
            }
            #expect(connack.reasonCode == .useAnotherServer)
            #expect(connack.properties.serverReference == "other.example:1883")
            try await early.send(.pingreq)
            #expect(try await early.next() == .pingresp)
            broker.server.setDraining(false)
            _ = try await broker.connect()
        }
    }
}
