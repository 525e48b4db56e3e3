import GarageDomain
import Simulator
import Testing

/// A garage without cars, so that only commands move its gate.
@Suite struct ActuateTests {
    static let topic = "garage/home/gate/front/state"
    var run = ModelRun(ModelSettings(seed: 1, gates: 1, spots: 0, sensors: 0))

    @Test mutating func openMovesTheGateToOpenAndItClosesByItself() {
        run.actuate(gate: 0, .open, at: ModelRun.after(1000))
        run.advance(to: ModelRun.after(200_000))
        let changes = run.entries.changes(of: ActuateTests.topic)
        #expect(changes.map(\.text) == ["opening", "open", "closing", "closed"])
        #expect(changes.first?.time == ModelRun.after(1000))
        #expect((13_000...15_000).contains(changes[1].time.milliseconds(since: changes[0].time)))
        #expect(changes[2].time.milliseconds(since: changes[1].time) == 120_000)
    }

    @Test mutating func stopHoldsTheGateHalfWayAndTheRestOfTheWayTakesTheRestOfTheTime() {
        run.actuate(gate: 0, .open, at: ModelRun.after(0))
        run.actuate(gate: 0, .stop, at: ModelRun.after(5000))
        run.advance(to: ModelRun.after(100_000))
        #expect(run.entries.changes(of: ActuateTests.topic).map(\.text) == ["opening", "stopped"])
        run.actuate(gate: 0, .close, at: ModelRun.after(100_000))
        run.advance(to: ModelRun.after(104_999))
        #expect(run.entries.changes(of: ActuateTests.topic).last?.text == "closing")
        run.advance(to: ModelRun.after(105_000))
        #expect(run.entries.changes(of: ActuateTests.topic).last?.text == "closed")
    }

    @Test mutating func closeTurnsAnOpeningGateRound() {
        run.actuate(gate: 0, .open, at: ModelRun.after(0))
        run.actuate(gate: 0, .close, at: ModelRun.after(6000))
        run.advance(to: ModelRun.after(12_000))
        #expect(run.entries.changes(of: ActuateTests.topic).map(\.text) == ["opening", "closing", "closed"])
    }

    @Test(arguments: [GateAction.close, .stop])
    func anActionWithNothingToDoReportsTheStateAgain(action: GateAction) {
        var run = run
        run.actuate(gate: 0, action, at: ModelRun.after(1000))
        #expect(run.messages.map(\.text) == ["closed"])
    }

    @Test mutating func anUnknownGateIsIgnored() {
        run.actuate(gate: 1, .open, at: ModelRun.after(1000))
        run.actuate(gate: -1, .open, at: ModelRun.after(1000))
        #expect(run.entries.isEmpty)
    }

    @Test func carsWaitBeforeAGateThatAPersonHasStoppedAndComeInLater() throws {
        var run = ModelRun(ModelSettings(seed: 4, gates: 1, spots: 6, sensors: 0))
        while run.entries.changes(of: ActuateTests.topic).last?.text != "opening" {
            run.advance(to: try #require(run.model.nextEvent))
        }
        let stop = try #require(run.entries.last?.time).adding(milliseconds: 2000)
        run.actuate(gate: 0, .stop, at: stop)
        run.advance(to: stop.adding(milliseconds: 50_000))
        #expect(run.entries.changes(of: ActuateTests.topic).last?.text == "stopped")
        run.advance(to: stop.adding(milliseconds: 80_000))
        #expect(run.entries.changes(of: ActuateTests.topic).map(\.text) == ["opening", "stopped", "opening", "open"])
    }

    @Test func anyMixOfCommandsKeepsStatesLegal() {
        let legal: [String: Set<String>] = [
            "closed": ["opening"], "opening": ["open", "stopped", "closing"], "open": ["closing"],
            "closing": ["closed", "stopped", "opening"], "stopped": ["opening", "closing"],
        ]
        var run = ModelRun(ModelSettings(seed: 8, misbehaviour: .obstructGates))
        for step in 0..<3000 as Range<Int64> {
            let action = GateAction.allCases[Int(step * 7 % 11) % 3]
            run.actuate(gate: Int(step % 2), action, at: ModelRun.after(step * (1000 + step * 37 % 9000)))
        }
        for gate in ["front", "back"] {
            let changes = run.entries.changes(of: "garage/home/gate/\(gate)/state")
            #expect(changes.count > 500)
            for (before, after) in zip(changes, changes.dropFirst()) {
                #expect(legal[before.text]?.contains(after.text) == true, "\(before.text) → \(after.text)")
            }
        }
    }
}
