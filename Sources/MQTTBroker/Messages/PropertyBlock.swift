import MQTTCodec
import NIOCore

/// The property block of a PUBLISH as bytes, without its length: the form in which the broker keeps and forwards
/// properties. A block comes from a packet that the codec has checked, or from `encode`.
enum PropertyBlock {
    /// The block decoded; empty if it is not well-formed.
    static func decode(_ block: UnsafeRawBufferPointer) -> Properties {
        guard !block.isEmpty else { return Properties() }
        // The codec decodes whole packets, so the block is put into the smallest PUBLISH that can hold it.
        var packet = ByteBuffer()
        let blockLength = VariableByteInteger.length(of: block.count) + block.count
        packet.writeInteger(UInt8(0x30))
        packet.writeVariableByteInteger(3 + blockLength)
        packet.writeBytes([0, 1, UInt8(ascii: "t")])
        packet.writeVariableByteInteger(block.count)
        packet.writeBytes(block)
        guard case .publish(let publish)? = try? Packet.decode(packet, version: .v5) else { return Properties() }
        return publish.properties
    }

    /// The wire form of properties that may stand in a PUBLISH; empty if one of them can't be encoded.
    static func encode(_ properties: Properties) -> [UInt8] {
        guard !properties.isEmpty else { return [] }
        var packet = ByteBuffer()
        let publish = Publish(topic: "t", payload: ByteBuffer(), properties: properties)
        guard (try? Packet.publish(publish).encode(into: &packet, version: .v5)) != nil else { return [] }
        return packet.withUnsafeReadableBytes { bytes in
            guard let header = try? FixedHeader.peek(bytes),
                let view = try? PublishView.parse(bytes, header: header, version: .v5)
            else { return [] }
            return Array(bytes[view.properties])
        }
    }
}
