import MQTTCodec
import NIOCore
import Testing

@Suite("3.2.2.3 What CONNACK promises")
struct ConnackTests {
    @Test(
        "CONNACK takes nothing away that the broker has, and what it has works",
        .proves("MQTT-3.2.2-9", "MQTT-3.2.2-10", "MQTT-3.2.2-12", "MQTT-3.2.2-13", "MQTT-3.2.2-8"))
    func capabilities() async throws {
        // The statements bind a broker without QoS 2 or retained messages. This one has both, always, so it must not
        // say otherwise and must not refuse a will that uses them.
        try await Broker.run { broker in
            let watcher = try await broker.connect()
            for qos in QoS.allCases {
                #expect(try await watcher.subscribe("will/\(qos)", qos, retainAsPublished: true) == .granted(qos))
                let client = try await broker.connect(
                    will: Will(topic: "will/\(qos)", payload: ByteBuffer(string: "x"), qos: qos, retain: true))
                let properties = client.connack.properties
                #expect(properties.maximumQoS == nil && properties.retainAvailable != false)
                #expect(properties.wildcardSubscriptionAvailable != false)
                #expect(properties.sharedSubscriptionAvailable != false)
                #expect(properties.subscriptionIdentifierAvailable != false)
                await client.abort()
                let publish = try await watcher.receive()
                #expect(publish.qos == qos && publish.retain)
                try await watcher.acknowledge(publish)
            }
        }
    }

    @Test(
        "Response Information is not sent to who did not ask for it", .proves("MQTT-3.1.2-28"),
        arguments: [[], [.requestResponseInformation(false)]] as [Properties])
    func responseInformation(properties: Properties) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, properties)
            #expect(client.connack.properties.responseInformation == nil)
        }
    }

    @Test("The session's expiry is what the client asked for unless CONNACK says otherwise", .proves("MQTT-3.1.2-23"))
    func sessionExpiry() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect("c", [.sessionExpiryInterval(77)])
            #expect(client.connack.properties.sessionExpiryInterval ?? 77 == 77)
        }
    }
}
