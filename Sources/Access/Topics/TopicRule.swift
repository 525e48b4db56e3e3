/// One line of the topic rules: `allow device:esp1 publish garage/home/sensor/dht1/#`.
///
/// `allow` or `deny`; who: `anyone`, `device`, `token`, `anonymous`, or one of them by name (`device:esp1`, `token:sign`);
/// `publish`, `subscribe` or `any`; a topic filter, in which `%u` is the user name and `%c` the client identifier.
public struct TopicRule: Sendable, Hashable, CustomStringConvertible {
    /// What a client wants to do with a topic.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        case publish, subscribe
    }

    /// Whom a rule is about.
    enum Subject: Sendable, Hashable {
        case anyone
        case kind(TopicUser.Kind)
        case named(TopicUser.Kind, String)
    }

    public let allows: Bool
    let subject: Subject
    /// `nil` for both.
    let action: Action?
    let pattern: TopicPattern
    public let description: String

    /// Reads a line; `nil` if it is not a rule.
    public init?(_ line: String) {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count == 4, words[0] == "allow" || words[0] == "deny", let subject = TopicRule.subject(words[1]),
            let pattern = TopicPattern(String(words[3]))
        else { return nil }
        let action = Action(rawValue: String(words[2]))
        guard action != nil || words[2] == "any" else { return nil }
        allows = words[0] == "allow"
        self.subject = subject
        self.action = action
        self.pattern = pattern
        description = words.joined(separator: " ")
    }

    /// Whether the rule has something to say about this.
    func applies(to user: TopicUser, _ action: Action, _ filter: String) -> Bool {
        guard self.action == nil || self.action == action else { return false }
        switch subject {
        case .anyone: break
        case .kind(let kind): guard user.kind == kind else { return false }
        case .named(let kind, let name): guard user.kind == kind, user.name == name else { return false }
        }
        // A refusal must also catch a filter that is wider than the rule.
        return pattern.covers(filter, user: user.name, clientID: user.clientID)
            || (!allows && pattern.overlaps(filter, user: user.name, clientID: user.clientID))
    }

    private static func subject(_ word: Substring) -> Subject? {
        if word == "anyone" { return .anyone }
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = TopicUser.Kind(rawValue: String(parts[0])) else { return nil }
        guard parts.count == 2 else { return .kind(kind) }
        return parts[1].isEmpty ? nil : .named(kind, String(parts[1]))
    }
}
