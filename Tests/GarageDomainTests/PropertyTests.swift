import GarageDomain
import Testing

/// A small generator of repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

@Suite("What holds in every garage")
struct PropertyTests {
    static let gates = ["front", "back"].map { subject(.gate, $0) }
    static let clients = ["esp1", "esp2", "bridge"]
    static let devices = ["esp1", "child1", "child2"].map { subject(.device, $0) }

    @Test(arguments: 0..<200)
    func randomHistories(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var story = Story()
        var audit = Audit()
        var unsent: [String] = []
        for step in 0..<400 {
            let input = Self.input(step: step, at: story.now, unsent: &unsent, using: &random)
            let decision = story.when(input, after: .random(in: 0...4000, using: &random))
            for case .actuate(_, _, let id, _) in decision.directives { unsent.append(id) }
            for event in decision.events {
                audit.check(event)
            }
            #expect(audit.problems == [], "seed \(seed), step \(step), \(input)")
            guard audit.problems.isEmpty else { return }
        }
        // In the end every command has ended, and no sensor is waited for.
        story.settings.quality = .none
        story.when(.tick, after: 120_000).events.forEach { audit.check($0) }
        #expect(audit.problems == [])
        #expect(audit.open.isEmpty, "seed \(seed)")
        #expect(story.state.nextDeadline(settings: story.settings) == nil)
    }

    @Test func theOrderOfEventsDoesNotDependOnHashing() {
        // Dictionaries of different capacity have different orders, even within one process.
        var stories = [Story(), Story()]
        for number in 0..<500 {
            stories[1].report(.spot(subject(.spot, "s\(number)"), occupied: true), by: "n\(number)")
        }
        stories[1].when(.restarted)
        var decisions: [[Decision]] = [[], []]
        for index in stories.indices {
            for number in (0..<40).map({ $0 * 17 % 40 }) {
                let gate = subject(.gate, "g\(number)")
                stories[index].report(.gateState(gate, .closed), by: "c\(number)")
                _ = stories[index].ask(.open, id: "c\(number)", gate: gate)
            }
            var copy = stories[index]
            decisions[index] = [copy.when(.tick, after: 70_000), stories[index].when(.restarted)]
        }
        #expect(decisions[0] == decisions[1])
        #expect(decisions[0].map(\.events.count) == [40, 80])
    }

    @Test(arguments: 0..<20)
    func theEventsAloneGiveTheSameState(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var story = Story()
        var replayed = GarageState()
        var unsent: [String] = []
        for step in 0..<400 {
            let input = Self.input(step: step, at: story.now, unsent: &unsent, using: &random)
            let decision = story.when(input, after: .random(in: 0...4000, using: &random))
            for case .actuate(_, _, let id, _) in decision.directives { unsent.append(id) }
            for event in decision.events { replayed.evolve(event, at: story.now) }
        }
        // Who reports for a gate is knowledge of live connections; the rest comes from the events.
        let gates = story.state.gates.mapValues { status in
            var status = status
            status.reporter = nil
            return status
        }
        #expect(replayed.gates == gates)
        #expect(replayed.spots == story.state.spots)
        #expect(replayed.sensors == story.state.sensors)
        #expect(replayed.devices.mapValues(\.online) == story.state.devices.mapValues(\.online))
        #expect(replayed.commands.count == story.state.commands.count)
    }

    @Test(arguments: 0..<20)
    func anyEventCanBeAppliedToAnyState(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stories = [Story(), Story()]
        var unsent: [String] = []
        for step in 0..<300 {
            for index in stories.indices {
                let input = Self.input(step: step, at: stories[index].now, unsent: &unsent, using: &random)
                stories[index].when(input, after: 1)
            }
        }
        var state = GarageState()
        for event in stories.flatMap(\.events).shuffled(using: &random) {
            state.evolve(event, at: Timestamp(microseconds: .random(in: .min ... .max, using: &random)))
            _ = state.decide(.tick, at: Timestamp(microseconds: .max), settings: GarageSettings())
            _ = state.decide(.restarted, at: Timestamp(microseconds: .min), settings: GarageSettings())
            _ = state.nextDeadline(settings: GarageSettings(commandTimeoutMilliseconds: .max))
        }
        #expect(!state.devices.isEmpty)
    }

