/// A gate as the events tell it.
public struct GateStatus: Hashable, Sendable, Codable {
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
    /// A command that has ended after it had gone out, before the gate was seen to move, so that the gate may still begin to obey it.
    public var superseded: SupersededCommand?
    public var mode = GateMode.normal
    /// Since when the gate is not closed; `nil` if it is, or was never seen.
    public var openSince: Timestamp?
    /// How long the gate takes from end to end, as far as it was seen.
    public var travel = TravelTimes()
    /// Whether it may be closed unattended, if a person has decided that; `nil` leaves it to the configuration.
    public var unattendedClose: GateSettings.UnattendedClose?
    /// How many unattended closings in a row went wrong.
    public var unattendedFailures = 0
    /// Closing unattended has failed twice, and no person has allowed it again.
    public var isUnattendedCloseSuspended = false

    public init() {}
}

/// A command that is accepted and has not ended.
public struct CommandUnderWay: Hashable, Sendable, Codable {
    public var id: String
    public var action: GateAction
    public var requestedAt: Timestamp
    public var expiresAt: Timestamp
    /// When the actuate message went out; `nil` before that.
    public var dispatchedAt: Timestamp?
    /// Until when people are warned before it goes out; `nil` if there is no warning, or it has not begun.
    public var warnedUntil: Timestamp?
    /// The gate was already on its way, so nothing is sent.
    public var joins = false
    /// Nobody said that they see the gate.
    public var isUnattended = false
    /// Whether the gate was seen to come to rest since the dispatch.
    public var hasRested = false
    /// Whether the gate was seen to move in the wanted direction since the dispatch.
    public var movementBegan = false

    public init(id: String, action: GateAction, requestedAt: Timestamp, expiresAt: Timestamp) {
        self.id = id
        self.action = action
        self.requestedAt = requestedAt
        self.expiresAt = expiresAt
    }
}

/// A dispatched command that has ended, by a later one or by itself, while the gate may still begin to obey it.
public struct SupersededCommand: Hashable, Sendable, Codable {
    public var id: String
    public var action: GateAction

    /// What the gate begins to do after this moment is no longer its doing.
    public var until: Timestamp
    /// Whether the gate was seen to come to rest between the dispatch and the command's end.
    public var hasRested: Bool

    public init(id: String, action: GateAction, until: Timestamp, hasRested: Bool = false) {
        self.id = id
        self.action = action
        self.until = until
        self.hasRested = hasRested
    }
}
