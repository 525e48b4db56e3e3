/// A gate as the events tell it.
public struct GateStatus: Hashable, Sendable {
    /// `nil` if no state was ever reported.
    public var state: GateState?
    /// When `state` began.
    public var since: Timestamp?
    public var obstructed = false
    /// The MQTT client that last reported for this gate.
    public var reporter: String?
    /// The command that is under way.
    public var command: CommandUnderWay?
    /// The command that the present movement is attributed to; `nil` at rest, and for a movement that nobody asked for.
    public var movementCommandID: String?
    /// A command that another took the place of after it had gone out, so that the gate may still begin to obey it.
    public var superseded: SupersededCommand?

    public init() {}
}

/// A command that is accepted and has not ended.
public struct CommandUnderWay: Hashable, Sendable {
    public var id: String
    public var action: GateAction
    public var requestedAt: Timestamp
    public var expiresAt: Timestamp
    /// When the actuate message went out; `nil` before that.
    public var dispatchedAt: Timestamp?
    /// Whether the gate was seen to move in the wanted direction since the dispatch.
    public var movementBegan = false

    public init(id: String, action: GateAction, requestedAt: Timestamp, expiresAt: Timestamp) {
        self.id = id
        self.action = action
        self.requestedAt = requestedAt
        self.expiresAt = expiresAt
    }
}

/// A dispatched command that a later one took the place of.
public struct SupersededCommand: Hashable, Sendable {
    public var id: String
    public var action: GateAction

    public init(id: String, action: GateAction) {
        self.id = id
        self.action = action
    }
}
