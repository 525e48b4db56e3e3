public import NIOCore

/// PUBLISH (MQTT 5.0 section 3.3).
public struct Publish: Sendable, Hashable {
    public var dup: Bool
    public var qos: QoS
    public var retain: Bool
    /// Empty only together with a topic alias.
    public var topic: String
    /// Present, and not zero, exactly when the quality of service is 1 or 2.
    public var packetID: UInt16?
    public var payload: ByteBuffer
    public var properties: Properties

    public init(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false, dup: Bool = false,
        packetID: UInt16? = nil, properties: Properties = Properties()
    ) {
        self.dup = dup
        self.qos = qos
        self.retain = retain
        self.topic = topic
        self.packetID = packetID
        self.payload = payload
        self.properties = properties
    }
}

extension Publish {
    /// - Parameter packet: the whole packet. The payload shares its storage.
    static func read(
        _ packet: ByteBuffer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> Publish {
        let (view, topic) = try packet.withUnsafeReadableBytes { bytes throws(DecodeError) in
            let view = try PublishView.parse(bytes, header: header, version: version)
            return (view, String(decoding: bytes[view.topic], as: UTF8.self))
        }
        let properties = try Properties(
            reading: packet, view.properties, allowed: .publish, repeatable: repeatable)
        let payload = packet.getSlice(
            at: packet.readerIndex + view.payload.lowerBound, length: view.payload.count)
        return Publish(
            topic: topic, payload: payload ?? ByteBuffer(), qos: view.qos, retain: view.retain, dup: view.dup,
            packetID: view.packetID, properties: properties)
    }

    /// A server names every matching subscription that has an identifier [MQTT-3.3.4-4].
    private static let repeatable: PropertySet = [.userProperty, .subscriptionIdentifier]

    var flags: UInt8 {
        (dup && qos != .atMostOnce ? 0b1000 : 0) | qos.rawValue << 1 | (retain ? 1 : 0)
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        if topic.isEmpty, version != .v5 || properties.topicAlias == nil { throw .invalidTopicName }
        var size = try FieldSize.topicName(topic)
        if qos != .atMostOnce { size += try FieldSize.packetID(packetID) }
        size += try properties.size(.publish, repeatable: Self.repeatable, version: version)
        return size + payload.readableBytes
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeField(topic)
        if qos != .atMostOnce, let packetID { buffer.writeInteger(packetID) }
        properties.write(to: &buffer, version: version)
        buffer.writeImmutableBuffer(payload)
    }
}
