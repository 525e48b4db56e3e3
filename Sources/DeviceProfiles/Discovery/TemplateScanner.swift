/// Cuts a template expression into words, texts, numbers and signs.
struct TemplateScanner {
    enum Token: Hashable {
        case word(String)
        case text(String)
        case number(String)
        case sign(String)
    }

    /// The tokens, or `nil` if the text holds something that no expression of the known part has.
    static func tokens(_ text: Substring) -> [Token]? {
        var tokens: [Token] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            if byte.isBlank {
                rest.removeFirst()
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: byte) else { return nil }
                let content = rest[..<end]
                guard !content.contains(UInt8(ascii: "\\")) else { return nil }
                tokens.append(.text(String(Substring(content))))
                rest = rest[rest.index(after: end)...]
            } else if byte.isDigit || byte == UInt8(ascii: "-") {
                let end = rest.dropFirst().firstIndex { !$0.isDigit && $0 != UInt8(ascii: ".") } ?? rest.endIndex
                let number = String(Substring(rest[..<end]))
                guard Double(number) != nil else { return nil }
                tokens.append(.number(number))
                rest = rest[end...]
            } else if byte.isWordPart {
                let end = rest.firstIndex { !$0.isWordPart && !$0.isDigit } ?? rest.endIndex
                tokens.append(.word(String(Substring(rest[..<end]))))
                rest = rest[end...]
            } else {
                let pair = String(Substring(rest.prefix(2)))
                if ["==", "!=", "<=", ">="].contains(pair) {
                    tokens.append(.sign(pair))
                    rest = rest.dropFirst(2)
                } else {
                    let sign = String(Substring(rest.prefix(1)))
                    guard [".", "[", "]", "(", ")", "|", ",", "<", ">", "="].contains(sign) else { return nil }
                    tokens.append(.sign(sign))
                    rest.removeFirst()
                }
            }
        }
        return tokens
    }
}

extension UInt8 {
    fileprivate var isWordPart: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) || self == UInt8(ascii: "_")
    }
}
