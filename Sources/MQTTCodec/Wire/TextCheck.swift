/// Checks the bytes of a UTF-8 Encoded String (MQTT 5.0 section 1.5.4): eight ASCII bytes at a step, every sequence
/// on its own only from the first byte on that needs it.
@usableFromInline
enum TextCheck {
    @usableFromInline
    enum Problem: Sendable {
        case illFormed
        case null
        /// `+` or `#`, looked for in topic names only.
        case wildcard
    }

    /// A non-zero bit for a zero byte of `word`; no bit at all when there is none.
    @inlinable
    static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// Non-zero when one of the eight bytes is not ASCII, or is U+0000.
    @inlinable
    static func suspects(_ word: UInt64) -> UInt64 {
        (word & 0x8080_8080_8080_8080) | zeroBytes(word)
    }

    /// Non-zero when one of the eight bytes is not ASCII, or is U+0000, `+` or `#`.
    @inlinable
    static func nameSuspects(_ word: UInt64) -> UInt64 {
        suspects(word) | zeroBytes(word ^ 0x2B2B_2B2B_2B2B_2B2B) | zeroBytes(word ^ 0x2323_2323_2323_2323)
    }

    /// The first problem of a topic name; nil for a good one. The empty name is for the caller to judge.
    /// - Precondition: `range` lies within `bytes`.
    @inlinable
    static func problemOfName(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Problem? {
        var at = range.lowerBound
        let end = range.upperBound
        while end &- at >= 8 {
            if nameSuspects(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) != 0 {
                return scan(bytes, from: at, to: end, isName: true)
            }
            at &+= 8
        }
        while at < end {
            let byte = bytes[at]
            if byte & 0x80 != 0 || byte == 0 || byte == 0x2B || byte == 0x23 {
                return scan(bytes, from: at, to: end, isName: true)
            }
            at &+= 1
        }
        return nil
    }

    /// The first problem of any other string; nil for a good one.
    /// - Precondition: `range` lies within `bytes`.
    @usableFromInline
    static func problemOfString(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Problem? {
        var at = range.lowerBound
        let end = range.upperBound
        while end &- at >= 8 {
            if suspects(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) != 0 {
                return scan(bytes, from: at, to: end, isName: false)
            }
            at &+= 8
        }
        return scan(bytes, from: at, to: end, isName: false)
    }

    /// The byte-by-byte check by the table of well-formed sequences (RFC 3629 section 4).
    @inline(never) @usableFromInline
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
    @inline(never) @usableFromInline
    static func badText(_ problem: TextCheck.Problem) -> DecodeError {
        switch problem {
        case .illFormed: .malformed("MQTT-1.5.4-1", "a string is not well-formed UTF-8")
        case .null: .malformed("MQTT-1.5.4-2", "a string contains U+0000")
        case .wildcard: .topicName("MQTT-3.3.2-2", "a topic name contains a wildcard character")
        }
    }
}
