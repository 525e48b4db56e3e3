/// What follows from an input.
public struct Decision: Hashable, Sendable {
    /// What happened, in order. Empty if the input brought nothing new.
    public var events: [DomainEvent]
    /// What is to be done once the events are on disk, and not before.
    public var directives: [Directive]
    /// The device that an observation comes from; `nil` if it has none, or if the input was no observation.
    public var device: Subject?
    /// What became of a command at once; `nil` if the input was no command.
    public var verdict: CommandVerdict?

    public init(
        events: [DomainEvent] = [], directives: [Directive] = [], device: Subject? = nil, verdict: CommandVerdict? = nil
    ) {
        self.events = events
        self.directives = directives
        self.device = device
        self.verdict = verdict
    }
}

/// Something that the domain wants done in the world.
public enum Directive: Hashable, Sendable {
    /// Send the gate's device its actuate message, unless `expiresAt` has passed or the command is no longer under way
    /// (`GarageState.isUnderWay`), and answer with `Input.actuated` in either case.
    ///
    /// `GarageState.mayActuate` is to be asked at the last moment.
    case actuate(gate: Subject, action: GateAction, commandID: String, expiresAt: Timestamp)
    /// Have the gate's device warn people for this long, and answer with `Input.warned`.
    case warn(gate: Subject, commandID: String, milliseconds: Int64)
}

/// What became of a command at once.
public enum CommandVerdict: Hashable, Sendable {
    case accepted(id: String)
    case rejected(id: String, reason: CommandRejected.Reason)
    /// The id was used before for the same gate and action: nothing was done now, and this is what became of the first.
    case repeated(id: String, first: CommandRecord)
    /// The id was used before for another gate or action: nothing was done.
    case conflict(id: String, first: CommandRecord)
}

/// A command that was seen, and how far it has come.
public struct CommandRecord: Hashable, Sendable, Codable {
    /// How far a command has come.
    public enum Outcome: Hashable, Sendable, Codable {
        case requested
        case dispatched
        case completed
        case rejected(CommandRejected.Reason)
        case failed(CommandFailed.Reason)

        /// Whether nothing more will happen to the command.
        public var isFinal: Bool { self != .requested && self != .dispatched }
    }

    public var gate: Subject
    /// `nil` if the message could not be read.
    public var action: GateAction?
    public var requestedAt: Timestamp
    public var outcome: Outcome

    public init(gate: Subject, action: GateAction?, requestedAt: Timestamp, outcome: Outcome) {
        self.gate = gate
        self.action = action
        self.requestedAt = requestedAt
        self.outcome = outcome
    }
}
