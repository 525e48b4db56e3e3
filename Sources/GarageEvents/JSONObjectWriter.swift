/// Writes one flat JSON object (RFC 8259). Members without a value are left out.
struct JSONObjectWriter {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() { bytes.reserveCapacity(96) }

    /// Ends the object.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    mutating func member(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        append(key)
        append(text: value)
    }

    mutating func member(_ key: StaticString, _ value: Int64?) {
        guard let value else { return }
        append(key)
        bytes.append(contentsOf: value.description.utf8)
    }

    mutating func member(_ key: StaticString, _ value: Bool) {
        append(key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// The shortest text that gives the same number again. JSON has no other than finite numbers: those become `null`.
    mutating func member(_ key: StaticString, _ value: Double) {
        append(key)
        if !value.isFinite {
            bytes.append(contentsOf: "null".utf8)
        } else if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            bytes.append(contentsOf: whole.description.utf8)
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }

    private mutating func append(_ key: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: bytes.append(contentsOf: "\\b".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0C: bytes.append(contentsOf: "\\f".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u001").utf8)
                bytes.append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
