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

/// A parking spot as the events tell it.
public struct SpotStatus: Hashable, Sendable {
    public var occupied: Bool
    /// When `occupied` last changed.
    public var since: Timestamp

    public init(occupied: Bool, since: Timestamp) {
        self.occupied = occupied
        self.since = since
    }
}

/// The faults of a sensor that no good reading has followed yet.
public struct SensorStatus: Hashable, Sendable {
    /// The last fault of each quantity.
    public var faults: [Quantity: SensorFault.Kind] = [:]
    /// The last fault of a report that could not be read as a whole.
    public var reportFault: SensorFault.Kind?

    public init() {}

    /// Whether there is no fault.
    public var isGood: Bool { faults.isEmpty && reportFault == nil }
}

/// A device as the events tell it.
public struct DeviceStatus: Hashable, Sendable {
    /// The MQTT client that it was last seen through.
    public var clientID: String?
    /// Whether it is connected; `nil` until it was first known.
    public var online: Bool?
    /// When `online` last changed.
    public var since: Timestamp

    public init(clientID: String?, online: Bool?, since: Timestamp) {
        self.clientID = clientID
        self.online = online
        self.since = since
    }
}
