/// A received PUBACK, PUBREC, PUBREL or PUBCOMP, read in place without copying or allocating
/// (MQTT 5.0 sections 3.4 to 3.7).
public struct AcknowledgementView: Sendable, Hashable {
    /// Not zero.
    public let packetID: UInt16
    /// `.success` where the packet has none.
    public let reasonCode: ReasonCode
    /// The properties without the length in front of them; often empty.
    public let properties: Range<Int>

    @inlinable
    init(packetID: UInt16, reasonCode: ReasonCode, properties: Range<Int>) {
        self.packetID = packetID
        self.reasonCode = reasonCode
        self.properties = properties
    }

    /// Parses the acknowledgement at the start of `packet`.
    /// - Parameters:
    ///   - packet: at least the whole packet; bytes behind it are not looked at.
    ///   - header: what `FixedHeader.peek` said of the same bytes; its type must be one of the four.
    /// - Throws: `malformedPacket` or `protocolError`.
    @inlinable @inline(__always)
    public static func parse(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> AcknowledgementView {
        let start = header.headerLength
        if header.remainingLength == 2, header.totalLength <= packet.count {
            let packetID = PublishView.bigEndian(packet, at: start)
            if packetID != 0 {
                let properties = Range(uncheckedBounds: (start &+ 2, start &+ 2))
                return AcknowledgementView(packetID: packetID, reasonCode: .success, properties: properties)
            }
        }
        return try parseCarefully(packet, header: header, version: version)
    }

    @inline(never) @usableFromInline
    static func parseCarefully(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> AcknowledgementView {
        var at = header.headerLength
        guard header.totalLength <= packet.count, header.remainingLength >= 2 else { throw wrongLength() }
        let packetID = PublishView.bigEndian(packet, at: at)
        if packetID == 0 { throw PublishView.zeroPacketID() }
        at &+= 2
        guard header.remainingLength > 2 else {
            return AcknowledgementView(packetID: packetID, reasonCode: .success, properties: at..<at)
        }
        guard version == .v5 else { throw wrongLength() }
        guard let reasonCode = ReasonCode(rawValue: packet[at]), isAllowed(reasonCode, in: header.type) else {
            throw .protocolError(clause(of: header.type), "the reason code may not be in this packet")
        }
        at &+= 1
        var properties = at..<at
        if header.remainingLength > 3 {
            properties = try PublishView.propertyBlock(packet, at: at, end: header.totalLength)
            guard properties.upperBound == header.totalLength else { throw wrongLength() }
            var reader = PropertyReader(packet, properties, allowed: .acknowledgement)
            while try reader.next() != nil {}
        }
        return AcknowledgementView(packetID: packetID, reasonCode: reasonCode, properties: properties)
    }

    private static func isAllowed(_ code: ReasonCode, in type: PacketType) -> Bool {
        switch type {
        case .pubrel, .pubcomp:
            switch code {
            case .success, .packetIdentifierNotFound: true
            default: false
            }
        default:
            switch code {
            case .success, .noMatchingSubscribers, .unspecifiedError, .implementationSpecificError, .notAuthorized,
                .topicNameInvalid, .packetIdentifierInUse, .quotaExceeded, .payloadFormatInvalid:
                true
            default: false
            }
        }
    }

    private static func clause(of type: PacketType) -> String {
        switch type {
        case .pubrec: "MQTT-3.5.2-1"
        case .pubrel: "MQTT-3.6.2-1"
        case .pubcomp: "MQTT-3.7.2-1"
        default: "MQTT-3.4.2-1"
        }
    }

    private static func wrongLength() -> DecodeError {
        .malformed("MQTT-3.4", "an acknowledgement has the wrong length")
    }
}
