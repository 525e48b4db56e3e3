import EventLog
import GarageDomain

/// The text that a search in the event log looks through.
enum SearchText {
    /// What is searched of an event's data: nothing of readings, which are numbers and nearly all of a log.
    static func of(_ event: RecordedEvent) -> String {
        event.type == EventType.readingRecorded.rawValue ? "" : of(event.data)
    }

    /// What is searched of where events come from; a text is found within a line.
    static func ofOrigin(stream: String, actor: String) -> String { stream.lowercased() + "\n" + actor.lowercased() }

    /// The query of the index for texts that may contain a needle, which are to be compared as a whole. `nil` for a needle
    /// that is too short for that, or has a character that queries can't have.
    static func query(for needle: String, facets: [Int64]) -> String? {
        let characters = Array(needle.unicodeScalars)
        guard characters.count >= 3, !characters.contains("\0") else { return nil }
        let parts = telling(cover(of: characters)).map { part in
            "\"" + String(String.UnicodeScalarView(part)).replacing("\"", with: "\"\"") + "\""
        }
        let text = parts.joined(separator: " AND ")
        guard facets.count <= mostFacets else { return text }
        return "(\(text)) AND (\(facets.map { "\"\(mark(facet: $0))\"" }.joined(separator: " OR ")))"
    }

    /// Parts of three characters that together have each character of a needle; of a long one, of its beginning. Each part
    /// more would cost the index a look for every event that may be one, and the texts are compared anyway.
    private static func cover(of characters: [UnicodeScalar]) -> [ArraySlice<UnicodeScalar>] {
        let last = characters.count - 3
        return (Array(stride(from: 0, to: last, by: 3)) + [last]).prefix(14).map { characters[$0..<$0 + 3] }
    }

    /// Those with two digits, if there are two of them: such are rarer than others by far.
    private static func telling(_ parts: [ArraySlice<UnicodeScalar>]) -> [ArraySlice<UnicodeScalar>] {
        func isNumber(_ part: ArraySlice<UnicodeScalar>) -> Bool { part.count { ("0"..."9").contains($0) } >= 2 }
        let numbers = parts.filter(isNumber)
        return numbers.count >= 2 ? numbers : parts
    }

    /// With more of them the index gains nothing by looking for their marks.
    static let mostFacets = 32

    /// What the index has of an event: its text, and a mark of its facet, so that a frequent text of a rare facet is found
    /// without a look at all that have the text.
    static func indexed(_ text: String, facet: Int64) -> String { "\(text) \(mark(facet: facet))" }

    /// Three characters for private use, which the index takes for one word.
    private static func mark(facet: Int64) -> String {
        var mark = String.UnicodeScalarView()
        for shift in [24, 12, 0] as [Int64] {
            if let scalar = UnicodeScalar(0xE000 + UInt32(truncatingIfNeeded: facet >> shift & 0xFFF)) {
                mark.append(scalar)
            }
        }
        return String(mark)
    }

    /// The values of a JSON object in lower case, separated by spaces; names of members are left out.
    ///
    /// Total: of bytes that are no JSON, whatever looks like a value is taken.
    static func of(_ json: [UInt8]) -> String {
        var scanner = Scanner(json: json)
        scanner.run()
        return String(decoding: scanner.output, as: UTF8.self).lowercased()
    }

    private struct Scanner {
        let json: [UInt8]
        var index = 0
        var output: [UInt8] = []

        init(json: [UInt8]) {
            self.json = json
            output.reserveCapacity(json.count)
        }

        mutating func run() {
            while index < json.count {
                switch json[index] {
                case UInt8(ascii: "\""):
                    index += 1
                    let start = output.count
                    if start > 0 { output.append(UInt8(ascii: " ")) }
                    readString()
                    if isFollowedByColon() { output.removeLast(output.count - start) }
                case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"), UInt8(ascii: "f"):
                    readWord()
                case UInt8(ascii: "n"):
                    // null says nothing that anyone would search for.
                    index += 4
                default:
                    index += 1
                }
            }
        }

        private mutating func readWord() {
            if !output.isEmpty { output.append(UInt8(ascii: " ")) }
            while index < json.count {
                switch json[index] {
                case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: "\""), 0...32: return
                case let byte: output.append(byte)
                }
                index += 1
            }
        }

        private mutating func readString() {
            while index < json.count {
                let byte = json[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return }
                if byte == UInt8(ascii: "\\") { readEscape() } else { output.append(byte) }
            }
        }

        private mutating func readEscape() {
            guard index < json.count else { return }
            let byte = json[index]
            index += 1
            switch byte {
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"):
                output.append(UInt8(ascii: " "))
            case UInt8(ascii: "u"): readUnicodeEscape()
            default: output.append(byte)
            }
        }

        /// RFC 8259 §7: characters beyond the basic plane are two escapes, a UTF-16 surrogate pair.
        private mutating func readUnicodeEscape() {
            guard let first = readHexadecimal() else { return }
            var units = [first]
            if UTF16.isLeadSurrogate(first), index + 1 < json.count, json[index] == UInt8(ascii: "\\"),
                json[index + 1] == UInt8(ascii: "u")
            {
                index += 2
                if let second = readHexadecimal() { units.append(second) }
            }
            output.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
        }

        private mutating func readHexadecimal() -> UInt16? {
            guard index + 4 <= json.count else {
                index = json.count
                return nil
            }
            var value: UInt16 = 0
            for byte in json[index..<index + 4] {
                guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt16(digit)
            }
            index += 4
            return value
        }

        private func isFollowedByColon() -> Bool {
            var next = index
            while next < json.count, json[next] <= 32 { next += 1 }
            return next < json.count && json[next] == UInt8(ascii: ":")
        }
    }
}
