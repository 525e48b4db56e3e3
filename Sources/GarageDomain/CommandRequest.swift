/// What the sender of a gate command wrote.
public struct CommandText: Hashable, Sendable {
    /// `nil` if the message could not be read as a command.
    public var action: GateAction?
    /// The sender's own id for the command, 1 to 64 characters.
    public var id: String?
    /// The request is void after this many seconds.
    public var expiresInSeconds: Int?
    /// Why, in the sender's words.
    public var reason: String?
    /// The sender says that a person sees the gate.
    public var isAttended: Bool

    public init(
        action: GateAction?, id: String? = nil, expiresInSeconds: Int? = nil, reason: String? = nil,
        isAttended: Bool = false
    ) {
        self.action = action
        self.id = id
        self.expiresInSeconds = expiresInSeconds
        self.reason = reason
        self.isAttended = isAttended
    }
}

/// A gate command as it came in, with all that decides whether it is safe to obey.
public struct CommandRequest: Hashable, Sendable {
    public var gate: Subject
    public var text: CommandText
    /// The id that the command gets if the sender gave none; unique among all commands.
    public var newID: String
    /// When it reached the service; its life is counted from here.
    public var receivedAt: Timestamp
    /// The MQTT 5 Message Expiry Interval in seconds, if there was one (MQTT 5, 3.3.2.3.3).
    public var messageExpirySeconds: Int?
    /// The message had the RETAIN flag.
    public var isRetained: Bool
    /// The message had the DUP flag: it may have been acted on already (MQTT 5, 3.3.1.1).
    public var isRedelivered: Bool
    /// Whether the sender has the right to move this gate.
    public var isPermitted: Bool
    /// Who asks, as far as the rate of requests is limited by it; `nil` is not limited.
    public var actor: String?
    /// The network address that it came from, for the record; `nil` if it did not come over the network.
    public var address: String?

    public init(
        gate: Subject, text: CommandText, newID: String, receivedAt: Timestamp, messageExpirySeconds: Int? = nil,
        isRetained: Bool = false, isRedelivered: Bool = false, isPermitted: Bool = true, actor: String? = nil,
        address: String? = nil
    ) {
        self.address = address
        self.actor = actor
        self.gate = gate
        self.text = text
        self.newID = newID
        self.receivedAt = receivedAt
        self.messageExpirySeconds = messageExpirySeconds
        self.isRetained = isRetained
        self.isRedelivered = isRedelivered
        self.isPermitted = isPermitted
    }

    /// The id that the command's events carry.
    public var commandID: String { text.id ?? newID }
}
