/// The identity of an event: a UUID, normally of version 7, so that ids sort by time of creation (RFC 9562 §5.7).
public struct EventID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A version 7 id for a moment in microseconds since 1970 and 74 random bits taken from `random`.
    public init(microseconds: Int64, random: (UInt64, UInt64)) {
        let milliseconds = UInt64(clamping: microseconds / 1000) & 0xFFFF_FFFF_FFFF
        high = milliseconds << 16 | 0x7000 | random.0 & 0x0FFF
        low = 0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// A new version 7 id for a moment in microseconds since 1970.
    public static func make(at microseconds: Int64) -> EventID {
        EventID(microseconds: microseconds, random: (.random(in: .min ... .max), .random(in: .min ... .max)))
    }

    /// The id written in this text (`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, any case), or `nil`.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        var value: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, character) in characters.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
            if digits < 16 { value.0 = value.0 << 4 | UInt64(digit) } else { value.1 = value.1 << 4 | UInt64(digit) }
            digits += 1
        }
        high = value.0
        low = value.1
    }

    public var description: String {
        let hexadecimal = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            text.append(hexadecimal[Int(word >> UInt64((15 - index % 16) * 4) & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    public static func < (left: EventID, right: EventID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
