/// Writes comma-separated values as RFC 4180 has them: CRLF at the end of lines, quotation marks where needed.
struct CSVWriter {
    private(set) var bytes: [UInt8] = []
    private var isLineStart = true

    /// A cell of text. One that a spreadsheet would run as a formula gets an apostrophe in front, which spreadsheets
    /// take as "this is text" (OWASP, CSV Injection).
    mutating func text(_ value: String?) {
        separate()
        guard let value, let first = value.utf8.first else { return }
        let isFormula: Bool
        switch first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\t"),
            UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            isFormula = true
        default: isFormula = CSVWriter.wideFormulaMarks.contains(value.unicodeScalars.first ?? " ")
        }
        let needsQuotes = value.utf8.contains {
            $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
        if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for byte in value.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
    }

    /// A cell that is a number, whatever its sign.
    mutating func number(_ value: some Numeric & CustomStringConvertible) {
        separate()
        bytes.append(contentsOf: value.description.utf8)
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
        isLineStart = true
    }

    /// Hands out what was written since the last call.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func separate() {
        if !isLineStart { bytes.append(UInt8(ascii: ",")) }
        isLineStart = false
    }

    /// The full-width forms of = + - @, which some spreadsheets read like the plain ones.
    private static let wideFormulaMarks: Set<Unicode.Scalar> = ["\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}"]
}
