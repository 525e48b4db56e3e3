public import NIOCore

extension Packet {
    /// Appends the packet. On an error the buffer is as it was.
    ///
    /// What the version can't say is left out: properties, reason codes and subscription options before MQTT 5.0. A
    /// CONNECT is written in its own version.
    public func encode(into buffer: inout ByteBuffer, version: ProtocolVersion) throws(EncodeError) {
        let bodySize = try checkedBodySize(version)
        buffer.reserveCapacity(minimumWritableBytes: 5 + bodySize)
        buffer.writeInteger(firstByte)
        buffer.writeVariableByteInteger(bodySize)
        switch self {
        case .connect(let packet): packet.write(to: &buffer)
        case .connack(let packet): packet.write(to: &buffer, version: version)
        case .publish(let packet): packet.write(to: &buffer, version: version)
        case .puback(let packet), .pubrec(let packet), .pubrel(let packet), .pubcomp(let packet):
            packet.write(to: &buffer, version: version)
        case .subscribe(let packet): packet.write(to: &buffer, version: version)
        case .suback(let packet): packet.write(to: &buffer, version: version)
        case .unsubscribe(let packet): packet.write(to: &buffer, version: version)
        case .unsuback(let packet): packet.write(to: &buffer, version: version)
        case .pingreq, .pingresp: break
        case .disconnect(let packet): packet.write(to: &buffer, version: version)
        case .auth(let packet): packet.write(to: &buffer, version: version)
        }
    }

    /// The number of bytes that `encode` would append.
    public func encodedSize(version: ProtocolVersion) throws(EncodeError) -> Int {
        let bodySize = try checkedBodySize(version)
        return 1 + VariableByteInteger.length(of: bodySize) + bodySize
    }

    private var firstByte: UInt8 {
        if case .publish(let packet) = self { return type.rawValue << 4 | packet.flags }
        return type.rawValue << 4 | type.reservedFlags
    }

    private func checkedBodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        let size =
            switch self {
            case .connect(let packet): try packet.bodySize()
            case .connack(let packet): try packet.bodySize(version)
            case .publish(let packet): try packet.bodySize(version)
            case .puback(let packet), .pubrec(let packet), .pubrel(let packet), .pubcomp(let packet):
                try packet.bodySize(version)
            case .subscribe(let packet): try packet.bodySize(version)
            case .suback(let packet): try packet.bodySize(version)
            case .unsubscribe(let packet): try packet.bodySize(version)
            case .unsuback(let packet): try packet.bodySize(version)
            case .pingreq, .pingresp: 0
            case .disconnect(let packet): try packet.bodySize(version)
            case .auth(let packet): try packet.bodySize(version)
            }
        guard size <= VariableByteInteger.maximum else { throw .packetTooLarge(bytes: size) }
        return size
    }
}
