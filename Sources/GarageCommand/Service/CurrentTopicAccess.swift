import Access
import DeviceProfiles
import Synchronization

/// The topic rules in force; they can be replaced while clients are connected.
final class CurrentTopicAccess: Sendable {
    private let access: Mutex<TopicAccess>

    init(rules: [TopicRule] = []) {
        access = Mutex(Self.make(rules))
    }

    func replace(with rules: [TopicRule]) {
        access.withLock { $0 = Self.make(rules) }
    }

    /// See `TopicAccess.check`.
    func check(_ user: TopicUser, _ action: TopicRule.Action, _ filter: String) -> TopicAccess.Answer {
        access.withLock { $0 }.check(user, action, filter)
    }

    private static func make(_ rules: [TopicRule]) -> TopicAccess {
        TopicAccess(rules: rules) { CommandTopics.isCommand($0) }
    }
}
