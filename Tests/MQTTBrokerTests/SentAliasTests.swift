import MQTTCodec
import NIOCore
import Testing

@testable import MQTTBroker

@Suite("Topic aliases from the broker")
struct SentAliasTests {
    @Test("The first topics get an alias each, which stands for them from the second message on")
    func firstTopics() {
        let broker = TestBroker()
        let client = broker.connect("a", .v5, [.topicAliasMaximum(1)])
        client.subscribe("topic/#")
        let publisher = broker.connect("p")
        for topic in ["topic/1", "topic/1", "topic/2", "topic/1"] { publisher.publish(topic, "x") }
        let publishes = client.takePublishes()
        #expect(publishes.map(\.topic) == ["topic/1", "", "topic/2", ""])
        #expect(publishes.map(\.properties.topicAlias) == [1, 1, nil, 1])
    }

    @Test("What waited and what comes again has aliases of the new connection")
    func resumed() {
        let broker = TestBroker()
        let properties: Properties = [.topicAliasMaximum(4), .sessionExpiryInterval(100)]
        let first = broker.connect("a", .v5, clean: false, properties)
        first.subscribe("topic/#", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        publisher.publish("topic/1", "sent", qos: .atLeastOnce, id: 1)
        #expect(first.takePublishes().map(\.topic) == ["topic/1"])
        first.cut()
        publisher.publish("topic/1", "waits", qos: .atLeastOnce, id: 2)
        let second = broker.connect("a", .v5, clean: false, properties)
        let publishes = second.takePublishes()
        #expect(publishes.map(\.topic) == ["topic/1", ""])
        #expect(publishes.map(\.properties.topicAlias) == [1, 1])
        #expect(publishes.map(\.dup) == [true, false])
    }

    @Test("An alias makes no packet larger than the client takes")
    func packetSize() {
        let broker = TestBroker()
        // A fixed header of two bytes, the topic with its length, the length of no properties, one byte of payload.
        let client = broker.connect("a", .v5, [.topicAliasMaximum(4), .maximumPacketSize(2 + 2 + 12 + 1 + 1)])
        client.subscribe("topic/#")
        let publisher = broker.connect("p")
        for _ in 0..<2 { publisher.publish("topic/123456", "x") }
        let publishes = client.takePublishes()
        #expect(publishes.map(\.topic) == ["topic/123456", "topic/123456"])
        #expect(publishes.allSatisfy { $0.properties.topicAlias == nil })
    }
}
