/// JSON as people read it.
enum JSONText {
    /// Spreads compact JSON over indented lines without touching its values; text that is no JSON comes out readable all
    /// the same.
    static func indented(_ bytes: [UInt8]) -> String {
        var lines: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        func lineBreak() {
            lines.append(UInt8(ascii: "\n"))
            lines.append(contentsOf: repeatElement(UInt8(ascii: " "), count: min(depth, 40) * 2))
        }
        for (index, byte) in bytes.enumerated() {
            if isInString {
                lines.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                lines.append(byte)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                lines.append(byte)
                depth += 1
                if next != UInt8(ascii: "}"), next != UInt8(ascii: "]") { lineBreak() }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth = max(0, depth - 1)
                let previous = index > 0 ? bytes[index - 1] : 0
                if previous != UInt8(ascii: "{"), previous != UInt8(ascii: "[") { lineBreak() }
                lines.append(byte)
            case UInt8(ascii: ","):
                lines.append(byte)
                lineBreak()
            case UInt8(ascii: ":"):
                lines.append(contentsOf: [byte, UInt8(ascii: " ")])
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
            default: lines.append(byte)
            }
        }
        return String(decoding: lines, as: UTF8.self)
    }

    /// A JSON string literal.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\u{0}"..."\u{1f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
