import GarageDomain

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

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// A gate with its motor and its device, as they are in truth.
struct SimulatedOpener {
    enum Kind: CaseIterable {
        case threeButton, toggle, slow, jamming, lying, rebooting
    }

    /// Something that the opener does later by itself.
    enum Plan: Hashable {
        case begin(GateState)
        /// The end of the movement with this number, unless another has begun since.
        case arrive(movement: Int)
        case jam(movement: Int)
        case comeBack
    }

    struct Outcome {
        var reports: [Observation] = []
        var plans: [(after: Int64, plan: Plan)] = []
        var disconnects = false
        var connects = false
    }

    let kind: Kind
    let gate: Subject
    var state = GateState.closed
    var isConnected = true
    private var movement = 0
    private var lastWay = GateState.closing

    init(kind: Kind, gate: Subject) {
        self.kind = kind
        self.gate = gate
    }

    /// The word that came in an actuate message.
    mutating func obey(_ word: String, using random: inout SeededGenerator) -> Outcome {
        if kind == .rebooting, random.chance(40) {
            isConnected = false
            return Outcome(plans: [(.random(in: 500...20_000, using: &random), .comeBack)], disconnects: true)
        }
        if kind == .toggle { return press(using: &random) }
        switch word {
        case "OPEN": return start(.opening, using: &random)
        case "CLOSE": return start(.closing, using: &random)
        default: return stop()
        }
    }

    /// Someone presses the one button, or the button on the wall.
    mutating func press(using random: inout SeededGenerator) -> Outcome {
        switch state {
        case .opening, .closing: return stop()
        case .open: return start(.closing, using: &random)
        case .closed: return start(.opening, using: &random)
        case .stopped: return start(lastWay == .opening ? .closing : .opening, using: &random)
        }
    }

    mutating func carryOut(_ plan: Plan, using random: inout SeededGenerator) -> Outcome {
        switch plan {
        case .begin(let way): return move(way, using: &random)
        case .arrive(let number):
            guard number == movement, state.isMoving else { return Outcome() }
            state = state == .opening ? .open : .closed
            return told(using: &random)
        case .jam(let number):
            guard number == movement, state == .closing else { return Outcome() }
            var outcome = move(.opening, using: &random)
            outcome.reports = [.obstruction(gate, true)] + outcome.reports + [.obstruction(gate, false)]
            return outcome
        case .comeBack:
            isConnected = true
            return Outcome(reports: random.chance(80) ? [.gateState(gate, state)] : [], connects: true)
        }
    }

    private mutating func start(_ way: GateState, using random: inout SeededGenerator) -> Outcome {
        if state == (way == .opening ? .open : .closed) { return Outcome() }
        guard kind == .slow else { return move(way, using: &random) }
        return Outcome(plans: [(.random(in: 2000...30_000, using: &random), .begin(way))])
    }

    private mutating func move(_ way: GateState, using random: inout SeededGenerator) -> Outcome {
        movement += 1
        state = way
        lastWay = way
        var outcome = told(using: &random)
        let takes = Int64.random(in: kind == .slow ? 20_000...50_000 : 5000...15_000, using: &random)
        if kind == .jamming, way == .closing, random.chance(50) {
            outcome.plans.append((takes / 2, .jam(movement: movement)))
        } else {
            outcome.plans.append((takes, .arrive(movement: movement)))
        }
        return outcome
    }

    private mutating func stop() -> Outcome {
        guard state.isMoving else { return Outcome() }
        movement += 1
        state = .stopped
        return Outcome(reports: [.gateState(gate, .stopped)])
    }

    private func told(using random: inout SeededGenerator) -> Outcome {
        guard kind == .lying, random.chance(30) else { return Outcome(reports: [.gateState(gate, state)]) }
        return Outcome(
            reports: random.chance(50)
                ? [] : [.gateState(gate, GateState.allCases.randomElement(using: &random) ?? .open)])
    }
}
