import NIOCore
import NIOWebSocket

/// Reads the frames of a client (RFC 6455 section 5) as their bytes come: the payload of a data frame is handed on in
/// pieces, so that a frame may be of any size and none is held in memory. What MQTT allows is up to who gets the pieces.
struct WebSocketReader {
    enum Piece {
        /// Bytes of a binary message, in order.
        case data(ByteBuffer)
        /// A ping and what its pong must carry.
        case ping(ByteBuffer)
        /// A close frame and its payload: a code and a reason, or nothing.
        case close(ByteBuffer)
    }

    enum Violation: Error, Hashable {
        /// Reserved bits or opcodes, no mask, a control frame that is long or in parts, a message within another.
        case malformed
        /// A message that is text (MQTT 5.0 [MQTT-6.0.0-1]).
        case text
    }

    private struct Frame {
        var opcode: WebSocketOpcode
        var key: WebSocketMaskingKey
        var remaining: UInt64
        /// Where in the masking key the next byte is.
        var offset = 0
    }

    private static let longestControlPayload = 125

    private var frame: Frame?
    private var isInMessage = false

    /// The next piece that `bytes` begin with, taken from them; `nil` if more bytes are needed, of which the reader keeps
    /// none: they stay in `bytes`.
    mutating func next(from bytes: inout ByteBuffer) throws(Violation) -> Piece? {
        while true {
            if var frame, !Self.isControl(frame.opcode) {
                let count = Int(min(frame.remaining, UInt64(bytes.readableBytes)))
                guard count > 0 || frame.remaining == 0 else { return nil }
                let payload = Self.unmasked(&bytes, count, frame)
                frame.remaining -= UInt64(count)
                frame.offset = (frame.offset + count) % 4
                self.frame = frame.remaining == 0 ? nil : frame
                if let payload, count > 0 { return .data(payload) }
                continue
            }
            if frame == nil {
                guard let header = try header(of: &bytes) else { return nil }
                frame = header
            }
            guard let control = frame, Self.isControl(control.opcode) else { continue }
            guard UInt64(bytes.readableBytes) >= control.remaining else { return nil }
            frame = nil
            guard let payload = Self.unmasked(&bytes, Int(control.remaining), control) else { continue }
            switch control.opcode {
            case .ping: return .ping(payload)
            case .connectionClose: return .close(payload)
            default: continue
            }
        }
    }

    /// Takes a frame's header, if it is all there.
    private mutating func header(of bytes: inout ByteBuffer) throws(Violation) -> Frame? {
        var rest = bytes
        guard let first = rest.readInteger(as: UInt8.self), let second = rest.readInteger(as: UInt8.self) else {
            return nil
        }
        let isLast = first & 0x80 != 0
        // A client must mask what it sends (RFC 6455 section 5.1), and no extension was agreed on that used a bit.
        guard first & 0x70 == 0, second & 0x80 != 0, let opcode = WebSocketOpcode(encodedWebSocketOpcode: first & 0x0F)
        else { throw .malformed }
        var length = UInt64(second & 0x7F)
        if Self.isControl(opcode) {
            guard isLast, length <= UInt64(Self.longestControlPayload) else { throw .malformed }
        }
        switch length {
        case 126:
            guard let long = rest.readInteger(as: UInt16.self) else { return nil }
            length = UInt64(long)
        case 127:
            guard let long = rest.readInteger(as: UInt64.self) else { return nil }
            guard long >> 63 == 0 else { throw .malformed }
            length = long
        default: break
        }
        guard let key = rest.readBytes(length: 4).flatMap({ WebSocketMaskingKey($0) }) else { return nil }
        switch opcode {
        case .binary where !isInMessage, .continuation where isInMessage: isInMessage = !isLast
        case .ping, .pong, .connectionClose: break
        case .text: throw .text
        default: throw .malformed
        }
        bytes = rest
        return Frame(opcode: opcode, key: key, remaining: length)
    }

    private static func unmasked(_ bytes: inout ByteBuffer, _ count: Int, _ frame: Frame) -> ByteBuffer? {
        var payload = bytes.readSlice(length: count)
        payload?.webSocketUnmask(frame.key, indexOffset: frame.offset)
        return payload
    }

    private static func isControl(_ opcode: WebSocketOpcode) -> Bool {
        switch opcode {
        case .ping, .pong, .connectionClose: true
        default: false
        }
    }
}
