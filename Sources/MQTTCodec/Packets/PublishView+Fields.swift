extension PublishView {
    @inlinable
    public var dup: Bool { firstByte & 0b1000 != 0 }

    @inlinable
    public var qos: QoS {
        switch firstByte & 0b0110 {
        case 0: .atMostOnce
        case 0b0010: .atLeastOnce
        default: .exactlyOnce
        }
    }

    @inlinable
    public var retain: Bool { firstByte & 0b0001 != 0 }

    /// The topic name. Empty only when `topicAlias` is set.
    @inlinable
    public var topic: Range<Int> { Range(uncheckedBounds: (Int(topicStart), Int(topicEnd))) }

    /// Not zero; nil for QoS 0.
    @inlinable
    public var packetID: UInt16? { rawPacketID == 0 ? nil : rawPacketID }

    /// Where the two bytes of the packet identifier lie, or would lie: right behind the topic name.
    @inlinable
    public var packetIDOffset: Int { Int(topicEnd) }

    /// The properties without the length in front of them; empty before MQTT 5.0. `PropertyReader` steps through them.
    @inlinable
    public var properties: Range<Int> { Range(uncheckedBounds: (Int(propertiesStart), Int(payloadStart))) }

    /// Everything behind the properties.
    @inlinable
    public var payload: Range<Int> { Range(uncheckedBounds: (Int(payloadStart), Int(end))) }

    /// Not zero. Whether it is within the Topic Alias Maximum is for the receiver to check [MQTT-3.3.2-9].
    @inlinable
    public var topicAlias: UInt16? { rawTopicAlias == 0 ? nil : rawTopicAlias }

    /// Where the topic alias property (three bytes with its identifier) begins; meaningless without `topicAlias`.
    @inlinable
    public var topicAliasOffset: Int { Int(rawTopicAliasOffset) }

    /// Seconds.
    @inlinable
    public var messageExpiryInterval: UInt32? { marks.contains(.messageExpiry) ? rawMessageExpiry : nil }

    /// Where the four bytes of the interval lie; meaningless without `messageExpiryInterval`.
    @inlinable
    public var messageExpiryOffset: Int { Int(rawMessageExpiryOffset) }

    @inlinable
    public var payloadFormat: PayloadFormat? {
        guard marks.contains(.payloadFormat) else { return nil }
        return marks.contains(.utf8Payload) ? .utf8 : .unspecified
    }

    /// True when there is one or more. A client must not send it [MQTT-3.3.4-6]; the parser does not know who sent the
    /// packet.
    @inlinable
    public var hasSubscriptionIdentifier: Bool { marks.contains(.subscriptionIdentifier) }

    @inlinable
    public var hasResponseTopic: Bool { marks.contains(.responseTopic) }
}
