/// Decides which client may publish and subscribe to what. The configured rules come first, in order, and the first that
/// applies decides; what none of them is about, the built-in rules decide.
///
/// A pure value: the same question gets the same answer.
public struct TopicAccess: Sendable, Hashable {
    /// An answer, and what it follows from.
    public struct Answer: Sendable, Hashable {
        public let isAllowed: Bool
        /// The rule that decided, in words.
        public let because: String
    }

    /// The configured rules.
    public let rules: [TopicRule]
    private let isCommand: @Sendable (_ topic: String) -> Bool

    /// - Parameter isCommand: whether a message on the topic would move something, whatever firmware it belongs to.
    public init(rules: [TopicRule] = [], isCommand: @escaping @Sendable (_ topic: String) -> Bool) {
        self.rules = rules
        self.isCommand = isCommand
    }

    public static func == (left: TopicAccess, right: TopicAccess) -> Bool { left.rules == right.rules }
    public func hash(into hasher: inout Hasher) { hasher.combine(rules) }

    /// What a device may do with topics that bear its name, which is `%u`: those of the service and of Home Assistant,
    /// where a name has its place.
    private static let ownTopics: [TopicPattern] = [
        "garage/+/+/%u", "garage/+/+/%u/#", "homeassistant/+/%u/#", "homeassistant/device/%u/config",
    ].compactMap { TopicPattern($0) }

    /// The same for topics of other firmware, which has the name in the first or the second place.
    private static let ownForeignTopics: [TopicPattern] = ["%u/#", "+/%u/#"].compactMap { TopicPattern($0) }

    /// Where those say nothing: a device that is called as the garage is would else have all of its topics, and one
    /// called `garage` those of every garage.
    private static func isPlaceOfNames(_ filter: String) -> Bool {
        ["garage", "homeassistant", "+"].contains { place in
            filter.utf8.starts(with: place.utf8)
                && filter.utf8.dropFirst(place.utf8.count).first.map {
                    $0 == UInt8(ascii: "/")
                } ?? true
        }
    }

    /// Where Home Assistant says that it has started.
    private static let sharedStatus = "homeassistant/status"

    /// Whether `user` may do it, and why.
    /// - Parameter filter: a topic name, or for `subscribe` a topic filter without its share name.
    public func check(_ user: TopicUser, _ action: TopicRule.Action, _ filter: String) -> Answer {
        for (index, rule) in rules.enumerated() where rule.applies(to: user, action, filter) {
            return Answer(isAllowed: rule.allows, because: "rule \(index + 1): \(rule)")
        }
        switch user.kind {
        case .anonymous: return Answer(isAllowed: true, because: "clients without a name are let in on loopback only")
        case .device: return checkDevice(user, action, filter)
        case .token: return checkProgram(user.scopes, action, filter)
        }
    }

    private func checkDevice(_ user: TopicUser, _ action: TopicRule.Action, _ filter: String) -> Answer {
        let covers = { (pattern: TopicPattern) in pattern.covers(filter, user: user.name, clientID: user.clientID) }
        let isOwn =
            Self.ownTopics.contains(where: covers) || user.topics.contains(where: covers)
            || (Self.ownForeignTopics.contains(where: covers) && !Self.isPlaceOfNames(filter))
        switch action {
        case .publish:
            if isCommand(filter) { return Answer(isAllowed: false, because: "a device may not publish commands") }
        case .subscribe:
            if filter == Self.sharedStatus { return Answer(isAllowed: true, because: "every device may read this") }
        }
        return isOwn
            ? Answer(isAllowed: true, because: "the topic belongs to the device")
            : Answer(isAllowed: false, because: "the topic does not belong to the device")
    }

    private func checkProgram(
        _ scopes: Set<Permission>, _ action: TopicRule.Action, _ filter: String
    ) -> Answer {
        switch action {
        case .subscribe:
            return scopes.contains(.read)
                ? Answer(isAllowed: true, because: "a token with the scope read may subscribe")
                : Answer(isAllowed: false, because: "a token without the scope read may not subscribe")
        case .publish:
            guard isCommand(filter) else {
                return Answer(isAllowed: false, because: "a token may not publish what devices report")
            }
            return scopes.contains(.command)
                ? Answer(isAllowed: true, because: "a token with the scope command may publish commands")
                : Answer(isAllowed: false, because: "a token without the scope command may not publish commands")
        }
    }
}
