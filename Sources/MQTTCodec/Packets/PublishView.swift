/// Where the parts of a received PUBLISH lie, found and checked in place: nothing is copied or allocated. All ranges
/// and offsets count from the start of the packet (MQTT 5.0 section 3.3).
public struct PublishView: Sendable, Hashable {
    // Offsets fit in 32 bits, since a packet has at most 268,435,460 bytes. Small fields keep the view in few registers.
    @usableFromInline let firstByte: UInt8
    @usableFromInline var marks = Marks()
    @usableFromInline let rawPacketID: UInt16
    @usableFromInline var rawTopicAlias: UInt16 = 0
    @usableFromInline let topicStart: UInt32
    @usableFromInline let topicEnd: UInt32
    @usableFromInline let propertiesStart: UInt32
    @usableFromInline let payloadStart: UInt32
    @usableFromInline let end: UInt32
    @usableFromInline var rawTopicAliasOffset: UInt32 = 0
    @usableFromInline var rawMessageExpiry: UInt32 = 0
    @usableFromInline var rawMessageExpiryOffset: UInt32 = 0

    @usableFromInline
    struct Marks: OptionSet, Sendable, Hashable {
        @usableFromInline let rawValue: UInt8

        @inlinable
        init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        @inlinable static var messageExpiry: Marks { Marks(rawValue: 1) }
        @inlinable static var payloadFormat: Marks { Marks(rawValue: 2) }
        @inlinable static var utf8Payload: Marks { Marks(rawValue: 4) }
        @inlinable static var subscriptionIdentifier: Marks { Marks(rawValue: 8) }
        @inlinable static var responseTopic: Marks { Marks(rawValue: 16) }
    }

    @inlinable
    init(
        firstByte: UInt8, topicStart: Int, topicEnd: Int, packetID: UInt16, propertiesStart: Int, payloadStart: Int,
        end: Int
    ) {
        self.firstByte = firstByte
        self.topicStart = UInt32(truncatingIfNeeded: topicStart)
        self.topicEnd = UInt32(truncatingIfNeeded: topicEnd)
        self.rawPacketID = packetID
        self.propertiesStart = UInt32(truncatingIfNeeded: propertiesStart)
        self.payloadStart = UInt32(truncatingIfNeeded: payloadStart)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    /// Parses the PUBLISH at the start of `packet`.
    ///
    /// The topic name is well-formed, without U+0000 and without wildcards [MQTT-3.3.2-2], and not empty unless a
    /// topic alias stands for it; the packet identifier is not zero; the properties are well-formed and allowed.
    /// - Parameters:
    ///   - packet: at least the whole packet; bytes behind it are not looked at.
    ///   - header: what `FixedHeader.peek` said of the same bytes.
    /// - Throws: `malformedPacket`, `protocolError`, `topicNameInvalid` or `topicAliasInvalid`.
    @inlinable @inline(__always)
    public static func parse(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> PublishView {
        // The usual packet, with an ASCII topic and no properties, is done inline; all else is judged out of line.
        let end = header.totalLength
        if header.remainingLength > 2, end <= packet.count {
            let topicStart = header.headerLength &+ 2
            let topicLength = bigEndian(packet, at: header.headerLength)
            let topicEnd = topicStart &+ Int(topicLength)
            let qosBits = header.typeAndFlags & 0b0110
            let packetIDLength = qosBits == 0 ? 0 : 2
            let propertiesStart = topicEnd &+ packetIDLength &+ (version == .v5 ? 1 : 0)
            if topicLength != 0, propertiesStart <= end, qosBits != 0b0110,
                version != .v5 || packet[propertiesStart &- 1] == 0,
                TextCheck.isPlainName(packet, from: topicStart, to: topicEnd)
            {
                let packetID = qosBits == 0 ? 0 : bigEndian(packet, at: topicEnd)
                if packetID != 0 || qosBits == 0 {
                    return PublishView(
                        firstByte: header.typeAndFlags, topicStart: topicStart, topicEnd: topicEnd, packetID: packetID,
                        propertiesStart: propertiesStart, payloadStart: propertiesStart, end: end)
                }
            }
        }
        return try parseCarefully(packet, header: header, version: version)
    }

    @inline(never) @usableFromInline
    static func parseCarefully(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> PublishView {
        let end = header.totalLength
        let topicStart = header.headerLength &+ 2
        guard end <= packet.count, end >= topicStart else { throw tooShort() }
        let topicLength = Int(bigEndian(packet, at: header.headerLength))
        guard end &- topicStart >= topicLength else { throw tooShort() }
        let topicEnd = topicStart &+ topicLength
        if let problem = TextCheck.problemOfName(packet, topicStart..<topicEnd) { throw .badText(problem) }

        var at = topicEnd
        var packetID: UInt16 = 0
        guard let qos = QoS(rawValue: header.flags >> 1 & 0b11) else {
            throw FixedHeader.refusedPublishFlags(header.typeAndFlags)
        }
        if qos != .atMostOnce {
            guard end &- at >= 2 else { throw tooShort() }
            packetID = bigEndian(packet, at: at)
            if packetID == 0 { throw zeroPacketID() }
            at &+= 2
        }
        var properties = at..<at
        if version == .v5 { properties = try propertyBlock(packet, at: at, end: end) }
        var view = PublishView(
            firstByte: header.typeAndFlags, topicStart: topicStart, topicEnd: topicEnd, packetID: packetID,
            propertiesStart: properties.lowerBound, payloadStart: properties.upperBound, end: end)
        try view.scanProperties(of: packet)
        if topicLength == 0, view.topicAlias == nil { throw emptyTopic(version) }
        return view
    }

    private mutating func scanProperties(of packet: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = PropertyReader(publish: packet, properties)
        while let entry = try reader.next() {
            switch entry.identifier {
            case .topicAlias:
                rawTopicAlias = UInt16(truncatingIfNeeded: entry.number)
                rawTopicAliasOffset = UInt32(truncatingIfNeeded: entry.whole.lowerBound)
            case .messageExpiryInterval:
                marks.insert(.messageExpiry)
                rawMessageExpiry = entry.number
                rawMessageExpiryOffset = UInt32(truncatingIfNeeded: entry.value.lowerBound)
            case .payloadFormatIndicator:
                marks.formUnion(entry.number == 1 ? [.payloadFormat, .utf8Payload] : .payloadFormat)
            case .subscriptionIdentifier: marks.insert(.subscriptionIdentifier)
            case .responseTopic: marks.insert(.responseTopic)
            default: break
            }
        }
    }

    @inlinable @inline(__always)
    static func bigEndian(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

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

    private static func tooShort() -> DecodeError {
        .malformed("MQTT-3.3", "a PUBLISH ends before all its fields")
    }

    static func zeroPacketID() -> DecodeError {
        .protocolError("MQTT-2.2.1-3", "the packet identifier is 0")
    }

    private static func emptyTopic(_ version: ProtocolVersion) -> DecodeError {
        version == .v5
            ? .protocolError("MQTT-4.7.3-1", "a PUBLISH has neither a topic name nor a topic alias")
            : .topicName("MQTT-4.7.3-1", "a PUBLISH has an empty topic name")
    }
}
