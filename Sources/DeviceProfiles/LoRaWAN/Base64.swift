/// Base64 (RFC 4648, section 4), of which LoRaWAN servers use so much as a sensor's few bytes need.
enum Base64 {
    /// The bytes, or `nil` if the text is no Base64 or stands for more than `limit` bytes.
    static func decode(_ text: String, limit: Int = 256) -> [UInt8]? {
        guard text.utf8.count <= limit * 2 else { return nil }
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        var isEnd = false
        for character in text.utf8 {
            if character == UInt8(ascii: "=") {
                isEnd = true
                continue
            }
            guard !isEnd, let value = value(of: character) else { return nil }
            buffer = (buffer << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return bytes.count <= limit ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
