import EventLog
import GarageDomain

@testable import Ingest

/// The whole of Ingest's decisions on one gate under virtual time: people, a device, a disk and restarts, all by one seed.
struct GarageSimulation {
    private enum Step {
        case commit
        case heartbeat
        case report(Observation)
        case connection(Bool)
        case plan(SimulatedOpener.Plan)
        case deliver(String)
        case actuated(String, receivers: Int)
        case warned(String, receivers: Int)
        case person
    }

    private(set) var audit: SafetyAudit
    private(set) var commands = 0
    private(set) var sent = 0

    private let gate = Subject(garage: Name(nearest: "home"), kind: .gate, name: Name(nearest: "front"))
    private let settings: GarageSettings
    private let log = VirtualLog()
    private var random: SeededGenerator
    private var now = Timestamp(microseconds: 1_700_000_000_000_000)
    private var opener: SimulatedOpener
    private var pipeline: Pipeline
    private var agenda: [(time: Timestamp, order: Int, step: Step)] = []
    private var order = 0
    private var isCommitPlanned = false
    private var earlier: [CommandRequest] = []
    private var actionsLeft: Int

    init(seed: UInt64, kind: SimulatedOpener.Kind, actions: Int) {
        var random = SeededGenerator(seed: seed)
        opener = SimulatedOpener(kind: kind, gate: gate)
        var settings = GarageSettings()
        settings.everyGate.opener = kind == .toggle ? .toggle : .threeButton
        settings.everyGate.unattendedClose = [.off, .warn, .deviceWarns].randomElement(using: &random) ?? .off
        settings.everyGate.blackoutSeconds = random.chance(30) ? 11 : 0
        settings.everyGate.autoCloseMinutes = random.chance(30) ? 1 : nil
        if random.chance(70) {
            settings.commandsPerMinuteAndActor = nil
            settings.commandsPerMinuteAndGate = nil
        }
        self.settings = settings
        self.random = random
        audit = SafetyAudit(settings: settings.everyGate)
        actionsLeft = actions
        pipeline = GarageSimulation.start(log, GarageState(), settings)
    }

    private static func start(_ log: VirtualLog, _ state: GarageState, _ settings: GarageSettings) -> Pipeline {
        Pipeline(
            state: state, traces: CommandTraces(), settings: settings, start: Timestamp(microseconds: 0),
            currentGeneration: { log.generation },
            append: { log.append($0, token: $1) })
    }

    /// Runs to the end; `audit.problems` then tells what went wrong.
    mutating func run() {
        take(.restarted, from: .service)
        add(0, .connection(true))
        add(1, .report(.gateState(gate, opener.state)))
        add(1000, .heartbeat)
        add(500, .person)
        var quietUntil: Timestamp?
        while let next = agenda.indices.min(by: {
            (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order)
        }) {
            let entry = agenda.remove(at: next)
            now = max(now, entry.time)
            carryOut(entry.step)
            if !audit.problems.isEmpty { return }
            if actionsLeft == 0, quietUntil == nil {
                log.setFailing(false)
                quietUntil = now.adding(milliseconds: 240_000)
            }
            if let quietUntil, now > quietUntil { break }
        }
        audit.finish()
    }

    private mutating func add(_ after: Int64, _ step: Step) {
        order += 1
        agenda.append((now.adding(milliseconds: after), order, step))
    }

    private mutating func carryOut(_ step: Step) {
        switch step {
        case .commit:
            isCommitPlanned = false
            let (completions, events) = log.commit()
            for event in events {
                noteOwnRequest(event.event)
                audit.stored(event.event)
            }
            perform(pipeline.complete(completions))
        case .heartbeat:
            if pipeline.nextDeadline.map({ $0 <= now }) ?? false { take(.tick, from: .service) }
            if pipeline.waitsForStorage { perform(pipeline.retry()) }
            add(actionsLeft > 0 ? .random(in: 250...3000, using: &random) : 5000, .heartbeat)
        case .report(let observation):
            guard opener.isConnected else { return }
            audit.told(observation, at: now)
            take(
                .observed(observation, by: Reporter(clientID: "esp1")),
                from: Origin(actor: nil, channel: "device", clientID: "esp1"))
        case .connection(let isUp):
            audit.connected(isUp, at: now)
            let input = isUp ? Input.clientConnected("esp1") : .clientDisconnected("esp1", reason: .connectionLost)
            take(input, from: Origin(actor: nil, channel: "device", clientID: "esp1"))
        case .plan(let plan): follow(opener.carryOut(plan, using: &random))
        case .deliver(let word): if opener.isConnected { follow(opener.obey(word, using: &random)) }
        case .actuated(let id, let receivers):
            perform(pipeline.endActuation(of: gate, commandID: id, receivers: receivers, at: now))
        case .warned(let id, let receivers): take(.warned(commandID: id, receivers: receivers), from: .service)
        case .person:
            guard actionsLeft > 0 else { return }
            actionsLeft -= 1
            act()
            add(.random(in: 50...12_000, using: &random), .person)
        }
        if log.hasPending, !isCommitPlanned {
            isCommitPlanned = true
            add(.random(in: 0...20, using: &random), .commit)
        }
    }

