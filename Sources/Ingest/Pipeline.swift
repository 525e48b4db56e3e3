import DequeModule
import DeviceProfiles
import EventLog
import GarageDomain
import GarageEvents
import MQTTBroker
import MQTTCodec

/// The serial heart of Ingest: decides on inputs in the order in which they come, and remembers each until it is on
/// disk. It does no I/O: appends go out through `append`, everything else comes back as `Consequences`.
///
/// `decided` runs ahead of the disk by what is in flight, so that inputs need not wait for each other's commit.
/// `committed` follows the disk; when a write fails, decisions begin again from there.
struct Pipeline {
    private var settings: GarageSettings
    /// Settings that were replaced while entries decided by them were on their way to the disk, and the last such entry.
    private var replaced: Deque<(settings: GarageSettings, through: UInt64)> = []
    /// What is known of gates' firmware.
    private var actuators: [Subject: GateActuator] = [:]
    private let append: @Sendable (AppendRequest, UInt64) -> Void
    private let currentGeneration: @Sendable () -> UInt64
    /// The log's count of failed commits when `decided` was last known to follow from the disk.
    private var generation: UInt64
    private(set) var decided: GarageState
    private var committed: CommittedState
    private var traces: CommandTraces
    private var inFlight: Deque<Entry> = []
    /// Inputs that wait until the disk takes writes again.
    private var waiting: Deque<Entry> = []
    /// How many of `waiting`, at its front, came back from the disk: they were taken in before all the others.
    private var returned = 0
    /// What gates report, and what is asked of them, while their actuate message is on its way, by gate. A quick gate
    /// answers before the broker has said how many got the message; its report waits, so that the log tells the dispatch
    /// first. A command waits to know whether the one before it has gone out.
    private var heldReports: [Subject: [Entry]] = [:]
    private var lastToken: UInt64 = 0
    /// What the wall clock was ahead of the one that nobody sets, when they were last compared, in microseconds.
    private var clockOffset: Int64?
    private var isStalled = false
    /// Observations of QoS 0 that were given up because too many inputs waited for the disk.
    private(set) var lost = 0

    /// The topics on which devices report. Here because only the state tells which device a client is.
    private var heard: HeardTopics

    /// How many inputs may wait for the disk before clients are no longer read.
    private static let crowd = 10_000

    /// Whether so much waits for the disk that no more should come.
    var isCrowded: Bool { waiting.count >= Pipeline.crowd }

    /// How many inputs may wait for the disk before those that no device will repeat are given up.
    private static let waitingCapacity = 100_000

    init(
        state: GarageState, traces: CommandTraces, settings: GarageSettings, start: Timestamp,
        currentGeneration: @escaping @Sendable () -> UInt64,
        append: @escaping @Sendable (AppendRequest, UInt64) -> Void
    ) {
        self.currentGeneration = currentGeneration
        generation = currentGeneration()
        decided = state
        committed = CommittedState(state)
        self.traces = traces
        self.settings = settings
        heard = HeardTopics(start: start)
        self.append = append
    }

    /// What is set about a gate, as far as it is on disk, and what is against moving it by what is known this moment; `nil`
    /// if it has never reported.
    mutating func controls(of gate: Subject, at now: Timestamp) -> GateControls? {
        let state = committed.state(settingsOnDisk)
        guard state.gates[gate] != nil else { return nil }
        return GateControls(
            of: gate, in: state, settings: settings,
            hindrances: decided.hindrances(of: gate, at: now, settings: settings))
    }

    /// The topics on which devices have reported.
    var deviceTopics: DeviceTopics { heard.all }

    /// Whether anything is not yet on disk.
    var isIdle: Bool { inFlight.isEmpty && waiting.isEmpty }

    /// When `Input.tick` is next due.
    var nextDeadline: Timestamp? { isStalled ? nil : decided.nextDeadline(settings: settings) }

    /// Whether the disk failed and inputs wait for it.
    var waitsForStorage: Bool { isStalled }

