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
    @inlinable @inline(__always)
    public static func peek(
        _ bytes: UnsafeRawBufferPointer, version: ProtocolVersion = .v5
    ) throws(DecodeError) -> FixedHeader? {
        // A good first byte with one or two length bytes is done inline; all else is judged out of line.
        if bytes.count >= 2 {
            let first = bytes[0]
            let length = bytes[1]
            let flags = first & 0x0F
            let hasGoodFlags =
                first & 0xF0 == 0x30
                ? goodPublishFlags &>> UInt16(flags) & 1 != 0
                : UInt8(truncatingIfNeeded: goodFlags &>> UInt64(first >> 4 &* 4)) & 0x0F == flags
            if hasGoodFlags, first < 0xF0, let type = PacketType(rawValue: first >> 4) {
                if length < 0x80 {
                    return FixedHeader(typeAndFlags: first, type: type, remainingLength: Int(length), headerLength: 2)
                }
                if bytes.count > 2, bytes[2] &- 1 < 0x7F {
                    let remainingLength = Int(length & 0x7F) | Int(bytes[2]) &<< 7
                    return FixedHeader(
                        typeAndFlags: first, type: type, remainingLength: remainingLength, headerLength: 3)
                }
            }
        }
        return try peekCarefully(bytes, version: version)
    }

    /// One bit for each value of the flags that a PUBLISH may have: any QoS but 3, and DUP only above QoS 0.
    @inlinable
    static var goodPublishFlags: UInt16 { 0b0011_1100_0011_1111 }

    /// Four bits for each packet type: the flags that it must have. Those of PUBLISH are not among them.
    @inlinable
    static var goodFlags: UInt64 { 0x0000_0202_0200_0000 }

    @inline(never) @usableFromInline
    static func peekCarefully(
        _ bytes: UnsafeRawBufferPointer, version: ProtocolVersion
    ) throws(DecodeError) -> FixedHeader? {
        guard bytes.count > 0 else { return nil }
        let first = bytes[0]
        let type = try typeOfFirstByte(first, version: version)
        guard let length = try VariableByteInteger.read(bytes, at: 1) else { return nil }
        return FixedHeader(
            typeAndFlags: first, type: type, remainingLength: length.value, headerLength: 1 &+ length.length)
    }

    private static func typeOfFirstByte(_ first: UInt8, version: ProtocolVersion) throws(DecodeError) -> PacketType {
        guard let type = PacketType(rawValue: first >> 4) else {
            throw .malformed("MQTT-2.1.2", "packet type 0 is reserved")
        }
        if type == .auth, version < .v5 {
            throw .malformed("MQTT-2.1.2", "packet type 15 is reserved before MQTT 5.0")
        }
        let flags = first & 0x0F
        if type == .publish {
            if goodPublishFlags &>> UInt16(flags) & 1 == 0 { throw refusedPublishFlags(first) }
            return type
        }
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

    static func refusedPublishFlags(_ first: UInt8) -> DecodeError {
        first & 0b0110 == 0b0110
            ? .malformed("MQTT-3.3.1-4", "a PUBLISH has both QoS bits set")
            : .malformed("MQTT-3.3.1-2", "a PUBLISH of QoS 0 has the DUP flag set")
    }
}
