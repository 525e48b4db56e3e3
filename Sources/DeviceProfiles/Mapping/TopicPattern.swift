/// A topic filter in which a level that matches anything may have a name: `casa/{place}/temp`, `lora/+/up`, `shop/#`.
public struct TopicPattern: Hashable, Sendable, CustomStringConvertible {
    enum Level: Hashable, Sendable {
        case literal(String)
        /// One level; the name under which its text is known, or none.
        case any(String?)
        /// All levels from here on.
        case rest
    }

    private static let mostLevels = 32
    let levels: [Level]
    public let description: String

    /// `nil` if the text is no filter: empty, with `+` or `#` inside a level, with `#` before the end, or with a name
    /// that is empty or stands twice.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 512 else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= TopicPattern.mostLevels else { return nil }
        var levels: [Level] = []
        var names: Set<String> = []
        for (index, part) in parts.enumerated() {
            if part == "#" {
                guard index == parts.count - 1 else { return nil }
                levels.append(.rest)
            } else if part == "+" {
                levels.append(.any(nil))
            } else if part.hasPrefix("{"), part.hasSuffix("}") {
                let name = String(part.dropFirst().dropLast())
                guard TopicPattern.isName(name), names.insert(name).inserted else { return nil }
                levels.append(.any(name))
            } else {
                guard !part.contains(where: { "+#{}".contains($0) }) else { return nil }
                levels.append(.literal(String(part)))
            }
        }
        self.levels = levels
        description = text
    }

    /// The names of the wildcards.
    public var names: [String] {
        levels.compactMap { if case .any(let name) = $0 { name } else { nil } }
    }

    /// The texts of the named levels if the topic matches, otherwise `nil`.
    public func match(_ topic: String) -> [String: String]? {
        let parts = topic.split(separator: "/", maxSplits: TopicPattern.mostLevels, omittingEmptySubsequences: false)
        var captured: [String: String] = [:]
        for (index, level) in levels.enumerated() {
            if level == .rest { return captured }
            guard index < parts.count else { return nil }
            switch level {
            case .literal(let text):
                guard parts[index] == text else { return nil }
            case .any(let name):
                if let name { captured[name] = String(parts[index]) }
            case .rest: break
            }
        }
        return parts.count == levels.count ? captured : nil
    }

    private static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
