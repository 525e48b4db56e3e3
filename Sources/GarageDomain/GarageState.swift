/// All that decisions depend on: the sum of the events so far.
///
/// Beside what the events tell, it holds a little knowledge of live connections that no event repeats (which client
/// reports for a gate, which device said goodbye); a restart may lose that without harm.
public struct GarageState: Sendable {
    public internal(set) var gates: [Subject: GateStatus] = [:]
    public internal(set) var spots: [Subject: SpotStatus] = [:]
    /// Sensors with a fault; those in good order are left out.
    public internal(set) var sensors: [Subject: SensorStatus] = [:]
    public internal(set) var devices: [Subject: DeviceStatus] = [:]
    /// The commands of the last 24 hours, by id.
    public internal(set) var commands = CommandHistory()
    /// The gate of each command that is under way, by command id.
    var commandsUnderWay: [String: Subject] = [:]
    /// The devices last seen through each client, sorted.
    var devicesOfClients: [String: [Subject]] = [:]
    /// The devices that said themselves that they go; a new connection of their client does not bring them back.
    var withdrawnDevices: Set<Subject> = []

    public init() {}

    /// Whether the command is accepted and has not ended.
    public func isUnderWay(commandID: String) -> Bool { commandsUnderWay[commandID] != nil }

    /// When `Input.tick` is next due; `nil` if nothing waits.
    public func nextDeadline(settings: GarageSettings) -> Timestamp? {
        var next: Timestamp?
        for gate in commandsUnderWay.values {
            guard let command = gates[gate]?.command else { continue }
            let deadline = command.deadline(settings: settings)
            if next.map({ deadline < $0 }) ?? true { next = deadline }
        }
        return next
    }

    /// Decides on an input and takes in what was decided.
    ///
    /// The state then runs ahead of the log until the events are on disk; if they can't be written, the state is to be
    /// built again from the log.
    public mutating func handle(_ input: Input, at now: Timestamp, settings: GarageSettings) -> Decision {
        let decision = decide(input, at: now, settings: settings)
        var clientID: String?
        if case .observed(_, let reporter) = input { clientID = reporter.clientID }
        for event in decision.events { evolve(event, at: now, clientID: clientID) }
        noteConnections(input, device: decision.device)
        return decision
    }
}

extension CommandUnderWay {
    /// When the command fails if nothing happens.
    func deadline(settings: GarageSettings) -> Timestamp {
        dispatchedAt?.adding(milliseconds: settings.commandTimeoutMilliseconds) ?? expiresAt
    }
}
