/// Where the parts of a received PUBLISH lie, found and checked in place: nothing is copied or allocated. All ranges
/// and offsets count from the start of the packet (MQTT 5.0 section 3.3).
public struct PublishView: Sendable, Hashable {
    public let dup: Bool
    public let qos: QoS
    public let retain: Bool
    /// The topic name. Empty only when `topicAlias` is set.
    public let topic: Range<Int>
    /// Not zero; nil for QoS 0.
    public let packetID: UInt16?
    /// Where the two bytes of the packet identifier lie, or would lie: right behind the topic name.
    public let packetIDOffset: Int
    /// The properties without the length in front of them; empty before MQTT 5.0. `PropertyReader` steps through
    /// them.
    public let properties: Range<Int>
    public let payload: Range<Int>
    /// What the scan of the properties found.
    public let found: Found

    /// The properties that a server acts upon.
    public struct Found: Sendable, Hashable {
        /// Not zero. Whether it is within the Topic Alias Maximum is for the receiver to check [MQTT-3.3.2-9].
        public internal(set) var topicAlias: UInt16?
        /// Where the topic alias property (three bytes with its identifier) begins; meaningless without `topicAlias`.
        public internal(set) var topicAliasOffset = 0
        /// Seconds.
        public internal(set) var messageExpiryInterval: UInt32?
        /// Where the four bytes of the interval lie; meaningless without `messageExpiryInterval`.
        public internal(set) var messageExpiryOffset = 0
        public internal(set) var payloadFormat: PayloadFormat?
        /// True when there is one or more. A client must not send it [MQTT-3.3.4-6]; the parser does not know who
        /// sent the packet.
        public internal(set) var hasSubscriptionIdentifier = false
        public internal(set) var hasResponseTopic = false

        @inlinable
        public init() {}
    }

    @inlinable
    public var topicAlias: UInt16? { found.topicAlias }
    @inlinable
    public var topicAliasOffset: Int { found.topicAliasOffset }
    @inlinable
    public var messageExpiryInterval: UInt32? { found.messageExpiryInterval }
    @inlinable
    public var messageExpiryOffset: Int { found.messageExpiryOffset }
    @inlinable
    public var payloadFormat: PayloadFormat? { found.payloadFormat }
    @inlinable
    public var hasSubscriptionIdentifier: Bool { found.hasSubscriptionIdentifier }
    @inlinable
    public var hasResponseTopic: Bool { found.hasResponseTopic }

    @inlinable
    init(
        dup: Bool, qos: QoS, retain: Bool, topic: Range<Int>, packetID: UInt16?, packetIDOffset: Int,
        properties: Range<Int>, payload: Range<Int>, found: Found
    ) {
        self.dup = dup
        self.qos = qos
        self.retain = retain
        self.topic = topic
        self.packetID = packetID
        self.packetIDOffset = packetIDOffset
        self.properties = properties
        self.payload = payload
        self.found = found
    }

    /// Parses the PUBLISH at the start of `packet`.
    ///
    /// The topic name is well-formed, without U+0000 and without wildcards [MQTT-3.3.2-2], and not empty unless a
    /// topic alias stands for it; the packet identifier is not zero; the properties are well-formed and allowed.
    /// - Parameters:
    ///   - packet: at least the whole packet; bytes behind it are not looked at.
    ///   - header: what `FixedHeader.peek` said of the same bytes.
    /// - Throws: `malformedPacket`, `protocolError`, `topicNameInvalid` or `topicAliasInvalid`.
    @inlinable
    public static func parse(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> PublishView {
        let end = header.totalLength
        var at = header.headerLength
        guard end <= packet.count, end &- at >= 2 else { throw tooShort() }
        let topicLength = Int(UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
        at &+= 2
        guard end &- at >= topicLength else { throw tooShort() }
        let topic = Range(uncheckedBounds: (at, at &+ topicLength))
        if let problem = TextCheck.problemOfName(packet, topic) { throw .badText(problem) }
        at = topic.upperBound

        let packetIDOffset = at
        var packetID: UInt16?
        let qos: QoS
        switch header.flags & 0b0110 {
        case 0b0000: qos = .atMostOnce
        case 0b0010: qos = .atLeastOnce
        case 0b0100: qos = .exactlyOnce
        default: throw FixedHeader.refusedPublishFlags(header.typeAndFlags)
        }
        if qos != .atMostOnce {
            guard end &- at >= 2 else { throw tooShort() }
            let value = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: at, as: UInt16.self))
            if value == 0 { throw zeroPacketID() }
            packetID = value
            at &+= 2
        }

        var properties = Range(uncheckedBounds: (at, at))
        var found = Found()
        if version == .v5 {
            guard end > at else { throw tooShort() }
            // The usual block is empty.
            if packet[at] == 0 {
                at &+= 1
                properties = Range(uncheckedBounds: (at, at))
            } else {
                properties = try propertyBlock(packet, at: at, end: end)
                found = try scan(packet, properties)
                at = properties.upperBound
            }
        }
        if topicLength == 0 && found.topicAlias == nil { throw emptyTopic(version) }
        return PublishView(
            dup: header.flags & 0b1000 != 0, qos: qos, retain: header.flags & 0b0001 != 0, topic: topic,
            packetID: packetID, packetIDOffset: packetIDOffset, properties: properties,
            payload: Range(uncheckedBounds: (at, end)), found: found)
    }

    @usableFromInline
    static func propertyBlock(
        _ packet: UnsafeRawBufferPointer, at start: Int, end: Int
    ) throws(DecodeError) -> Range<Int> {
        let within = UnsafeRawBufferPointer(rebasing: packet[..<end])
        guard let (count, length) = try VariableByteInteger.read(within, at: start) else { throw tooShort() }
        let begin = start &+ length
        guard end &- begin >= count else {
            throw .malformed("MQTT-2.2.2", "the property block is longer than the packet")
        }
        return begin..<(begin &+ count)
    }

    @usableFromInline
    static func scan(_ packet: UnsafeRawBufferPointer, _ range: Range<Int>) throws(DecodeError) -> Found {
        var found = Found()
        var reader = PropertyReader(publish: packet, range)
        while let entry = try reader.next() {
            switch entry.identifier {
            case .topicAlias:
                found.topicAlias = UInt16(truncatingIfNeeded: entry.number)
                found.topicAliasOffset = entry.whole.lowerBound
            case .messageExpiryInterval:
                found.messageExpiryInterval = entry.number
                found.messageExpiryOffset = entry.value.lowerBound
            case .payloadFormatIndicator: found.payloadFormat = entry.number == 1 ? .utf8 : .unspecified
            case .subscriptionIdentifier: found.hasSubscriptionIdentifier = true
            case .responseTopic: found.hasResponseTopic = true
            default: break
            }
        }
        return found
    }

    @inline(never) @usableFromInline
    static func tooShort() -> DecodeError {
        .malformed("MQTT-3.3", "a PUBLISH ends before all its fields")
    }

    @inline(never) @usableFromInline
    static func zeroPacketID() -> DecodeError {
        .protocolError("MQTT-2.2.1-3", "the packet identifier is 0")
    }

    @inline(never) @usableFromInline
    static func emptyTopic(_ version: ProtocolVersion) -> DecodeError {
        version == .v5
            ? .protocolError("MQTT-4.7.3-1", "a PUBLISH has neither a topic name nor a topic alias")
            : .topicName("MQTT-4.7.3-1", "a PUBLISH has an empty topic name")
    }
}
