/// The words that devices use for two-valued states, in lower case.
enum Words {
    static func isOccupied(_ word: String) -> Bool? {
        switch word {
        case "occupied": true
        case "free": false
        default: isOn(word)
        }
    }

    static func isObstructed(_ word: String) -> Bool? {
        switch word {
        case "obstructed": true
        case "clear": false
        default: isOn(word)
        }
    }

    static func isOnline(_ word: String) -> Bool? {
        switch word {
        case "online": true
        case "offline": false
        default: nil
        }
    }

    private static func isOn(_ word: String) -> Bool? {
        switch word {
        case "on", "1", "true": true
        case "off", "0", "false": false
        default: nil
        }
    }
}

extension Span<UInt8> {
    /// The bytes as one lower-case word without the blanks around it; empty if they are too many to be one.
    func word() -> String {
        var bounds = 0..<count
        while let first = bounds.first, self[first].isBlank { bounds.removeFirst() }
        while let last = bounds.last, self[last].isBlank { bounds.removeLast() }
        guard bounds.count <= 32 else { return "" }
        return text(bounds).lowercased()
    }

    /// The text of a range of bytes, with those that are no UTF-8 replaced.
    func text(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    func copied() -> [UInt8] { withUnsafeBufferPointer { Array($0) } }
}

extension UInt8 {
    /// A blank, a line end, or the NUL that C programs send along.
    var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) || self == 0 }

    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
