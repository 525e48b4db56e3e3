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
    @inlinable
    public static func parse(
        _ packet: UnsafeRawBufferPointer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> AcknowledgementView {
        let at = header.headerLength
        guard header.totalLength <= packet.count, header.remainingLength >= 2 else { throw wrongLength() }
        let packetID = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: at, as: UInt16.self))
        if packetID == 0 { throw PublishView.zeroPacketID() }
        if header.remainingLength == 2 {
            return AcknowledgementView(
                packetID: packetID, reasonCode: .success, properties: Range(uncheckedBounds: (at &+ 2, at &+ 2)))
        }
        return try parseRest(packet, packetID: packetID, header: header, version: version)
    }

    @usableFromInline
    static func parseRest(
        _ packet: UnsafeRawBufferPointer, packetID: UInt16, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> AcknowledgementView {
        guard version == .v5 else { throw wrongLength() }
        let at = header.headerLength &+ 2
        guard let reasonCode = ReasonCode(rawValue: packet[at]), isAllowed(reasonCode, in: header.type) else {
            throw .protocolError(clause(of: header.type), "the reason code may not be in this packet")
        }
        if header.remainingLength == 3 {
            return AcknowledgementView(
                packetID: packetID, reasonCode: reasonCode, properties: (at &+ 1)..<(at &+ 1))
        }
        let properties = try PublishView.propertyBlock(packet, at: at &+ 1, end: header.totalLength)
        guard properties.upperBound == header.totalLength else { throw wrongLength() }
        var reader = PropertyReader(packet, properties, allowed: .acknowledgement)
        while try reader.next() != nil {}
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

    @inline(never) @usableFromInline
    static func wrongLength() -> DecodeError {
        .malformed("MQTT-3.4", "an acknowledgement has the wrong length")
    }
}
