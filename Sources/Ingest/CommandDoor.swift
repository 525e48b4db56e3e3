public import EventLog
public import GarageDomain

/// Where commands from the HTTP API, the pages and the command line enter. The same path as for commands over MQTT:
/// recorded first, then sent to the gate.
public protocol CommandDoor: Sendable {
    /// Records the request and, if it is allowed, sends the gate its actuate message.
    ///
    /// Returns once the request or its rejection is on disk; the movement itself is followed in the background.
    func submit(_ submission: CommandSubmission) async throws(CommandDoorError) -> CommandOutcome

    /// Records a person's note about a subject and returns its position in the log.
    func addNote(_ text: String, to subject: Subject, by origin: EventMetadata) async throws(CommandDoorError) -> Int64

    /// Records what a person does about a gate or an event, and returns the position of its event in the log; `nil` if it
    /// was so before, or the thing does not exist.
    func perform(_ deed: Deed, by origin: EventMetadata) async throws(CommandDoorError) -> Int64?

    /// What is set about a gate; `nil` if it has never reported.
    func controls(of gate: Subject) -> GateControls?

    /// Topics that nothing maps, newest first.
    func unmappedTopics() -> [UnmappedTopic]

    /// Topics on which devices have reported since the start.
    func deviceTopics() -> DeviceTopics
}

/// What a person can do beside moving gates.
public enum Deed: Sendable, Hashable {
    /// Lets a gate take commands, or not.
    case setMode(gate: Subject, GateMode, reason: String?)
    /// Decides whether a gate may be closed when nobody says that they see it.
    case setUnattendedClose(gate: Subject, GateSettings.UnattendedClose)
    /// Allows closing a gate unattended again, after that was suspended.
    case resumeUnattendedClose(gate: Subject)
    /// Takes note of the event at a position. An alert whose condition does not end by itself is then over.
    case acknowledge(position: Int64)

    /// The gate that it is about, if it is about one.
    public var gate: Subject? {
        switch self {
        case .setMode(let gate, _, _), .setUnattendedClose(let gate, _), .resumeUnattendedClose(let gate): gate
        case .acknowledge: nil
        }
    }
}

/// A request to move a gate.
public struct CommandSubmission: Sendable {
    public var gate: Subject
    public var action: GateAction
    /// The sender's own id for the command, 1 to 64 characters; sending the same id again returns the first outcome and
    /// does nothing. `nil` lets the service choose one.
    public var id: String?
    /// The request is void after this many seconds, 1 to 60.
    public var expiresInSeconds: Int
    public var reason: String?
    /// The sender says that a person sees the gate. Without that, closing needs the gate's `unattended_close`.
    public var isAttended: Bool
    public var origin: EventMetadata
    /// Whether the sender has the right to this movement; without it the request is recorded and rejected.
    public var isPermitted: Bool
    /// The network address that it came from, for the record.
    public var address: String?

    public init(
        gate: Subject, action: GateAction, id: String?, expiresInSeconds: Int = 10, reason: String? = nil,
        isAttended: Bool = false, origin: EventMetadata, isPermitted: Bool = true, address: String? = nil
    ) {
        self.address = address
        self.isAttended = isAttended
        self.gate = gate
        self.action = action
        self.id = id
        self.expiresInSeconds = expiresInSeconds
        self.reason = reason
        self.origin = origin
        self.isPermitted = isPermitted
    }
}

/// What became of a request at once.
public struct CommandOutcome: Sendable, Hashable {
    public var id: String
    /// `nil` if the command was accepted.
    public var rejection: CommandRejected.Reason?
    /// The position of the request's event (or of its rejection).
    public var position: Int64
    /// Whether the same id was submitted before, so that nothing was done now.
    public var repeated: Bool

    public init(id: String, rejection: CommandRejected.Reason?, position: Int64, repeated: Bool) {
        self.id = id
        self.rejection = rejection
        self.position = position
        self.repeated = repeated
    }
}

public enum CommandDoorError: Error, Sendable, Hashable {
    /// The event could not be written; nothing was sent to the gate.
    case storage(String)
    /// The id was used before with another gate or action.
    case conflict
    /// Whoever asks has no right to what is about this gate; nothing was recorded.
    case notAllowed
}

/// A topic that no profile reads.
public struct UnmappedTopic: Sendable, Hashable {
    public var topic: String
    /// How often it was published since the start.
    public var count: Int
    /// The last payload, cut to 200 bytes, with bytes that are no text replaced.
    public var lastPayload: String
    public var lastTime: Timestamp
    public var clientID: String?
    /// Why nobody reads it although somebody knows the topic, in English; `nil` if the topic is unknown.
    public var reason: String?

    public init(
        topic: String, count: Int, lastPayload: String, lastTime: Timestamp, clientID: String?, reason: String? = nil
    ) {
        self.topic = topic
        self.count = count
        self.lastPayload = lastPayload
        self.lastTime = lastTime
        self.clientID = clientID
        self.reason = reason
    }
}
