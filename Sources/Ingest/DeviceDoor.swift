public import EventLog
public import GarageDomain

/// Where people's words about foreign devices enter: mapping rules, and the webhooks of LoRaWAN servers.
public protocol DeviceDoor: Sendable {
    /// The rules in force, those of the configuration first.
    func mappings() -> [MappingEntry]

    /// Records a rule; it reads messages from then on. Returns the event's position.
    func addMapping(_ rule: MappingText, by origin: EventMetadata) async throws(MappingDoorError) -> Int64

    /// Takes a rule away that was added here; one of the configuration stays. Returns the event's position.
    func removeMapping(_ id: String, by origin: EventMetadata) async throws(MappingDoorError) -> Int64

    /// Which rule or profile would read a message, and as what. Changes nothing.
    func explain(topic: String, payload: [UInt8]) -> MessageExplanation

    /// Takes in a message that came another way than over MQTT, as if it had been published on `topic`. Returns when what
    /// it says is on disk.
    func report(topic: String, payload: [UInt8], from source: String) async throws(MappingDoorError)
}

/// A mapping rule and where it comes from.
public struct MappingEntry: Sendable, Hashable {
    public var rule: MappingText
    /// Whether it stands in the configuration, so that it can't be taken away here.
    public var isConfigured: Bool

    public init(rule: MappingText, isConfigured: Bool) {
        self.rule = rule
        self.isConfigured = isConfigured
    }
}

/// What would become of a message.
public struct MessageExplanation: Sendable, Hashable {
    /// Who reads it: `native`, `rule porch`, `discovery`, or a firmware's name; `nil` if nobody does.
    public var reader: String?
    /// What it says, one sentence each.
    public var meanings: [String]
    /// Why it says nothing, if that is so.
    public var reason: String?

    public init(reader: String?, meanings: [String], reason: String?) {
        self.reader = reader
        self.meanings = meanings
        self.reason = reason
    }
}

public enum MappingDoorError: Error, Sendable, Hashable {
    /// A member of the rule is wrong; the text is for the person who wrote it.
    case invalid(member: String, text: String)
    /// There is a rule with this id.
    case exists
    /// There is no rule with this id.
    case unknown
    /// The rule stands in the configuration.
    case configured
    /// There are as many rules as there may be.
    case tooMany
    /// The event could not be written; nothing has changed.
    case storage(String)
}