    static func input(
        step: Int, at now: Timestamp, unsent: inout [String], using random: inout SeededGenerator
    ) -> Input {
        let reporter = Reporter(
            clientID: clients.randomElement(using: &random) ?? "", isLastWill: .random(in: 0..<20, using: &random) == 0)
        let gate = gates.randomElement(using: &random) ?? front
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6:
            let state = GateState.allCases.randomElement(using: &random) ?? .open
            return .observed(.gateState(gate, state), by: reporter)
        case 6: return .observed(.obstruction(gate, .random(using: &random)), by: reporter)
        case 7: return .observed(.spot(spotA1, occupied: .random(using: &random)), by: reporter)
        case 8: return .observed(.reading(dht1, .humidity, .random(in: -20...120, using: &random)), by: reporter)
        case 9:
            let device = devices.randomElement(using: &random) ?? esp1
            return .observed(.deviceStatus(device, online: .random(using: &random)), by: reporter)
        case 10: return .clientConnected(reporter.clientID)
        case 11: return .clientDisconnected(reporter.clientID, reason: .connectionLost)
        case 12..<16:
            let text = CommandText(
                action: GateAction.allCases.randomElement(using: &random),
                id: .random(in: 0..<4, using: &random) == 0 ? "repeated\(step / 50)" : nil)
            return .commandReceived(
                CommandRequest(
                    gate: gate, text: text, newID: "c\(step)", receivedAt: now,
                    isRetained: .random(in: 0..<10, using: &random) == 0,
                    isRedelivered: .random(in: 0..<10, using: &random) == 0))
        case 16, 17:
            guard let id = unsent.popLast() else { return .tick }
            return .actuated(commandID: id, receivers: .random(in: 0...3, using: &random))
        case 18: return .tick
        default: return .random(in: 0..<10, using: &random) == 0 ? .restarted : .tick
        }
    }
}

/// Looks on as events happen and notes what must not be.
private struct Audit {
    var problems: [String] = []
    /// The commands that have not ended, with the gate's own.
    var open: [String: Subject] = [:]
    private var ended: Set<String> = []
    private var dispatched: Set<String> = []
    private var gates: [Subject: GateState] = [:]
    private var obstructed: [Subject: Bool] = [:]
    private var spots: [Subject: Bool] = [:]
    private var online: [Subject: Bool] = [:]
    private var seen: Set<Subject> = []

    mutating func check(_ event: DomainEvent) {
        let subject = event.subject
        switch event.body {
        case .gateMoved(let moved):
            if moved.from != gates[subject] { problems.append("\(event): not from where it was") }
            if moved.to == moved.from { problems.append("\(event): a state is repeated") }
            if let id = moved.commandID, !dispatched.contains(id) {
                problems.append("\(event): by a command never sent")
            }
            gates[subject] = moved.to
        case .gateObstructed, .gateObstructionCleared:
            let now = event.body == .gateObstructed
            if obstructed[subject, default: false] == now { problems.append("\(event): repeated") }
            obstructed[subject] = now
        case .spotChanged(let changed):
            if spots[subject] == changed.occupied { problems.append("\(event): repeated") }
            spots[subject] = changed.occupied
        case .readingRecorded(let reading):
            if !reading.quantity.range.contains(reading.value) { problems.append("\(event): out of range") }
        case .deviceSeen:
            if !seen.insert(subject).inserted { problems.append("\(event): seen twice") }
        case .deviceConnected, .deviceDisconnected:
            let now = if case .deviceConnected = event.body { true } else { false }
            if !seen.contains(subject) { problems.append("\(event): never seen") }
            if online[subject] == now { problems.append("\(event): repeated") }
            online[subject] = now
        default: checkCommand(event)
        }
        for gate in Set(open.values) where open.values.filter({ $0 == gate }).count > 2 {
            problems.append("\(event): more than a command and the one it supersedes")
        }
    }

    private mutating func checkCommand(_ event: DomainEvent) {
        switch event.body {
        case .commandRequested(let requested):
            if open[requested.commandID] != nil || ended.contains(requested.commandID) {
                problems.append("\(event): an id is honoured twice")
            }
            open[requested.commandID] = event.subject
        case .commandRejected(let rejected):
            if open[rejected.commandID] != nil || !ended.insert(rejected.commandID).inserted {
                problems.append("\(event): an id is answered twice")
            }
        case .commandDispatched(let sent):
            if open[sent.commandID] != event.subject { problems.append("\(event): not under way") }
            if !dispatched.insert(sent.commandID).inserted { problems.append("\(event): sent twice") }
        case .commandCompleted(let completed): end(completed.commandID, event)
        case .commandFailed(let failed): end(failed.commandID, event)
        default: break
        }
    }

    private mutating func end(_ id: String, _ event: DomainEvent) {
        if open.removeValue(forKey: id) != event.subject { problems.append("\(event): ends what was not under way") }
        if !ended.insert(id).inserted { problems.append("\(event): ends twice") }
    }
}
