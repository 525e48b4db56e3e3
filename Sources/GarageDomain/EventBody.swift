/// What happened, without the subject it happened to. Each case has one or more event types (see `type`).
public enum EventBody: Hashable, Sendable {
    /// `gate.opening`, `gate.opened`, `gate.closing`, `gate.closed`, `gate.stopped`
    case gateMoved(GateMoved)
    /// `gate.obstructed`
    case gateObstructed
    /// `gate.obstruction-cleared`
    case gateObstructionCleared
    /// `gate.command-requested`
    case commandRequested(CommandRequested)
    /// `gate.command-rejected`
    case commandRejected(CommandRejected)
    /// `gate.command-warned`
    case commandWarned(CommandWarned)
    /// `gate.command-dispatched`
    case commandDispatched(CommandDispatched)
    /// `gate.command-completed`
    case commandCompleted(CommandCompleted)
    /// `gate.command-failed`
    case commandFailed(CommandFailed)
    /// `gate.mode-changed`
    case gateModeChanged(GateModeChanged)
    /// `gate.unattended-close-changed`
    case unattendedCloseChanged(UnattendedCloseChanged)
    /// `gate.unattended-close-suspended`: it failed twice, and a person has to allow it again
    case unattendedCloseSuspended
    /// `gate.unattended-close-resumed`
    case unattendedCloseResumed
    /// `spot.occupied`, `spot.freed`
    case spotChanged(SpotChanged)
    /// `sensor.reading-recorded`
    case readingRecorded(Reading)
    /// `sensor.fault-detected`
    case faultDetected(SensorFault)
    /// `sensor.fault-cleared`: a fault that a reading alone does not end is over
    case faultCleared(FaultCleared)
    /// `device.seen`: a device reported for the first time
    case deviceSeen(DeviceSeen)
    /// `device.connected`
    case deviceConnected(DeviceConnected)
    /// `device.disconnected`
    case deviceDisconnected(DeviceDisconnected)
    /// `alert.raised`
    case alertRaised(Alert)
    /// `alert.cleared`
    case alertCleared(Alert)
    /// `access.denied`
    case accessDenied(AccessDenied)
    /// `access.granted-changed`
    case accessChanged(AccessChanged)
    /// `access.data-erased`
    case dataErased(DataErased)
    /// `note.added`
    case noteAdded(Note)
    /// `event.acknowledged`
    case eventAcknowledged(Acknowledgement)
    /// `mapping.added`
    case mappingAdded(MappingText)
    /// `mapping.removed`
    case mappingRemoved(MappingRemoved)
    /// `bridge.connected`
    case bridgeConnected(BridgeConnected)
    /// `bridge.disconnected`
    case bridgeDisconnected(BridgeDisconnected)
    /// `clock.changed`
    case clockChanged(ClockChanged)
}

/// A gate reached a state.
public struct GateMoved: Hashable, Sendable, Codable {
    /// The state before, `nil` if none was known.
    public var from: GateState?
    public var to: GateState
    /// How long the previous state lasted, in milliseconds; `nil` if it was not known.
    public var tookMilliseconds: Int64?
    /// The command that caused the movement, if one did.
    public var commandID: String?

    public init(from: GateState?, to: GateState, tookMilliseconds: Int64? = nil, commandID: String? = nil) {
        self.from = from
        self.to = to
        self.tookMilliseconds = tookMilliseconds
        self.commandID = commandID
    }

    enum CodingKeys: String, CodingKey {
        case from, to, tookMilliseconds = "took_ms", commandID = "command_id"
    }
}

/// Someone asked for a gate movement.
public struct CommandRequested: Hashable, Sendable, Codable {
    public var commandID: String
    public var action: GateAction
    /// The request is void after this moment (microseconds since 1970).
    public var expiresAt: Timestamp
    /// Why, in the words of the person who asked.
    public var reason: String?
    /// Nobody said that they see the gate.
    public var isUnattended: Bool
    /// The gate was already on its way there, so that nothing is sent to it.
    public var joins: Bool
    /// The network address that the request came from, if it came over the network.
    public var address: String?

    public init(
        commandID: String, action: GateAction, expiresAt: Timestamp, reason: String? = nil, isUnattended: Bool = false,
        joins: Bool = false, address: String? = nil
    ) {
        self.address = address
        self.commandID = commandID
        self.action = action
        self.expiresAt = expiresAt
        self.reason = reason
        self.isUnattended = isUnattended
        self.joins = joins
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        commandID = try container.decode(String.self, forKey: .commandID)
        action = try container.decode(GateAction.self, forKey: .action)
        expiresAt = try container.decode(Timestamp.self, forKey: .expiresAt)
        reason = try container.decodeIfPresent(String.self, forKey: .reason)
        isUnattended = try container.decodeIfPresent(Bool.self, forKey: .isUnattended) ?? false
        joins = try container.decodeIfPresent(Bool.self, forKey: .joins) ?? false
        address = try container.decodeIfPresent(String.self, forKey: .address)
    }