    /// Whether the wall clock was set since the clocks were last compared. What a time server corrects little by little is
    /// left to it.
    func isClockSet(_ wall: Timestamp, uptime: Int64) -> Bool {
        clockChange(wall, uptime: uptime).magnitude >= Pipeline.smallestClockChange
    }

    /// Compares the clocks, and takes in that the wall clock was set.
    mutating func compareClocks(_ wall: Timestamp, uptime: Int64, in garage: Name) {
        let change = clockChange(wall, uptime: uptime)
        clockOffset = wall.microseconds &- uptime
        guard change.magnitude >= Pipeline.smallestClockChange else { return }
        _ = accept(.clockChanged(garage: garage, milliseconds: change / 1000), from: .service, at: wall)
    }

    private func clockChange(_ wall: Timestamp, uptime: Int64) -> Int64 {
        clockOffset.map { wall.microseconds &- uptime &- $0 } ?? 0
    }

    /// In microseconds.
    private static let smallestClockChange: UInt64 = 2_000_000

    /// Decides by other settings from now on. What devices have shown themselves to be stays known.
    mutating func replaceSettings(_ new: GarageSettings) {
        replaced.append((settings, lastToken))
        let sensors = settings.sensors
        settings = new
        settings.sensors.merge(sensors) { $1 }
        for (gate, actuator) in actuators { learn(actuator, of: gate) }
    }

    /// The settings by which what is on disk so far was decided.
    private var settingsOnDisk: GarageSettings { replaced.first?.settings ?? settings }

    /// Takes in what a gate's firmware is known to be. It can only make the gate's settings more careful.
    mutating func learn(_ actuator: GateActuator, of gate: Subject) {
        actuators[gate] = actuator
        var own = settings[gate]
        if actuator.isToggle { own.opener = .toggle }
        own.blackoutSeconds = max(own.blackoutSeconds, actuator.blackoutSeconds)
        if own != settings[gate] { settings.gates[gate] = own }
    }

    /// Takes in what a sensor's model can plausibly report.
    mutating func learn(_ limits: SensorLimits, of sensor: Subject) {
        if settings.sensors[sensor] != limits { settings.sensors[sensor] = limits }
    }

    /// Takes an input in. Its events go to the log at once; its consequences follow with the commit.
    mutating func accept(
        _ input: Input, from origin: Origin, message: EventNumbering? = nil, at time: Timestamp,
        report: ReportTopic? = nil, ticket: HoldTicket? = nil, waiter: Entry.Waiter? = nil
    ) -> Consequences {
        let entry = Entry(
            token: 0, input: input, origin: origin, message: message, time: time, ticket: ticket, report: report,
            waiter: waiter, decision: Decision())
        if let gate = input.gateToWaitFor, heldReports[gate] != nil {
            heldReports[gate]?.append(entry)
            return Consequences()
        }
        return take(entry)
    }

    /// Takes a message in that was taken before and comes again.
    mutating func acceptAgain(
        _ message: MessageID, about subjects: [Subject], from origin: Origin, at time: Timestamp, ticket: HoldTicket
    ) -> Consequences {
        // While the disk fails, the first copy waits with a connection that is gone: now this one waits in its place, so
        // that a device that connects again and again makes nothing longer.
        if isStalled, let index = waiting.lastIndex(where: { $0.message?.message == message && $0.ticket != nil }) {
            waiting[index].ticket = ticket
            return Consequences()
        }
        let entry = Entry(
            token: 0, input: nil, origin: origin, message: EventNumbering(message: message, observation: 0), time: time,
            ticket: ticket, report: nil, waiter: nil, decision: Decision())
        if let gate = subjects.first(where: { heldReports[$0] != nil }) {
            heldReports[gate]?.append(entry)
            return Consequences()
        }
        return take(entry)
    }

    private mutating func take(_ entry: Entry) -> Consequences {
        guard !isStalled else { return wait(entry) }
        decide(entry)
        return Consequences()
    }

