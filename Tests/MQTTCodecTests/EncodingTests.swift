import MQTTCodec
import NIOCore
import Testing

@Suite("Packets that can't be written")
struct EncodingTests {
    private static let tooLong = String(repeating: "x", count: 65_536)

    private func error(_ packet: Packet, _ version: ProtocolVersion = .v5) throws -> EncodeError {
        var buffer = ByteBuffer(string: "kept")
        let error = try #require(throws: EncodeError.self) { try packet.encode(into: &buffer, version: version) }
        #expect(String(buffer: buffer) == "kept")
        #expect(throws: EncodeError.self) { try packet.encodedSize(version: version) }
        return error
    }

    private func publish(_ topic: String, _ properties: Properties = Properties()) -> Packet {
        .publish(Publish(topic: topic, payload: ByteBuffer(), properties: properties))
    }

    @Test func textAndData() throws {
        let long = Packet.connect(Connect(version: .v3_1_1, clientID: Self.tooLong))
        #expect(try error(long) == .fieldTooLong(field: "client identifier", bytes: 65_536))
        let null = Packet.connect(Connect(version: .v3_1_1, clientID: "c", userName: "a\u{0}"))
        #expect(try error(null) == .nullCharacter(field: "user name"))
        let password = ByteBuffer(repeating: 0, count: 65_536)
        let secret = Packet.connect(Connect(version: .v3_1_1, clientID: "c", userName: "u", password: password))
        #expect(try error(secret) == .fieldTooLong(field: "password", bytes: 65_536))
    }

    @Test func topics() throws {
        #expect(try error(publish("a/#")) == .invalidTopicName)
        #expect(try error(publish("")) == .invalidTopicName)
        #expect(try error(publish("", [.topicAlias(1)]), .v3_1_1) == .invalidTopicName)
        #expect(try publish("", [.topicAlias(1)]).encodedSize(version: .v5) == 8)
        let subscribe = Subscribe(packetID: 1, subscriptions: [Subscription(filter: "a+", qos: .atMostOnce)])
        #expect(try error(.subscribe(subscribe)) == .invalidTopicFilter)
        #expect(try error(.unsubscribe(Unsubscribe(packetID: 1, filters: [""]))) == .invalidTopicFilter)
        let will = Will(topic: "", payload: ByteBuffer())
        #expect(try error(.connect(Connect(version: .v5, clientID: "c", will: will))) == .invalidTopicName)
    }

    @Test func identifiersAndLists() throws {
        let qos1 = Packet.publish(Publish(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce))
        #expect(try error(qos1) == .packetIdentifierMissing)
        #expect(try error(.puback(Acknowledgement(packetID: 0))) == .packetIdentifierMissing)
        #expect(try error(.subscribe(Subscribe(packetID: 1, subscriptions: []))) == .emptyPayload)
        #expect(try error(.unsubscribe(Unsubscribe(packetID: 1, filters: []))) == .emptyPayload)
        #expect(try error(.suback(Suback(packetID: 1, reasonCodes: []))) == .emptyPayload)
        #expect(try error(.unsuback(Unsuback(packetID: 1, reasonCodes: []))) == .emptyPayload)
        #expect(try error(.auth(Auth(reasonCode: .success)), .v3_1_1) == .notInThisVersion(.auth))
    }

    @Test func properties() throws {
        #expect(try error(publish("a", [.receiveMaximum(1)])) == .propertyNotAllowed(.receiveMaximum))
        #expect(try error(publish("a", [.topicAlias(1), .topicAlias(2)])) == .propertyNotAllowed(.topicAlias))
        #expect(try error(publish("a", [.topicAlias(0)])) == .propertyOutOfRange(.topicAlias))
        #expect(
            try error(publish("a", [.subscriptionIdentifier(.max)])) == .propertyOutOfRange(.subscriptionIdentifier))
        #expect(try error(publish("a", [.responseTopic("#")])) == .invalidTopicName)
        let connack = Connack(sessionPresent: false, reasonCode: .success, properties: [.maximumQoS(.exactlyOnce)])
        #expect(try error(.connack(connack)) == .propertyOutOfRange(.maximumQoS))
        let pair = UserProperty(name: "n", value: Self.tooLong)
        #expect(
            try error(publish("a", [.userProperty(pair)])) == .fieldTooLong(field: "userProperty", bytes: 65_536))
    }

    @Test("what MQTT 3.1.1 can't say is left out")
    func olderVersions() throws {
        var buffer = ByteBuffer()
        let properties: Properties = [.reasonString("r")]
        try Packet.puback(Acknowledgement(packetID: 1, reasonCode: .notAuthorized, properties: properties))
            .encode(into: &buffer, version: .v3_1_1)
        try Packet.disconnect(Disconnect(reasonCode: .serverShuttingDown, properties: properties))
            .encode(into: &buffer, version: .v3_1_1)
        try Packet.suback(Suback(packetID: 1, reasonCodes: [.grantedQoS1, .notAuthorized], properties: properties))
            .encode(into: &buffer, version: .v3_1_1)
        try Packet.connack(Connack(sessionPresent: true, reasonCode: .success))
            .encode(into: &buffer, version: .v3_1)
        try Packet.connack(Connack(sessionPresent: false, reasonCode: .serverBusy))
            .encode(into: &buffer, version: .v3_1_1)
        #expect(hex(buffer.readableBytesView) == "40020001" + "e000" + "900400010180" + "20020000" + "20020003")
    }

    @Test("return codes of CONNACK have a reason code each, and back")
    func returnCodes() {
        for code: UInt8 in 0...5 {
            #expect(ReasonCode(connectReturnCode: code)?.connectReturnCode == code)
        }
        #expect(ReasonCode(connectReturnCode: 6) == nil)
        for code in ReasonCode.allCases { #expect((code.connectReturnCode != 0) == code.isError) }
    }

    @Test("properties are set, replaced and removed by name")
    func accessors() {
        var properties = Properties()
        #expect(properties.isEmpty)
        properties.topicAlias = 3
        properties.contentType = "a"
        properties.topicAlias = 4
        #expect(properties.list == [.topicAlias(4), .contentType("a")])
        properties.topicAlias = nil
        properties.messageExpiryInterval = nil
        #expect(properties == [.contentType("a")])
        properties.userProperties = [UserProperty(name: "a", value: "1"), UserProperty(name: "a", value: "2")]
        properties.subscriptionIdentifiers = [5, 6]
        #expect(properties.userProperties.map(\.value) == ["1", "2"])
        #expect(properties.subscriptionIdentifiers == [5, 6])
        properties.append(.topicAlias(9))
        properties.remove(.userProperty)
        #expect(properties.list.count == 4)
        #expect(properties.topicAlias == 9)
    }
}
