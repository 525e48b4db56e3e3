import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Publishing and acknowledging")
struct DeliveryTests {
    @Test(
        "The lower of both QoS counts, in every pair of versions",
        arguments: [ProtocolVersion.v3_1, .v3_1_1, .v5], [ProtocolVersion.v3_1, .v3_1_1, .v5])
    func qosMatrix(from: ProtocolVersion, to: ProtocolVersion) {
        for published in QoS.allCases {
            for subscribed in QoS.allCases {
                let broker = TestBroker()
                let subscriber = broker.subscriber("s", "a/+/c", qos: subscribed, to)
                broker.connect("p", from).publish("a/b/c", "hello", qos: published, id: 700)
                let publishes = subscriber.takePublishes()
                #expect(publishes.map(\.qos) == [min(published, subscribed)])
                #expect(publishes.map(\.topic) == ["a/b/c"])
                #expect(publishes.map { String(buffer: $0.payload) } == ["hello"])
                #expect(publishes.allSatisfy { !$0.retain && !$0.dup })
            }
        }
    }

    @Test("QoS 1 is answered with PUBACK, QoS 2 with PUBREC and PUBCOMP", arguments: [ProtocolVersion.v3_1_1, .v5])
    func acknowledgements(version: ProtocolVersion) {
        let broker = TestBroker()
        let client = broker.connect("a", version)
        client.publish("t", qos: .atLeastOnce, id: 5)
        #expect(client.take() == [.puback(Acknowledgement(packetID: 5))])
        client.publish("t", qos: .exactlyOnce, id: 6)
        #expect(client.take() == [.pubrec(Acknowledgement(packetID: 6))])
        client.send(.pubrel(Acknowledgement(packetID: 6)))
        #expect(client.take() == [.pubcomp(Acknowledgement(packetID: 6))])
    }

    @Test("A QoS 2 message sent again before PUBREL is delivered once [MQTT-4.3.3-10]")
    func duplicateQoS2() {
        let broker = TestBroker()
        let subscriber = broker.subscriber("s", "t")
        let client = broker.connect("a")
        client.publish("t", "1", qos: .exactlyOnce, id: 6)
        client.publish("t", "1", qos: .exactlyOnce, dup: true, id: 6)
        #expect(client.take().count == 2)
        #expect(subscriber.takeTexts() == ["1"])
        client.send(.pubrel(Acknowledgement(packetID: 6)))
        client.publish("t", "2", qos: .exactlyOnce, id: 6)
        #expect(subscriber.takeTexts() == ["2"])
    }

    @Test("A QoS 2 message sent again on the next connection is delivered once [MQTT-4.3.3-10]")
    func duplicateQoS2AcrossConnections() {
        let broker = TestBroker()
        let subscriber = broker.subscriber("s", "t")
        let client = broker.connect("a", clean: false, [.sessionExpiryInterval(100)])
        client.publish("t", "1", qos: .exactlyOnce, id: 6)
        client.cut()
        let again = broker.connect("a", clean: false, [.sessionExpiryInterval(100)])
        again.publish("t", "1", qos: .exactlyOnce, dup: true, id: 6)
        #expect(again.take() == [.pubrec(Acknowledgement(packetID: 6))])
        #expect(subscriber.takeTexts() == ["1"])
    }

    @Test("PUBREL for an unknown identifier is answered with 0x92 in MQTT 5")
    func unknownPubrel() {
        let broker = TestBroker()
        let five = broker.connect("a")
        five.send(.pubrel(Acknowledgement(packetID: 9)))
        #expect(five.take() == [.pubcomp(Acknowledgement(packetID: 9, reasonCode: .packetIdentifierNotFound))])
        let three = broker.connect("b", .v3_1_1)
        three.send(.pubrel(Acknowledgement(packetID: 9)))
        #expect(three.take() == [.pubcomp(Acknowledgement(packetID: 9))])
    }

