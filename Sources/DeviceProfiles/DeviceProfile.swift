public import GarageDomain

/// The conventions of one kind of firmware: which topics it uses, and what its payloads mean.
///
/// Nothing in topic or payload can make a profile trap; what it can't read, it says so.
public protocol DeviceProfile: Sendable {
    /// The profile's name as shown to people, for example `native`.
    var name: String { get }

    /// What the message says, or `nil` if the topic is none of this firmware's.
    func interpret(topic: Span<UInt8>, payload: Span<UInt8>) -> Interpretation?

    /// Whether a message on this topic asks a gate to move, so that it must be neither retained nor a last will.
    func isCommand(topic: Span<UInt8>) -> Bool
}

/// What a message says.
public enum Interpretation: Hashable, Sendable {
    /// A device reports. Never empty.
    case observations([Observation])
    /// Someone asks for a gate movement.
    case command(gate: Subject, CommandText)
    /// A topic that only the service itself publishes to.
    case ours
    /// The topic is known, and what the message says is not for the log: a device's health, its description, an echo.
    case nothing
    /// No profile knows the topic, or the payload says nothing that the garage knows.
    case unmapped
}

/// A message for the broker to publish.
public struct OutgoingMessage: Hashable, Sendable {
    public var topic: String
    public var payload: [UInt8]

    public init(topic: String, payload: [UInt8]) {
        self.topic = topic
        self.payload = payload
    }
}
