/// The fixed header of a control packet (MQTT 5.0 section 2.1.1), peeked before the whole packet is there.
public struct FixedHeader: Sendable, Hashable {
    /// The first byte: type in the upper, flags in the lower four bits.
    public let typeAndFlags: UInt8
    /// The packet type.
    public let type: PacketType
    /// The number of bytes after the fixed header, 0...268,435,455.
    public let remainingLength: Int
    /// The number of bytes of the fixed header, 2...5.
    public let headerLength: Int

    @inlinable
    public init(typeAndFlags: UInt8, type: PacketType, remainingLength: Int, headerLength: Int) {
        self.typeAndFlags = typeAndFlags
        self.type = type
        self.remainingLength = remainingLength
        self.headerLength = headerLength
    }

    /// The lower four bits of the first byte.
    @inlinable
    public var flags: UInt8 { typeAndFlags & 0x0F }

    /// The number of bytes of the whole packet.
    @inlinable
    public var totalLength: Int { headerLength &+ remainingLength }

    /// Reads the fixed header at the start of `bytes`, never past their end.
    ///
    /// The first byte is judged as soon as it is there: an unknown type, reserved bits that are not as listed
    /// [MQTT-2.1.3-1], QoS 3 [MQTT-3.3.1-4] and DUP on QoS 0 [MQTT-3.3.1-2]. MQTT 3.1 lets PUBREL, SUBSCRIBE and
    /// UNSUBSCRIBE carry DUP and gives the flags of other packets no meaning.
    /// - Returns: nil when more bytes are needed.
    /// - Throws: `malformedPacket`.
    @inlinable
    public static func peek(
        _ bytes: UnsafeRawBufferPointer, version: ProtocolVersion = .v5
    ) throws(DecodeError) -> FixedHeader? {
        guard bytes.count > 0 else { return nil }
        let first = bytes[0]
        let type: PacketType
        if first & 0xF0 == 0x30 {
            type = .publish
            // 0 for QoS 0...2 without DUP on QoS 0; anything else is looked at out of line.
            if first & 0b0110 == 0b0110 || first & 0b1110 == 0b1000 { throw refusedPublishFlags(first) }
        } else {
            type = try typeOfFirstByte(first, version: version)
        }
        // The usual case of one length byte.
        if bytes.count > 1, bytes[1] & 0x80 == 0 {
            return FixedHeader(typeAndFlags: first, type: type, remainingLength: Int(bytes[1]), headerLength: 2)
        }
        guard let length = try VariableByteInteger.read(bytes, at: 1) else { return nil }
        return FixedHeader(
            typeAndFlags: first, type: type, remainingLength: length.value, headerLength: 1 &+ length.length)
    }

    @usableFromInline
    static func typeOfFirstByte(_ first: UInt8, version: ProtocolVersion) throws(DecodeError) -> PacketType {
        guard let type = PacketType(rawValue: first >> 4) else {
            throw .malformed("MQTT-2.1.2", "packet type 0 is reserved")
        }
        if type == .auth, version < .v5 {
            throw .malformed("MQTT-2.1.2", "packet type 15 is reserved before MQTT 5.0")
        }
        let flags = first & 0x0F
        if flags != type.reservedFlags {
            let meaningful = type.reservedFlags != 0
            let allowedByOldVersion = version == .v3_1 && (!meaningful || flags & 0b0111 == type.reservedFlags)
            guard allowedByOldVersion else {
                throw .malformed(reservedFlagsClause(type), "the reserved flag bits of the fixed header are wrong")
            }
        }
        return type
    }

    private static func reservedFlagsClause(_ type: PacketType) -> String {
        switch type {
        case .pubrel: "MQTT-3.6.1-1"
        case .subscribe: "MQTT-3.8.1-1"
        case .unsubscribe: "MQTT-3.10.1-1"
        case .disconnect: "MQTT-3.14.1-1"
        case .auth: "MQTT-3.15.1-1"
        default: "MQTT-2.1.3-1"
        }
    }

    @inline(never) @usableFromInline
    static func refusedPublishFlags(_ first: UInt8) -> DecodeError {
        first & 0b0110 == 0b0110
            ? .malformed("MQTT-3.3.1-4", "a PUBLISH has both QoS bits set")
            : .malformed("MQTT-3.3.1-2", "a PUBLISH of QoS 0 has the DUP flag set")
    }
}
