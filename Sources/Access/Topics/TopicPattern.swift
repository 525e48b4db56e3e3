/// A topic filter in a rule. `+` and `#` mean what they mean in MQTT, `%u` is the user name and `%c` the client
/// identifier.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let levels: [Substring]

    /// `nil` if the text is empty, has a `#` before its last level, or a `+` or `#` that is not a level of its own.
    public init?(_ text: String) {
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !text.isEmpty,
            levels.enumerated().allSatisfy({ index, level in
                level == "+" || (level == "#" && index == levels.count - 1)
                    || !level.utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
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
        let asked = filter.split(separator: "/", omittingEmptySubsequences: false)
        for (index, level) in levels.enumerated() {
            if level == "#" { return index > 0 || asked.first?.first != "$" }
            guard index < asked.count else { return false }
            let other = asked[index]
            if other == "#" { return false }
            if level == "+" {
                if index == 0 && other.first == "$" { return false }
                continue
            }
            guard let wanted = fill(level, user: user, clientID: clientID), wanted == other else { return false }
        }
        return asked.count == levels.count
    }

    /// Whether some topic is both the pattern's and the filter's.
    func overlaps(_ filter: String, user: String?, clientID: String) -> Bool {
        let asked = filter.split(separator: "/", omittingEmptySubsequences: false)
        for index in 0..<max(levels.count, asked.count) {
            let level = index < levels.count ? levels[index] : nil
            let other = index < asked.count ? asked[index] : nil
            if level == "#" || other == "#" { return true }
            guard let level, let other else { return false }
            if level == "+" || other == "+" { continue }
            guard fill(level, user: user, clientID: clientID).map({ $0 == other }) ?? false else { return false }
        }
        return true
    }

    private func fill(_ level: Substring, user: String?, clientID: String) -> String? {
        guard level.utf8.contains(UInt8(ascii: "%")) else { return String(level) }
        var text = String(level)
        for (mark, value) in [("%u", user), ("%c", clientID)] where text.contains(mark) {
            guard let value, !value.isEmpty, !value.utf8.contains(where: { "/+#".utf8.contains($0) }) else {
                return nil
            }
            text = text.replacing(mark, with: value)
        }
        return text
    }
}
