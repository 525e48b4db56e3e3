import MQTTCodec
import NIOCore
import Testing

@Suite("PUBLISH in place")
struct PublishViewTests {
    private func view(_ bytes: [UInt8], _ version: ProtocolVersion) throws -> PublishView {
        try withRawBytes(bytes) { raw in
            let header = try #require(try FixedHeader.peek(raw, version: version))
            return try PublishView.parse(raw, header: header, version: version)
        }
    }

    @Test("says the same as the packet", arguments: Vector.valid.filter { $0.packet == "publish" })
    func agreesWithPacket(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        guard case .publish(let publish) = try Packet.decode(ByteBuffer(bytes: bytes), version: version) else {
            Issue.record("not a PUBLISH")
            return
        }
        // Bytes behind the packet must not matter.
        let view = try view(bytes + [0xC0, 0x00], version)
        #expect(Array(bytes[view.topic]) == Array(publish.topic.utf8))
        #expect(Array(bytes[view.payload]) == Array(publish.payload.readableBytesView))
        #expect(view.payload.upperBound == bytes.count)
        #expect(view.qos == publish.qos)
        #expect(view.retain == publish.retain)
        #expect(view.dup == publish.dup)
        #expect(view.packetID == publish.packetID)
        #expect(view.packetIDOffset == view.topic.upperBound)
        #expect(view.topicAlias == publish.properties.topicAlias)
        #expect(view.messageExpiryInterval == publish.properties.messageExpiryInterval)
        #expect(view.payloadFormat == publish.properties.payloadFormatIndicator)
        #expect(view.hasSubscriptionIdentifier == !publish.properties.subscriptionIdentifiers.isEmpty)
        #expect(view.hasResponseTopic == (publish.properties.responseTopic != nil))
        #expect(view.properties.upperBound == view.payload.lowerBound)
    }

    @Test("offsets point at the alias and at the expiry")
    func offsets() throws {
        let publish = Publish(
            topic: "a/b", payload: ByteBuffer(string: "x"), qos: .atLeastOnce, packetID: 7,
            properties: [.contentType("t"), .topicAlias(0x0102), .messageExpiryInterval(0x0A0B_0C0D)])
        var buffer = ByteBuffer()
        try Packet.publish(publish).encode(into: &buffer, version: .v5)
        let bytes = Array(buffer.readableBytesView)
        let view = try view(bytes, .v5)
        #expect(Array(bytes[view.topicAliasOffset..<(view.topicAliasOffset + 3)]) == [0x23, 1, 2])
        #expect(Array(bytes[view.messageExpiryOffset..<(view.messageExpiryOffset + 4)]) == [0x0A, 0x0B, 0x0C, 0x0D])
        #expect(Array(bytes[view.packetIDOffset..<(view.packetIDOffset + 2)]) == [0, 7])
    }

    @Test("the reader finds each property where it lies")
    func reader() throws {
        let properties: Properties = [
            .responseTopic("re/ply"), .userProperty(UserProperty(name: "n", value: "vv")), .subscriptionIdentifier(200),
            .correlationData(ByteBuffer(bytes: [1, 2, 3])),
        ]
        var buffer = ByteBuffer()
        try Packet.publish(Publish(topic: "t", payload: ByteBuffer(), properties: properties))
            .encode(into: &buffer, version: .v5)
        let bytes = Array(buffer.readableBytesView)
        let view = try view(bytes, .v5)
        try withRawBytes(bytes) { raw in
            var reader = PropertyReader(publish: raw, view.properties)
            let reply = try #require(try reader.next())
            #expect(reply.identifier == .responseTopic)
            #expect(Array(bytes[reply.value]) == Array("re/ply".utf8))
            #expect(reply.whole.lowerBound == view.properties.lowerBound)
            let user = try #require(try reader.next())
            #expect(user.identifier == .userProperty)
            #expect(Array(bytes[user.value]) == Array("n".utf8))
            #expect(Array(bytes[user.second]) == Array("vv".utf8))
            let identifier = try #require(try reader.next())
            #expect(identifier.number == 200)
            let correlation = try #require(try reader.next())
            #expect(Array(bytes[correlation.value]) == [1, 2, 3])
            #expect(correlation.whole.upperBound == view.properties.upperBound)
            #expect(try reader.next() == nil)
        }
    }

    @Test("a view of bytes that end early is refused, not read")
    func shortBytes() throws {
        let bytes: [UInt8] = [0x30, 0x05, 0x00, 0x01, 0x61, 0x62, 0x63]
        let header = try #require(try withRawBytes(bytes) { try FixedHeader.peek($0) })
        for length in 0..<bytes.count {
            #expect(throws: DecodeError.self) {
                try withRawBytes(Array(bytes.prefix(length))) {
                    try PublishView.parse($0, header: header, version: .v3_1_1)
                }
            }
        }
    }
}
