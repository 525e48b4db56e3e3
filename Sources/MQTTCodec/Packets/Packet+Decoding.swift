public import NIOCore

extension Packet {
    /// Decodes exactly one whole packet.
    ///
    /// What depends on who sent the packet is left to the receiver: that clients send no Subscription Identifier in
    /// PUBLISH [MQTT-3.3.4-6] and servers no Session Expiry Interval in DISCONNECT [MQTT-3.14.2-2].
    /// - Parameters:
    ///   - slice: fixed header and body, and nothing behind them. Payloads share its storage.
    ///   - version: what the connection has agreed on. A CONNECT says its version itself.
    /// - Throws: a `DecodeError` for everything that is not a whole and valid packet.
    public static func decode(_ slice: ByteBuffer, version: ProtocolVersion) throws(DecodeError) -> Packet {
        let header = try slice.withUnsafeReadableBytes { bytes throws(DecodeError) in
            try FixedHeader.peek(bytes, version: version)
        }
        guard let header, header.totalLength == slice.readableBytes else {
            throw .malformed("MQTT-2.1.4", "the number of bytes is not what the Remaining Length says")
        }
        var body = slice
        body.moveReaderIndex(forwardBy: header.headerLength)
        var reader = PacketReader(body: body, version: version)
        switch header.type {
        case .connect: return .connect(try Connect.read(body))
        case .connack: return .connack(try Connack.read(&reader))
        case .publish: return .publish(try Publish.read(slice, header: header, version: version))
        case .puback: return .puback(try Acknowledgement.read(slice, header: header, version: version))
        case .pubrec: return .pubrec(try Acknowledgement.read(slice, header: header, version: version))
        case .pubrel: return .pubrel(try Acknowledgement.read(slice, header: header, version: version))
        case .pubcomp: return .pubcomp(try Acknowledgement.read(slice, header: header, version: version))
        case .subscribe: return .subscribe(try Subscribe.read(&reader))
        case .suback: return .suback(try Suback.read(&reader))
        case .unsubscribe: return .unsubscribe(try Unsubscribe.read(&reader))
        case .unsuback: return .unsuback(try Unsuback.read(&reader))
        case .pingreq:
            try reader.finish()
            return .pingreq
        case .pingresp:
            try reader.finish()
            return .pingresp
        case .disconnect: return .disconnect(try Disconnect.read(&reader))
        case .auth: return .auth(try Auth.read(&reader))
        }
    }

    /// Decodes exactly one whole packet from bytes that the caller owns; they are copied.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, version: ProtocolVersion
    ) throws(DecodeError) -> Packet {
        try decode(ByteBuffer(bytes: bytes), version: version)
    }
}
