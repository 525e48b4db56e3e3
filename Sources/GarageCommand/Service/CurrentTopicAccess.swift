import Access
import DeviceProfiles
import Synchronization

/// The topic rules in force; they can be replaced while clients are connected.
final class CurrentTopicAccess: Sendable {
    private let access: Mutex<TopicAccess>
    /// Where messages make devices act.
    private let commands: CommandPositions

    init(rules: [TopicRule] = [], commands: CommandPositions = .known) {
        self.commands = commands
        access = Mutex(Self.make(rules, commands))
    }

    func replace(with rules: [TopicRule]) {
        access.withLock { $0 = Self.make(rules, commands) }
    }

    /// See `TopicAccess.check`.
    func check(_ user: TopicUser, _ action: TopicRule.Action, _ filter: String) -> TopicAccess.Answer {
        access.withLock { $0 }.check(user, action, filter)
    }

    private static func make(_ rules: [TopicRule], _ commands: CommandPositions) -> TopicAccess {
        TopicAccess(rules: rules) { commands.isCommand($0) }
    }
}
