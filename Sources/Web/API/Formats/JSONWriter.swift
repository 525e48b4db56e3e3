import GarageDomain

/// Writes JSON text without an intermediate tree.
///
/// The caller opens and closes objects and arrays; commas come by themselves.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    mutating func object(_ name: StaticString? = nil, _ members: (inout JSONWriter) throws -> Void) rethrows {
        if let name { key(name) } else { separate() }
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        try members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array<Elements: Sequence>(
        _ name: StaticString? = nil, _ elements: Elements,
        _ write: (inout JSONWriter, Elements.Element) throws -> Void
    ) rethrows {
        if let name { key(name) } else { separate() }
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        for element in elements { try write(&self, element) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { append(value) } else { append(literal: "null") }
    }

    mutating func member(_ name: StaticString, _ value: Int64?) {
        key(name)
        append(literal: value.map { "\($0)" } ?? "null")
    }

    mutating func member(_ name: StaticString, _ value: Bool?) {
        key(name)
        append(literal: value.map { $0 ? "true" : "false" } ?? "null")
    }

    /// A number that JSON can't hold becomes null.
    mutating func member(_ name: StaticString, _ value: Double?) {
        key(name)
        append(literal: value.map { $0.isFinite ? "\($0)" : "null" } ?? "null")
    }

    mutating func member(_ name: StaticString, _ value: Timestamp?) {
        key(name)
        guard let value else { return append(literal: "null") }
        bytes.append(UInt8(ascii: "\""))
        Instant.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string element of an array.
    mutating func element(_ value: String) {
        separate()
        append(value)
    }

    /// A number element of an array; one that JSON can't hold, and `nil`, become null.
    mutating func element(_ value: Double?) {
        separate()
        append(literal: value.map { $0.isFinite ? "\($0)" : "null" } ?? "null")
    }

    /// JSON text that was stored before. Line breaks and other control characters between its tokens are left out, so
    /// that the result stays on one line.
    mutating func member(_ name: StaticString, json: [UInt8]) {
        key(name)
        if json.allSatisfy({ $0 >= 0x20 }) {
            bytes.append(contentsOf: json)
        } else {
            bytes.append(contentsOf: json.lazy.filter { $0 >= 0x20 })
        }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(literal text: String) { bytes.append(contentsOf: text.utf8) }

    /// RFC 8259 §7: quotation marks, backslashes and control characters are escaped. U+2028 and U+2029 may stand.
    private mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): append(literal: "\\n")
            case UInt8(ascii: "\r"): append(literal: "\\r")
            case UInt8(ascii: "\t"): append(literal: "\\t")
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append(literal: "\\u00")
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
