/// Packets byte by byte, for what the codec rightly refuses to write.
enum Raw {
    /// A packet with the right Remaining Length.
    static func packet(_ firstByte: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        let body = parts.flatMap { $0 }
        return [firstByte] + length(body.count) + body
    }

    /// A Variable Byte Integer.
    static func length(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }

    /// Bytes behind their length in two bytes.
    static func field(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    static func text(_ text: String) -> [UInt8] { field(Array(text.utf8)) }

    /// CONNECT; `payload` begins with the client identifier.
    static func connect(
        name: String = "MQTT", level: UInt8 = 5, flags: UInt8 = 0x02, keepAlive: UInt8 = 0,
        properties: [UInt8] = [], _ payload: [UInt8]...
    ) -> [UInt8] {
        packet(
            0x10, text(name), [level, flags, 0, keepAlive],
            level >= 5 ? length(properties.count) + properties : [], payload.flatMap { $0 })
    }

    /// PUBLISH of MQTT 5 with QoS 0.
    static func publish(topic: [UInt8], properties: [UInt8] = [], _ payload: [UInt8] = []) -> [UInt8] {
        packet(0x30, field(topic), length(properties.count), properties, payload)
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.prefix(200).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: " ")
    }
}

/// One packet as it came, split from the stream by code of its own.
struct RawFrame {
    var bytes: [UInt8]
    /// Bytes of the fixed header.
    var headerLength: Int

    var firstByte: UInt8 { bytes[0] }
    var type: UInt8 { bytes[0] >> 4 }
    var flags: UInt8 { bytes[0] & 0x0F }
    var body: ArraySlice<UInt8> { bytes[headerLength...] }

    struct BadLength: Error {}

    /// Takes a whole packet from the front.
    static func take(from stream: inout [UInt8]) throws -> RawFrame? {
        var value = 0
        for index in 0..<4 {
            guard stream.count > 1 + index else { return nil }
            let byte = stream[1 + index]
            value |= Int(byte & 0x7F) << (7 * index)
            guard byte & 0x80 == 0 else { continue }
            let header = 2 + index
            guard stream.count >= header + value else { return nil }
            let frame = RawFrame(bytes: Array(stream[..<(header + value)]), headerLength: header)
            stream.removeFirst(header + value)
            return frame
        }
        throw BadLength()
    }
}