    enum CodingKeys: String, CodingKey {
        case commandID = "command_id", action, expiresAt = "expires_at", reason, isUnattended = "unattended", joins,
            address
    }
}

/// A request was refused; nothing was sent to the gate.
public struct CommandRejected: Hashable, Sendable, Codable {
    /// Why a request is refused. The raw value is the word used in events and the API.
    public enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
        /// The message could not be read as a command.
        case unreadable
        /// The message had the RETAIN flag, so it could fire again at any time.
        case retained
        /// The message was a QoS 1 redelivery that could already have been acted on.
        case redelivered
        case expired
        case unknownGate = "unknown-gate"
        case obstructed
        /// The gate's device is not connected.
        case offline
        /// The gate's state is not known, so closing it could do anything.
        case unknownState = "unknown-state"
        /// Another command is under way.
        case busy
        case notAllowed = "not-allowed"
        /// The gate has reported nothing for too long, so closing it could do anything.
        case staleState = "stale-state"
        /// The gate has one button, and a pulse now might not do what was asked.
        case ambiguous
        /// The gate's device has just come back.
        case reconnecting
        /// Nobody said that they see the gate, and closing it unattended is not enabled.
        case unattended
        /// Closing the gate unattended has failed twice, and no person has allowed it again.
        case suspended
        case locked
        case maintenance
        /// Not in the hours in which the gate can be moved from afar.
        case outsideHours = "outside-hours"
        case rateLimited = "rate-limited"
    }

    public var commandID: String
    /// `nil` if the message could not be read.
    public var action: GateAction?
    public var reason: Reason
    /// The network address that the request came from, if it came over the network.
    public var address: String?

    public init(commandID: String, action: GateAction?, reason: Reason, address: String? = nil) {
        self.address = address
        self.commandID = commandID
        self.action = action
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey { case commandID = "command_id", action, reason, address }
}

/// The actuate message went out to this many connected devices.
public struct CommandDispatched: Hashable, Sendable, Codable {
    public var commandID: String
    public var action: GateAction
    public var receivers: Int

    public init(commandID: String, action: GateAction, receivers: Int) {
        self.commandID = commandID
        self.action = action
        self.receivers = receivers
    }

    enum CodingKeys: String, CodingKey { case commandID = "command_id", action, receivers }
}

/// The gate reached the state that the command asked for.
public struct CommandCompleted: Hashable, Sendable, Codable {
    public var commandID: String
    public var action: GateAction
    public var state: GateState
    /// Milliseconds from request to completion.
    public var tookMilliseconds: Int64

    public init(commandID: String, action: GateAction, state: GateState, tookMilliseconds: Int64) {
        self.commandID = commandID
        self.action = action
        self.state = state
        self.tookMilliseconds = tookMilliseconds
    }

    enum CodingKeys: String, CodingKey { case commandID = "command_id", action, state, tookMilliseconds = "took_ms" }
}

/// The command was accepted, but the gate did not do what it asked.
public struct CommandFailed: Hashable, Sendable, Codable {
    /// Why a command fails. The raw value is the word used in events and the API.
    public enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
        /// No device was connected to receive it.
        case notDelivered = "not-delivered"
        /// The final state did not come in time.
        case timedOut = "timed-out"
        /// The gate turned round on its way.
        case reversed
        /// Something was in the way of the gate.
        case obstructed
        /// The gate's device was lost before the final state came.
        case deviceLost = "device-lost"
        /// When the warning was over, the gate could no longer be moved.
        case noLongerAllowed = "no-longer-allowed"
        /// A later command took its place.
        case superseded
        /// The service was restarted while the command was under way.
        case interrupted
    }

    public var commandID: String
    public var action: GateAction
    public var reason: Reason

    public init(commandID: String, action: GateAction, reason: Reason) {
        self.commandID = commandID
        self.action = action
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey { case commandID = "command_id", action, reason }
}

/// A parking spot was taken or left.
public struct SpotChanged: Hashable, Sendable, Codable {
    public var occupied: Bool
    /// How long the previous state lasted, in milliseconds: for `spot.freed` the length of the stay; `nil` if unknown.
    public var tookMilliseconds: Int64?

    public init(occupied: Bool, tookMilliseconds: Int64? = nil) {
        self.occupied = occupied
        self.tookMilliseconds = tookMilliseconds
    }

    enum CodingKeys: String, CodingKey { case occupied, tookMilliseconds = "took_ms" }
}
