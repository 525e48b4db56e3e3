public import NIOCore

extension Packet {
    public static func decode(_ slice: ByteBuffer, version: ProtocolVersion) throws(DecodeError) -> Packet { .pingreq }
    public static func decode(_ bytes: UnsafeRawBufferPointer, version: ProtocolVersion) throws(DecodeError) -> Packet { .pingreq }
}
extension Connect {
    public static func announcedVersion(_ packet: UnsafeRawBufferPointer) -> ProtocolVersion? { nil }
}
