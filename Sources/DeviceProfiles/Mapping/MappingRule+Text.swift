public import GarageDomain

/// What is wrong with a rule as somebody wrote it.
public struct MappingRuleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The member that is wrong, as it is called in the configuration and the API.
    public var member: String
    /// A sentence for the person who wrote it.
    public var text: String

    public var description: String { "\(member): \(text)" }
}

extension MappingRule {
    /// So many rules are kept beside those of the configuration.
    public static let mostRules = 500
    private static let longestText = 512

    /// The rule that the text means. Throws the first mistake.
    public init(_ text: MappingText) throws(MappingRuleError) {
        guard Name(text.id) != nil else {
            throw MappingRuleError(member: "id", text: "it takes 1 to 64 letters, digits, '_' and '-'")
        }
        guard let topic = TopicPattern(text.topic) else {
            throw MappingRuleError(
                member: "topic", text: "it takes a topic in which a level may be '+', '{name}' or, at the end, '#'")
        }
        guard let property = Property(rawValue: text.property) else {
            let words = Property.allCases.map(\.rawValue).joined(separator: ", ")
            throw MappingRuleError(member: "property", text: "it takes \(words)")
        }
        try MappingRule.check(text.name, against: topic, member: "name", allowsTopic: false)
        self.init(id: text.id, topic: topic, property: property, name: text.name)
        if let pointer = text.pointer {
            guard let read = JSONPointer(pointer) else {
                throw MappingRuleError(member: "pointer", text: "it takes a JSON pointer such as /sensor/temperature")
            }
            self.pointer = read
        }
        scale = text.scale ?? 1
        offset = text.offset ?? 0
        guard scale.isFinite, offset.isFinite, scale != 0 else {
            throw MappingRuleError(member: "scale", text: "it takes a number that is not 0")
        }
        switch text.unit {
        case nil, "celsius"?: break
        case "fahrenheit"?: isFahrenheit = true
        default: throw MappingRuleError(member: "unit", text: "it takes celsius or fahrenheit")
        }
        if let values = text.values { self.values = try MappingRule.words(values) }
        if let model = text.model {
            guard let known = SensorModel(rawValue: model) else {
                let words = SensorModel.allCases.map(\.rawValue).joined(separator: ", ")
                throw MappingRuleError(member: "model", text: "it takes \(words)")
            }
            self.model = known
        }
        if let commandTopic = text.commandTopic {
            guard property.kind == .gate else {
                throw MappingRuleError(member: "command_topic", text: "only a gate can be moved")
            }
            try MappingRule.check(commandTopic, against: topic, member: "command_topic", allowsTopic: true)
            guard text.commandOpen != nil || text.commandClose != nil else {
                throw MappingRuleError(member: "command_open", text: "it takes what is sent to open the gate")
            }
            command = Command(
                topic: commandTopic, open: text.commandOpen, close: text.commandClose, stop: text.commandStop)
        }
    }

    /// `0=closed, 1=open`
    private static func words(_ text: String) throws(MappingRuleError) -> [String: String] {
        var words: [String: String] = [:]
        guard text.utf8.count <= longestText else {
            throw MappingRuleError(member: "values", text: "it is longer than \(longestText) bytes")
        }
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw MappingRuleError(member: "values", text: "it takes pairs such as 0=closed,1=open")
            }
            let meaning = trimmed(parts[1]).lowercased()
            guard meanings.contains(meaning) else {
                throw MappingRuleError(
                    member: "values", text: "'\(meaning)' is no meaning; it takes \(meanings.joined(separator: ", "))")
            }
            words[trimmed(parts[0])] = meaning
        }
        return words
    }

    private static let meanings = [
        "open", "opening", "closed", "closing", "stopped", "occupied", "free", "obstructed", "clear", "online",
        "offline",
        "ignore",
    ]

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Checks a text in which `{name}` stands for a wildcard of the topic.
    private static func check(
        _ text: String, against topic: TopicPattern, member: String, allowsTopic: Bool
    ) throws(MappingRuleError) {
        var rest = text
        for name in topic.names { rest = rest.replacing("{\(name)}", with: "x") }
        let isFine =
            allowsTopic
            ? !rest.isEmpty && rest.utf8.count <= longestText && !rest.contains { "{}+#\0".contains($0) }
            : Name(rest) != nil
        guard isFine else {
            let wildcards = topic.names.map { "{\($0)}" }.joined(separator: ", ")
            let kind = allowsTopic ? "a topic" : "a name of 1 to 64 letters, digits, '_' and '-'"
            throw MappingRuleError(
                member: member,
                text: "it takes \(kind)" + (wildcards.isEmpty ? "" : ", in which \(wildcards) may stand"))
        }
    }
}