    @Test("PUBREC with an error ends the exchange [MQTT-4.3.3-4]")
    func refusedPubrec() {
        let broker = TestBroker()
        let client = broker.connect("a", [.receiveMaximum(1)])
        client.subscribe("t")
        broker.publish(LocalMessage(topic: "t", text: "1", qos: .exactlyOnce))
        broker.publish(LocalMessage(topic: "t", text: "2", qos: .exactlyOnce))
        let first = client.takePublishes()
        client.send(.pubrec(Acknowledgement(packetID: first.first?.packetID ?? 0, reasonCode: .quotaExceeded)))
        #expect(client.takeTexts() == ["2"])
    }

    @Test("An acknowledgement of the wrong kind is a protocol error")
    func wrongAcknowledgement() {
        let broker = TestBroker()
        let client = broker.subscriber("a", "t")
        broker.publish(LocalMessage(topic: "t", text: "1", qos: .exactlyOnce))
        let packetID = client.takePublishes().first?.packetID ?? 0
        client.send(.puback(Acknowledgement(packetID: packetID)))
        #expect(client.take().first?.asDisconnect?.reasonCode == .protocolError)
    }

    @Test("A late acknowledgement that belongs to nothing is ignored")
    func strayAcknowledgement() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.send(.puback(Acknowledgement(packetID: 7)))
        client.send(.pubcomp(Acknowledgement(packetID: 7)))
        #expect(!client.isClosed && client.take().isEmpty)
    }

    @Test("Topic aliases stand for their topic, per connection, and may be set anew [MQTT-3.3.2-8]")
    func topicAlias() {
        let broker = TestBroker()
        let five = broker.subscriber("s5", "#", qos: .atLeastOnce)
        let three = broker.subscriber("s3", "#", qos: .atLeastOnce, .v3_1_1)
        let client = broker.connect("p")
        #expect((client.connack?.properties.topicAliasMaximum ?? 0) >= 2)
        client.publish("a", "1", [.topicAlias(1)])
        client.publish("", "2", [.topicAlias(1)])
        client.publish("b", "3", qos: .atLeastOnce, [.topicAlias(1)])
        client.publish("", "4", qos: .atLeastOnce, id: 2, [.topicAlias(1)])
        for subscriber in [five, three] {
            let publishes = subscriber.takePublishes()
            #expect(publishes.map(\.topic) == ["a", "a", "b", "b"])
            #expect(publishes.map { String(buffer: $0.payload) } == ["1", "2", "3", "4"])
            #expect(publishes.allSatisfy { $0.properties.topicAlias == nil })
        }
    }

    @Test("A topic alias above the maximum or never set ends the connection [MQTT-3.3.2-9]")
    func badTopicAlias() {
        let broker = TestBroker()
        let tooHigh = broker.connect("a")
        tooHigh.publish("t", "x", [.topicAlias(.max)])
        #expect(tooHigh.take().first?.asDisconnect?.reasonCode == .topicAliasInvalid)
        let unset = broker.connect("b")
        unset.publish("", "x", [.topicAlias(1)])
        #expect(unset.take().first?.asDisconnect?.reasonCode == .protocolError)
    }

    @Test("Properties of a publish reach MQTT 5 receivers unchanged and in order [MQTT-3.3.2-17]")
    func properties() {
        let broker = TestBroker()
        let five = broker.subscriber("s5", "t", qos: .atLeastOnce)
        let three = broker.subscriber("s3", "t", qos: .atLeastOnce, .v3_1_1)
        let sent: Properties = [
            .payloadFormatIndicator(.utf8), .contentType("text/plain"), .responseTopic("r"),
            .correlationData(ByteBuffer(bytes: [1, 2, 3])), .userProperty(UserProperty(name: "b", value: "1")),
            .userProperty(UserProperty(name: "a", value: "2")), .userProperty(UserProperty(name: "b", value: "3")),
        ]
        broker.connect("p").publish("t", "x", qos: .atLeastOnce, sent)
        #expect(five.takePublishes().map(\.properties) == [sent])
        #expect(three.takeTexts() == ["x"])
    }

    @Test("A client's publish with a subscription identifier is a protocol error [MQTT-3.3.4-6]")
    func subscriptionIdentifierFromClient() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.publish("t", "x", [.subscriptionIdentifier(1)])
        #expect(client.take().first?.asDisconnect?.reasonCode == .protocolError)
    }

    @Test("The message expiry interval goes down while a message waits, and ends it [MQTT-3.3.2-5, -6]")
    func messageExpiry() {
        let broker = TestBroker()
        let persistent: Properties = [.sessionExpiryInterval(1000)]
        let client = broker.connect("a", clean: false, persistent)
        client.subscribe("t", qos: .atLeastOnce)
        client.cut()
        let publisher = broker.connect("p")
        publisher.publish("t", "short", qos: .atLeastOnce, [.messageExpiryInterval(5)])
        publisher.publish("t", "long", qos: .atLeastOnce, id: 2, [.messageExpiryInterval(100)])
        broker.advance(seconds: 10)
        let publishes = broker.connect("a", clean: false, persistent).takePublishes()
        #expect(publishes.map { String(buffer: $0.payload) } == ["long"])
        #expect(publishes.first?.properties.messageExpiryInterval == 90)
    }

    @Test("A message larger than the receiver takes is dropped for it alone [MQTT-3.1.2-24]")
    func maximumPacketSize() {
        let broker = TestBroker()
        let small = broker.connect("a", [.maximumPacketSize(100)])
        small.subscribe("t", qos: .atLeastOnce)
        let large = broker.subscriber("b", "t", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        for qos in [QoS.atMostOnce, .atLeastOnce] {
            publisher.publish("t", String(repeating: "x", count: 200), qos: qos)
            publisher.publish("t", "y", qos: qos, id: 2)
        }
        #expect(small.takeTexts() == ["y", "y"])
        #expect(large.takePublishes().count == 4)
        #expect(broker.statistics.messagesDropped == 2)
    }

    @Test("A packet above the broker's limit ends the connection with 0x95, before it has all come")
    func oversizedPacket() {
        var limits = BrokerLimits()
        limits.maximumPacketSize = 1000
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a")
        #expect(client.connack?.properties.maximumPacketSize == 1000)
        client.send(bytes: [0x30, 0xE8, 0x07])
        #expect(client.take().first?.asDisconnect?.reasonCode == .packetTooLarge)
    }

    @Test("Packets cut at any place are put together")
    func splitPackets() throws {
        let broker = TestBroker()
        let subscriber = broker.subscriber("s", "#")
        let client = broker.connect("p")
        var bytes = ByteBuffer()
        for number in 0..<20 {
            let text = String(repeating: "\(number % 10)", count: number * 17)
            try Packet.publish(Publish(topic: "t/\(number)", payload: ByteBuffer(string: text)))
                .encode(into: &bytes, version: .v5)
        }
        let all = Array(bytes.readableBytesView)
        for size in [1, 2, 3, 7, 100, 1000] {
            var at = 0
            while at < all.count {
                client.send(bytes: Array(all[at..<min(at + size, all.count)]))
                at += size
            }
            let publishes = subscriber.takePublishes()
            #expect(publishes.map(\.topic) == (0..<20).map { "t/\($0)" })
            #expect(publishes.map(\.payload.readableBytes) == (0..<20).map { $0 * 17 })
        }
    }

    @Test("The host publishes without a socket and learns who got it")
    func localPublish() {
        let broker = TestBroker()
        let five = broker.subscriber("a", "t/#", qos: .atLeastOnce)
        let three = broker.subscriber("b", "t/1", qos: .atMostOnce, .v3_1_1)
        let message = LocalMessage(
            topic: "t/1", text: "hi", qos: .atLeastOnce, properties: [.contentType("text/plain")])
        #expect(broker.publish(message) == 2)
        #expect(five.takePublishes().map(\.properties) == [[.contentType("text/plain")]])
        #expect(three.takePublishes().map(\.qos) == [.atMostOnce])
        #expect(broker.publish(LocalMessage(topic: "other", text: "hi")) == 0)
        #expect(broker.publish(LocalMessage(topic: "bad/#", text: "hi")) == 0)
    }
}
