/// A topic filter in a rule. `+` and `#` mean what they mean in MQTT, `%u` is the user name and `%c` the client
/// identifier.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    /// Bytes, as in MQTT: characters that are written in two ways are two, and none joins with a `/` beside it.
    private let levels: [[UInt8]]

    /// `nil` if the text is empty, has a `#` before its last level, or a `+` or `#` that is not a level of its own.
    public init?(_ text: String) {
        let levels = Self.levels(text).map { Array($0) }
        guard !text.isEmpty,
            levels.enumerated().allSatisfy({ index, level in
                level == Self.plus || (level == Self.hash && index == levels.count - 1)
                    || !level.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
            })
        else { return nil }
        description = text
        self.levels = levels
    }

    /// Whether every topic that `filter` can match is one of the pattern's. A topic name is a filter without wildcards.
    ///
    /// A pattern that names the user or client does not match for one whose name holds `/`, `+` or `#`, so that nobody
    /// widens a rule by his name. A first level that begins with `$` is not met by a wildcard (MQTT 5.0, 4.7.2).
    public func covers(_ filter: String, user: String?, clientID: String) -> Bool {
        let asked = Self.levels(filter)
        for (index, level) in levels.enumerated() {
            if level == Self.hash { return index > 0 || asked.first?.first != Self.dollar }
            guard index < asked.count else { return false }
            let other = asked[index]
            if other.elementsEqual(Self.hash) { return false }
            if level == Self.plus {
                if index == 0 && other.first == Self.dollar { return false }
                continue
            }
            guard let wanted = fill(level, user: user, clientID: clientID), wanted.elementsEqual(other) else {
                return false
            }
        }
        return asked.count == levels.count
    }

    /// Whether some topic is both the pattern's and the filter's.
    func overlaps(_ filter: String, user: String?, clientID: String) -> Bool {
        let asked = Self.levels(filter)
        for index in 0..<max(levels.count, asked.count) {
            let level = index < levels.count ? levels[index] : nil
            let other = index < asked.count ? Array(asked[index]) : nil
            if level == Self.hash || other == Self.hash { return true }
            guard let level, let other else { return false }
            if level == Self.plus || other == Self.plus { continue }
            guard fill(level, user: user, clientID: clientID) == other else { return false }
        }
        return true
    }

    private static let plus = [UInt8(ascii: "+")]
    private static let hash = [UInt8(ascii: "#")]
    private static let dollar = UInt8(ascii: "$")

    private static func levels(_ filter: String) -> [Substring.UTF8View] {
        filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }

    private func fill(_ level: [UInt8], user: String?, clientID: String) -> [UInt8]? {
        guard level.contains(UInt8(ascii: "%")) else { return level }
        var filled = level
        for (mark, value) in [("%u", user), ("%c", clientID)] where filled.contains(Array(mark.utf8)) {
            guard let value, !value.isEmpty, !value.utf8.contains(where: { "/+#".utf8.contains($0) }) else {
                return nil
            }
            filled = filled.replacing(Array(mark.utf8), with: Array(value.utf8))
        }
        return filled
    }
}
