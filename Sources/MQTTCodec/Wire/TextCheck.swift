/// Checks the bytes of a UTF-8 Encoded String (MQTT 5.0 section 1.5.4): eight ASCII bytes at a step, every sequence
/// on its own only from the first byte on that needs it.
@usableFromInline
enum TextCheck {
    enum Problem: Sendable {
        case illFormed
        case null
        /// `+` or `#`, looked for in topic names only.
        case wildcard
    }

    // Without a byte of 0x80 or more in `word`, a subtraction of one from each byte sets the high bit of a byte only
    // where that byte is zero, or above such a byte. So the sum of these bits is zero exactly when all bytes are good.

    /// Has the high bit of a byte set when one of the eight bytes is not ASCII, or is U+0000.
    @inlinable @inline(__always)
    static func suspects(_ word: UInt64) -> UInt64 {
        word | (word &- 0x0101_0101_0101_0101)
    }

    /// Has the high bit of a byte set when one of the eight bytes is not ASCII, or is U+0000, `+` or `#`.
    @inlinable @inline(__always)
    static func nameSuspects(_ word: UInt64) -> UInt64 {
        suspects(word) | suspects(word ^ 0x2B2B_2B2B_2B2B_2B2B) | suspects(word ^ 0x2323_2323_2323_2323)
    }

    @inlinable
    static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// True for bytes that are all ASCII and none of U+0000, `+` and `#`.
    /// - Precondition: `start...end` lies within `bytes`.
    @inlinable @inline(__always)
    static func isPlainName(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        var suspects: UInt64 = 0
        var at = start
        let last = end &- 8
        if last >= start {
            while at < last {
                suspects |= nameSuspects(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            // The last eight bytes may overlap those before them.
            suspects |= nameSuspects(bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self))
        } else {
            while at < end {
                suspects |= nameSuspects(UInt64(bytes[at]) | 0x6161_6161_6161_6100)
                at &+= 1
            }
        }
        return suspects & highBits == 0
    }

    /// The first problem of a topic name; nil for a good one. The empty name is for the caller to judge.
    /// - Precondition: `range` lies within `bytes`.
    static func problemOfName(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Problem? {
        if isPlainName(bytes, from: range.lowerBound, to: range.upperBound) { return nil }
        return scan(bytes, from: range.lowerBound, to: range.upperBound, isName: true)
    }

    /// The first problem of any other string; nil for a good one.
    /// - Precondition: `range` lies within `bytes`.
    static func problemOfString(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Problem? {
        if isPlainString(bytes, from: range.lowerBound, to: range.upperBound) { return nil }
        return scan(bytes, from: range.lowerBound, to: range.upperBound, isName: false)
    }

    /// True for bytes that are all ASCII and not U+0000.
    /// - Precondition: `start...end` lies within `bytes`.
    static func isPlainString(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        var suspects: UInt64 = 0
        var at = start
        let last = end &- 8
        if last >= start {
            while at < last {
                suspects |= Self.suspects(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            suspects |= Self.suspects(bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self))
        } else {
            while at < end {
                suspects |= Self.suspects(UInt64(bytes[at]) | 0x6161_6161_6161_6100)
                at &+= 1
            }
        }
        return suspects & highBits == 0
    }

    /// The byte-by-byte check by the table of well-formed sequences (RFC 3629 section 4).
    @inline(never)
    static func scan(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, isName: Bool) -> Problem? {
        var at = start
        while at < end {
            let lead = bytes[at]
            at &+= 1
            if lead < 0x80 {
                if lead == 0 { return .null }
                if isName, lead == 0x2B || lead == 0x23 { return .wildcard }
                continue
            }
            // The bounds of the second byte keep out overlong forms, surrogates and what lies above U+10FFFF.
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            var more: Int
            switch lead {
            case 0xC2...0xDF: more = 1
            case 0xE0: (more, low) = (2, 0xA0)
            case 0xED: (more, high) = (2, 0x9F)
            case 0xE1...0xEF: more = 2
            case 0xF0: (more, low) = (3, 0x90)
            case 0xF1...0xF3: more = 3
            case 0xF4: (more, high) = (3, 0x8F)
            default: return .illFormed
            }
            while more > 0 {
                guard at < end, bytes[at] >= low, bytes[at] <= high else { return .illFormed }
                (low, high) = (0x80, 0xBF)
                at &+= 1
                more &-= 1
            }
        }
        return nil
    }
}

extension DecodeError {
    static func badText(_ problem: TextCheck.Problem) -> DecodeError {
        switch problem {
        case .illFormed: .malformed("MQTT-1.5.4-1", "a string is not well-formed UTF-8")
        case .null: .malformed("MQTT-1.5.4-2", "a string contains U+0000")
        case .wildcard: .topicName("MQTT-3.3.2-2", "a topic name contains a wildcard character")
        }
    }
}