    /// Whether the command is still to be sent now. If so, what its gate reports waits until `endActuation`.
    mutating func beginActuation(of gate: Subject, commandID: String, now: Timestamp) -> Bool {
        // While the disk fails, what gates report waits, and so nothing is known of them.
        guard !isStalled, decided.mayActuate(commandID: commandID, at: now, settings: settings) else { return false }
        if heldReports[gate] == nil { heldReports[gate] = [] }
        return true
    }

    /// The distributed trace of the request that made the command.
    func trace(of commandID: String) -> TraceContext? { traces[commandID]?.context }

    /// Notes how many devices got the actuate message, and then takes in what the gate reported meanwhile.
    mutating func endActuation(of gate: Subject, commandID: String, receivers: Int, at time: Timestamp) -> Consequences
    {
        var consequences = accept(.actuated(commandID: commandID, receivers: receivers), from: .service, at: time)
        for var entry in heldReports.removeValue(forKey: gate) ?? [] {
            // The dispatch is before all that the gate did in answer.
            entry.time = max(entry.time, time)
            let further = take(entry)
            consequences.releases += further.releases
            consequences.settlements += further.settlements
        }
        return consequences
    }

    /// Takes the results of a commit, in the order of the appends.
    mutating func complete(_ completions: [AppendCompletion]) -> Consequences {
        var consequences = Consequences()
        for completion in completions {
            guard let entry = inFlight.popFirst(), entry.token == completion.token else { continue }
            switch completion.result {
            case .success(let receipt): settle(entry, receipt, into: &consequences)
            case .failure(let error): fail(entry, error, into: &consequences)
            }
        }
        return consequences
    }

    /// Tries again what waits for the disk, if everything that failed has come back.
    mutating func retry() -> Consequences {
        guard isStalled, inFlight.isEmpty else { return Consequences() }
        isStalled = false
        decided = committed.state(settingsOnDisk)
        generation = currentGeneration()
        let entries = waiting
        waiting = []
        returned = 0
        for entry in entries { decide(entry) }
        var consequences = Consequences()
        consequences.storage = .recovered
        return consequences
    }

    // MARK: - Deciding

    private mutating func decide(_ pending: Entry) {
        var entry = pending
        let decision = entry.input.map { decided.handle($0, at: entry.time, settings: settings) } ?? Decision()
        entry.decision = decision
        if let report = entry.report.take(), let device = decision.device {
            heard.note(report, of: device, at: entry.time)
        }
        lastToken &+= 1
        entry.token = lastToken
        var request = AppendRequest(events: [], generation: generation)
        request.events.reserveCapacity(decision.events.count)
        for (number, event) in decision.events.enumerated() {
            let id = entry.message?.event(number) ?? EventID.make(at: entry.time.microseconds)
            let metadata = metadata(for: event, id: id, origin: entry.origin, device: decision.device)
            request.events.append(
                EventCoding.encode(event, id: id, time: entry.time.microseconds, metadata: metadata))
        }
        inFlight.append(entry)
        // Also without events: an acknowledgement for "nothing new" must not overtake the commit of what it repeats.
        append(request, entry.token)
    }

    private mutating func metadata(
        for event: DomainEvent, id: EventID, origin: Origin, device: Subject?
    ) -> EventMetadata {
        var metadata = EventMetadata(
            actor: origin.actor ?? (device ?? event.deviceItself)?.name.text ?? "anonymous", channel: origin.channel,
            clientID: origin.clientID, correlation: nil, causation: origin.causation,
            trace: origin.trace)
        guard let commandID = event.body.commandID else { return metadata }
        switch event.body {
        case .commandRequested, .commandRejected:
            traces.begin(commandID, event: id, reply: origin.reply, context: origin.trace)
            metadata.correlation = id
        default:
            metadata.correlation = traces[commandID]?.request
            metadata.causation = traces[commandID]?.latest ?? origin.causation
            metadata.trace = traces[commandID]?.context ?? origin.trace
            traces.advance(commandID, to: id)
        }
        return metadata
    }

    // MARK: - After the commit

