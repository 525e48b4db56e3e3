public import NIOCore

public struct PacketDecoder: Sendable {
    public var version: ProtocolVersion
    public init(version: ProtocolVersion = .v5, maximumPacketSize: Int = VariableByteInteger.maximum + 5) { self.version = version }
    public mutating func append(_ bytes: inout ByteBuffer) {}
    public mutating func next() throws(DecodeError) -> Packet? { nil }
}
