/// The rules for topic names and topic filters (MQTT 5.0 section 4.7), on bytes. The functions that take a `String`
/// do the same for callers that have one.
public enum Topic {
    /// The most bytes that a topic name or filter may have [MQTT-4.7.3-3].
    @inlinable
    public static var maximumLength: Int { 65_535 }

    /// True for a name that a message can be published under: well-formed UTF-8 of 1...65,535 bytes without U+0000
    /// and without wildcard characters [MQTT-4.7.0-1], [MQTT-4.7.3-1], [MQTT-4.7.3-2].
    public static func isValidName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 0 && bytes.count <= maximumLength
            && TextCheck.problemOfName(bytes, 0..<bytes.count) == nil
    }

    /// See `isValidName(_:)` for bytes.
    public static func isValidName(_ name: String) -> Bool {
        withBytes(of: name) { isValidName($0) }
    }

    /// True for a filter that can be subscribed to: well-formed UTF-8 of 1...65,535 bytes without U+0000, `#` only as
    /// the whole last level [MQTT-4.7.1-1], `+` only as a whole level [MQTT-4.7.1-2]. A filter that begins with
    /// `$share/` must go on with a share name of its own level, without wildcards, and with a filter
    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2].
    public static func isValidFilter(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            try checkFilter(bytes)
            return true
        } catch {
            return false
        }
    }

    /// Says which rule a bad filter breaks; see `isValidFilter(_:)`.
    static func checkFilter(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard bytes.count > 0 else { throw invalidFilter("MQTT-4.7.3-1", "a topic filter is empty") }
        guard bytes.count <= maximumLength else {
            throw invalidFilter("MQTT-4.7.3-3", "a topic filter is longer than 65,535 bytes")
        }
        if let problem = TextCheck.problemOfString(bytes, 0..<bytes.count) { throw .badText(problem) }
        var start = 0
        if isShared(bytes) {
            guard let split = endOfShareName(bytes) else {
                throw invalidFilter("MQTT-4.8.2-1", "a shared subscription has no valid share name")
            }
            start = split &+ 1
            guard start < bytes.count else {
                throw invalidFilter("MQTT-4.8.2-2", "a shared subscription has no topic filter")
            }
        }
        try checkWildcards(bytes, from: start)
    }

    /// See `isValidFilter(_:)` for bytes.
    public static func isValidFilter(_ filter: String) -> Bool {
        withBytes(of: filter) { isValidFilter($0) }
    }

    /// True when a message with this topic name goes to a subscription with this filter. Both must be valid, and the
    /// filter without `$share/name/`. Wildcards in the first level don't match a name that begins with `$`
    /// [MQTT-4.7.2-1].
    public static func matches(filter: UnsafeRawBufferPointer, topic: UnsafeRawBufferPointer) -> Bool {
        guard filter.count > 0, topic.count > 0 else { return false }
        if topic[0] == dollar, filter[0] == plus || filter[0] == hash { return false }
        var f = 0
        var t = 0
        while true {
            if f < filter.count, filter[f] == hash { return true }
            // Compare one level; `t` and `f` stand at its first byte.
            if f < filter.count, filter[f] == plus {
                f &+= 1
                while t < topic.count, topic[t] != slash { t &+= 1 }
            } else {
                while f < filter.count, filter[f] != slash {
                    guard t < topic.count, topic[t] == filter[f] else { return false }
                    f &+= 1
                    t &+= 1
                }
                if t < topic.count, topic[t] != slash { return false }
            }
            let filterEnds = f >= filter.count
            let topicEnds = t >= topic.count
            if filterEnds { return topicEnds }
            if topicEnds {
                // `sport/#` matches `sport` too.
                return f &+ 2 == filter.count && filter[f] == slash && filter[f &+ 1] == hash
            }
            guard filter[f] == slash else { return false }
            f &+= 1
            t &+= 1
        }
    }

    /// See `matches(filter:topic:)` for bytes.
    public static func matches(filter: String, topic: String) -> Bool {
        withBytes(of: filter) { filter in withBytes(of: topic) { matches(filter: filter, topic: $0) } }
    }

    private static var plus: UInt8 { 0x2B }
    private static var hash: UInt8 { 0x23 }
    private static var slash: UInt8 { 0x2F }
    private static var dollar: UInt8 { 0x24 }

    /// True for bytes that begin with `$share/`.
    static func isShared(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: "$share/".utf8)
    }

    /// The position of the `/` behind a good share name of a filter that begins with `$share/`.
    static func endOfShareName(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let start = "$share/".utf8.count
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case slash: return at > start ? at : nil
            case plus, hash: return nil
            default: at &+= 1
            }
        }
        return nil
    }

    private static func checkWildcards(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(DecodeError) {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            let beginsLevel = at == start || bytes[at &- 1] == slash
            let isLast = at &+ 1 == bytes.count
            if byte == hash, !(beginsLevel && isLast) {
                throw invalidFilter("MQTT-4.7.1-1", "# is not the whole last level of a topic filter")
            }
            if byte == plus, !(beginsLevel && (isLast || bytes[at &+ 1] == slash)) {
                throw invalidFilter("MQTT-4.7.1-2", "+ is not a whole level of a topic filter")
            }
            at &+= 1
        }
    }

    private static func invalidFilter(_ clause: String, _ detail: String) -> DecodeError {
        DecodeError(reasonCode: .topicFilterInvalid, clause: clause, detail: detail)
    }

    static func withBytes<Result>(of text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