    private mutating func settle(_ entry: Entry, _ receipt: AppendReceipt, into consequences: inout Consequences) {
        while let old = replaced.first, entry.token > old.through {
            _ = committed.state(old.settings)
            replaced.removeFirst()
        }
        committed.take(entry, decided: decided, through: lastToken, settings: settingsOnDisk)
        if entry.decision.events.contains(where: Announcements.tell(of:)) {
            consequences.messages += Announcements.messages(
                after: entry.decision.events, in: committed.state(settingsOnDisk))
        }
        for (index, event) in entry.decision.events.enumerated() {
            guard let commandID = event.body.commandID else { continue }
            if index < receipt.positions.count { traces.place(commandID, at: receipt.positions[index]) }
            consequences.messages +=
                CommandResult(event)?.messages(
                    to: traces[commandID]?.reply, trace: traces[commandID]?.context) ?? []
        }
        if let repeated = entry.decision.repeatedCommand {
            consequences.messages += CommandResult(repeated).messages(to: entry.origin.reply, trace: entry.origin.trace)
        }
        consequences.directives += entry.decision.directives
        if let ticket = entry.ticket {
            let reason = entry.origin.hearsRefusals ? entry.decision.verdict?.reasonCode : nil
            consequences.releases.append((ticket, reason ?? .success))
        }
        if let waiter = entry.waiter {
            let first =
                entry.decision.verdict.flatMap { traces[$0.commandID]?.position } ?? receipt.positions.first ?? 0
            consequences.settlements.append(
                (
                    waiter,
                    .committed(verdict: entry.decision.verdict, positions: receipt.positions, firstPosition: first)
                ))
        }
    }

    private mutating func fail(_ entry: Entry, _ error: AppendError, into consequences: inout Consequences) {
        committed.failed()
        if !isStalled {
            isStalled = true
            consequences.storage = .failed("\(error)")
        }
        let count = waiting.count
        let further = wait(entry, at: returned)
        returned += waiting.count - count
        consequences.releases += further.releases
        consequences.settlements += further.settlements
    }

    /// Keeps an input until the disk takes writes again. A command is not kept: a gate must not move when its person
    /// has long gone.
    ///
    /// - Parameter index: Its place among those that wait; `nil` for the last.
    private mutating func wait(_ entry: Entry, at index: Int? = nil) -> Consequences {
        var consequences = Consequences()
        if case .commandReceived = entry.input {
            if let ticket = entry.ticket { consequences.releases.append((ticket, .unspecifiedError)) }
            if let waiter = entry.waiter { consequences.settlements.append((waiter, .failed(.storage("the disk")))) }
            return consequences
        }
        if entry.ticket == nil, entry.waiter == nil, waiting.count >= Pipeline.waitingCapacity {
            lost += 1
            return consequences
        }
        waiting.insert(entry, at: index ?? waiting.count)
        return consequences
    }
}

extension DomainEvent {
    /// The device that the event is about, which then is who it comes from.
    fileprivate var deviceItself: Subject? { subject.kind == .device ? subject : nil }
}

extension Input {
    /// The gate whose actuate message must not be on its way while this is decided.
    fileprivate var gateToWaitFor: Subject? {
        switch self {
        case .observed(let observation, _): observation.subject
        case .commandReceived(let request): request.gate
        default: nil
        }
    }
}

extension CommandVerdict {
    /// What the sender of the command is told in the acknowledgement (MQTT 5, 3.4.2.1).
    var reasonCode: ReasonCode {
        switch self {
        case .accepted, .repeated: .success
        case .conflict: .implementationSpecificError
        case .rejected(_, let reason):
            switch reason {
            case .unreadable: .payloadFormatInvalid
            case .retained, .notAllowed, .locked, .maintenance, .outsideHours, .unattended, .suspended: .notAuthorized
            case .rateLimited: .quotaExceeded
            case .redelivered, .expired, .unknownGate, .obstructed, .offline, .unknownState, .busy, .staleState,
                .ambiguous, .reconnecting:
                .implementationSpecificError
            }
        }
    }

    var commandID: String {
        switch self {
        case .accepted(let id), .rejected(let id, _), .repeated(let id, _), .conflict(let id, _): id
        }
    }
}
