/// All that decisions depend on: the sum of the events so far.
///
/// Beside what the events tell, it holds a little knowledge of live connections that no event repeats (which client
/// reports for a gate, which device said goodbye); a restart may lose that without harm.
public struct GarageState: Sendable, Codable {
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

    /// The alerts that stand.
    public internal(set) var alerts: [AlertKey: StandingAlert] = [:]
    /// The events that someone has taken note of, by position; the newest.
    var acknowledged: Set<Int64> = []
    /// The commands whose order was given to be sent, so that it is given once.
    var ordered: Set<String> = []
    /// The devices of the gates behind a bridge, since the service started.
    var devicesOfGates: [Subject: Subject] = [:]
    /// When each gate was last heard of since the service started.
    var heard: [Subject: Timestamp] = [:]
    /// When each device was last heard of since the service started.
    var heardDevices: [Subject: Timestamp] = [:]
    /// When each spot was last heard of, or when the service started if it was before.
    var heardSpots: [Subject: Timestamp] = [:]
    var rates = RequestRates()
    /// The sensors' ways since the service started.
    var watches: [Subject: SensorWatch] = [:]

    public init() {}

    /// The settings of a gate, with what people have decided since.
    public func settings(of gate: Subject, _ settings: GarageSettings) -> GateSettings {
        var own = settings[gate]
        if let chosen = gates[gate]?.unattendedClose { own.unattendedClose = chosen }
        return own
    }

    /// Whether the command is accepted and has not ended.
    public func isUnderWay(commandID: String) -> Bool { commandsUnderWay[commandID] != nil }

    /// When `Input.tick` is next due; `nil` if nothing waits.
    public func nextDeadline(settings: GarageSettings) -> Timestamp? {
        var next = nextTimer(settings: settings)
        for gate in commandsUnderWay.values {
            guard let command = gates[gate]?.command else { continue }
            let deadline = deadline(of: command, gate: gate, settings: settings)
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
        noteConnections(input, device: decision.device, at: now)
        noteSensor(input, device: decision.device, at: now, settings: settings)
        note(decision, of: input, at: now)
        return decision
    }

    /// Takes in what a decision means although no event says it.
    private mutating func note(_ decision: Decision, of input: Input, at now: Timestamp) {
        for directive in decision.directives {
            if case .actuate(_, _, let commandID, _) = directive { ordered.insert(commandID) }
        }
        guard case .commandReceived(let request) = input, let action = request.text.action, action != .stop else {
            return
        }
        switch decision.verdict {
        case .accepted: rates.note(request, isAccepted: true, at: now)
        case .rejected(_, let reason) where reason != .rateLimited:
            rates.note(request, isAccepted: false, at: now)
        case .rejected, .repeated, .conflict, nil: break
        }
    }
}
