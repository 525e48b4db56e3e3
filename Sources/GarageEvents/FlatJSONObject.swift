/// A JSON object (RFC 8259) of plain members: texts without escapes, whole numbers, booleans and nulls.
///
/// Reading it is several times faster than a general decoder. `nil` for anything else, also for what is no JSON.
struct FlatJSONObject {
    enum Value {
        case text(String)
        case integer(Int64)
        case boolean(Bool)
        case null
    }

    private(set) var members: [(key: String, value: Value)] = []

    init?(_ data: [UInt8]) {
        var scanner = Scanner(bytes: data)
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                guard let key = scanner.text(), scanner.take(UInt8(ascii: ":")), let value = scanner.value(),
                    !members.contains(where: { $0.key == key })
                else { return nil }
                members.append((key, value))
            } while scanner.take(UInt8(ascii: ","))
            guard scanner.take(UInt8(ascii: "}")) else { return nil }
        }
        guard scanner.isAtEnd else { return nil }
    }

    subscript(key: String) -> Value? {
        for member in members where member.key == key { return member.value }
        return nil
    }

    private struct Scanner {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func take(_ byte: UInt8) -> Bool {
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func text() -> String? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                guard bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\\") else { return nil }
                index += 1
            }
            guard take(UInt8(ascii: "\"")) else { return nil }
            return String(validating: bytes[start..<index - 1], as: UTF8.self)
        }

        mutating func value() -> Value? {
            guard index < bytes.count else { return nil }
            switch bytes[index] {
            case UInt8(ascii: "\""): return text().map { .text($0) }
            case UInt8(ascii: "t"): return take(word: "true") ? .boolean(true) : nil
            case UInt8(ascii: "f"): return take(word: "false") ? .boolean(false) : nil
            case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
            default: return integer().map { .integer($0) }
            }
        }

        private mutating func take(word: StaticString) -> Bool {
            word.withUTF8Buffer { letters in
                guard index + letters.count <= bytes.count else { return false }
                for offset in letters.indices where bytes[index + offset] != letters[offset] { return false }
                index += letters.count
                return true
            }
        }

        /// Up to 18 digits, which fit; no zero before other digits.
        private mutating func integer() -> Int64? {
            let isNegative = take(UInt8(ascii: "-"))
            let start = index
            var value: Int64 = 0
            while index < bytes.count, index - start < 18,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
            {
                value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
                index += 1
            }
            guard index > start, index == start + 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
            return isNegative ? -value : value
        }
    }
}
