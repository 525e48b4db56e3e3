import NIOCore
import NIOWebSocket

/// Puts MQTT packets into WebSocket frames (RFC 6455 section 5), each into one of its own. A frame might hold many, and a
/// client must take that [MQTT-6.0.0-2]; but there are clients that leave the second packet of a frame lying until more
/// bytes come (Eclipse Paho in C), and others that take a frame for a packet.
struct WebSocketWriter {
    /// Bytes of the packet under way that are still to come; its frame has begun.
    private var remaining = 0
    /// The beginning of a packet that does not tell yet how long it is.
    private var begun = ByteBuffer()
    /// The answer to a ping that came while a packet was under way.
    private var pong: ByteBuffer?

    /// Frames what the broker has written: packets, the last of which may go on with the next bytes.
    mutating func frames(of packets: ByteBuffer) -> ByteBuffer {
        var packets = packets
        if begun.readableBytes > 0 {
            begun.writeBuffer(&packets)
            packets = begun
            begun = ByteBuffer()
        }
        var framed = ByteBuffer()
        framed.reserveCapacity(packets.readableBytes + 16)
        while packets.readableBytes > 0 {
            if remaining == 0 {
                guard let length = Self.length(of: packets) else {
                    begun = ByteBuffer(bytes: packets.readableBytesView)
                    break
                }
                Self.writeHeader(.binary, length: length, to: &framed)
                remaining = length
            }
            guard var part = packets.readSlice(length: min(remaining, packets.readableBytes)) else { break }
            remaining -= part.readableBytes
            framed.writeBuffer(&part)
            if remaining == 0, let payload = pong {
                pong = nil
                Self.write(.pong, payload, to: &framed)
            }
        }
        return framed
    }

    /// The frame that answers a ping, to be sent now; `nil` if it follows the packet under way.
    mutating func answer(to ping: ByteBuffer) -> ByteBuffer? {
        guard isBetweenPackets else {
            pong = ping
            return nil
        }
        var framed = ByteBuffer()
        Self.write(.pong, ping, to: &framed)
        return framed
    }

    /// The frame that says goodbye; `nil` in the middle of a packet, where there is no place for it.
    func goodbye(_ code: WebSocketErrorCode) -> ByteBuffer? {
        guard isBetweenPackets else { return nil }
        var payload = ByteBuffer()
        payload.write(webSocketErrorCode: code)
        var framed = ByteBuffer()
        Self.write(.connectionClose, payload, to: &framed)
        return framed
    }

    private var isBetweenPackets: Bool { remaining == 0 && begun.readableBytes == 0 }

    /// All bytes of the packet that `bytes` begin with; `nil` if its length is not all there (MQTT 5.0 section 2.1.4).
    private static func length(of bytes: ByteBuffer) -> Int? {
        var length = 0
        for (index, byte) in bytes.readableBytesView.dropFirst().prefix(4).enumerated() {
            length |= Int(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return length + index + 2 }
        }
        return nil
    }

    private static func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer, to framed: inout ByteBuffer) {
        writeHeader(opcode, length: payload.readableBytes, to: &framed)
        framed.writeImmutableBuffer(payload)
    }

    private static func writeHeader(_ opcode: WebSocketOpcode, length: Int, to framed: inout ByteBuffer) {
        framed.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch length {
        case ..<126: framed.writeInteger(UInt8(truncatingIfNeeded: length))
        case ..<65_536:
            framed.writeInteger(126 as UInt8)
            framed.writeInteger(UInt16(truncatingIfNeeded: length))
        default:
            framed.writeInteger(127 as UInt8)
            framed.writeInteger(UInt64(length))
        }
    }
}
