public import NIOCore

extension Packet {
    public func encode(into buffer: inout ByteBuffer, version: ProtocolVersion) throws(EncodeError) {}
    public func encodedSize(version: ProtocolVersion) throws(EncodeError) -> Int { 0 }
}