    // MARK: - What happens in the world

    private mutating func act() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: ask()
        case 60..<72: follow(opener.press(using: &random))
        case 72..<78: add(0, .report(.obstruction(gate, random.chance(40))))
        case 78..<84:
            guard opener.isConnected else { return }
            opener.isConnected = false
            audit.connected(false, at: now)
            add(0, .connection(false))
            add(.random(in: 500...20_000, using: &random), .plan(.comeBack))
        case 84..<90:
            let mode = GateMode.allCases.randomElement(using: &random) ?? .normal
            guard !pipeline.waitsForStorage else { return }
            audit.set(mode)
            take(.modeSet(gate, mode, reason: nil), from: .service)
        case 90..<94: log.setFailing(random.chance(50))
        case 94..<97: restart()
        default: take(.unattendedCloseResumed(gate), from: .service)
        }
    }

    private mutating func ask() {
        var request: CommandRequest
        if random.chance(15), let again = earlier.randomElement(using: &random) {
            request = again
            request.receivedAt = now
        } else {
            commands += 1
            let text = CommandText(
                action: GateAction.allCases.randomElement(using: &random),
                id: random.chance(80) ? "c\(commands)" : nil,
                expiresInSeconds: random.chance(30) ? .random(in: 0...20, using: &random) : nil,
                isAttended: random.chance(50))
            request = CommandRequest(
                gate: gate, text: text, newID: "n\(commands)", receivedAt: now,
                messageExpirySeconds: random.chance(20) ? .random(in: 0...15, using: &random) : nil,
                isRetained: random.chance(3), isRedelivered: random.chance(5), isPermitted: !random.chance(3),
                actor: random.chance(50) ? "ana" : "rui")
            if text.id != nil { earlier.append(request) }
        }
        guard let action = request.text.action else { return }
        let isUnattended = action == .close && !request.text.isAttended
        let life = min(request.text.expiresInSeconds ?? 10, request.messageExpirySeconds ?? 60, 60)
        let warning: Int64 = isUnattended && settings.everyGate.unattendedClose == .warn ? 5000 : 0
        let isUncertain = request.isRedelivered && request.text.id == nil && action != .stop
        audit.asked(
            request.commandID,
            SafetyAudit.Request(
                action: action, expiresAt: now.adding(milliseconds: Int64(life) * 1000 + warning),
                isUnattended: isUnattended,
                isForbidden: request.isRetained || !request.isPermitted || isUncertain))
        take(.commandReceived(request), from: Origin(actor: request.actor, channel: "mqtt"))
    }

    /// A gate that closes itself is asked by nobody but the service.
    private mutating func noteOwnRequest(_ event: DomainEvent) {
        guard case .commandRequested(let body) = event.body, body.commandID.hasPrefix("auto-") else { return }
        audit.asked(
            body.commandID,
            SafetyAudit.Request(
                action: body.action, expiresAt: body.expiresAt, isUnattended: body.isUnattended, isForbidden: false))
    }

    private mutating func restart() {
        log.loseWhatIsPending()
        log.setFailing(false)
        let state = log.replayed()
        pipeline = GarageSimulation.start(log, state, settings)
        agenda.removeAll {
            switch $0.step {
            case .commit, .report, .connection, .actuated, .warned: true
            case .heartbeat, .plan, .deliver, .person: false
            }
        }
        isCommitPlanned = false
        audit.restarted(mode: state.gates[gate]?.mode ?? .normal, isObstructed: state.gates[gate]?.obstructed ?? false)
        take(.restarted, from: .service)
        let isBack = opener.isConnected
        opener.isConnected = false
        if isBack { add(.random(in: 100...3000, using: &random), .plan(.comeBack)) }
    }

    private mutating func follow(_ outcome: SimulatedOpener.Outcome) {
        if outcome.disconnects {
            audit.connected(false, at: now)
            add(0, .connection(false))
        }
        if outcome.connects { add(0, .connection(true)) }
        var delay: Int64 = 1
        for report in outcome.reports {
            delay += .random(in: 1...50, using: &random)
            add(delay, .report(report))
        }
        for (after, plan) in outcome.plans { add(after, .plan(plan)) }
    }

    // MARK: - What the service does

    private mutating func take(_ input: Input, from origin: Origin) {
        perform(pipeline.accept(input, from: origin, at: now))
    }

    private mutating func perform(_ consequences: Consequences) {
        for directive in consequences.directives {
            switch directive {
            case .actuate(let gate, let action, let id, _):
                guard pipeline.beginActuation(of: gate, commandID: id, now: now) else {
                    perform(pipeline.endActuation(of: gate, commandID: id, receivers: 0, at: now))
                    continue
                }
                audit.sends(id, action, at: now)
                sent += 1
                if opener.isConnected {
                    add(.random(in: 0...100, using: &random), .deliver(action.rawValue.uppercased()))
                }
                add(.random(in: 0...5, using: &random), .actuated(id, receivers: opener.isConnected ? 1 : 0))
            case .warn(_, let id, _):
                audit.warns(id, at: now)
                add(.random(in: 0...5, using: &random), .warned(id, receivers: opener.isConnected ? 1 : 0))
            }
        }
    }
}
