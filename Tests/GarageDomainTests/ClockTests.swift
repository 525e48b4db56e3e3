import GarageDomain
import Testing

/// A clock that is set, by hand or by a time server, changes nothing in how long things last.
@Suite("A clock that is set") struct ClockTests {
    private static let jumps: [Int64] = [-30 * 86_400_000, -3_600_000, -5000, 5000, 3_600_000, 30 * 86_400_000]

    @Test("A command neither lives longer nor dies earlier", arguments: jumps)
    func commandUnderWay(jump: Int64) {
        var story = Story.gate(.closed, by: "esp1")
        story.send(.open, id: "c1")
        story.setClock(by: jump)
        #expect(story.when(.tick, after: 59_000).bodies == [])
        #expect(story.when(.tick, after: 1500).bodies == [failed("c1", .open, .timedOut)])
    }

    @Test("The warning before an unattended closing ends when it would have", arguments: jumps)
    func warning(jump: Int64) {
        var story = GateSafetyTests.gate(.open) { $0.unattendedClose = .warn }
        let decision = story.ask(.close, id: "c1")
        #expect(decision.directives.contains { if case .warn = $0 { true } else { false } })
        story.when(.warned(commandID: "c1", receivers: 1))
        story.setClock(by: jump)
        #expect(story.when(.tick, after: 4000).directives == [])
        let due = story.when(.tick, after: 1500)
        #expect(due.directives.count == 1)
        // It is sent now or never: an hour later nobody expects the gate to close.
        story.setClock(by: -3_600_000)
        #expect(
            !story.state.mayActuate(
                commandID: "c1", at: story.now.adding(milliseconds: 60_000), settings: story.settings))
    }

    @Test("The blackout after a reconnection and the limits on requests end in time", arguments: jumps)
    func limits(jump: Int64) {
        var story = GateSafetyTests.gate(.closed) { $0.blackoutSeconds = 11 }
        story.settings.commandsPerMinuteAndGate = 1
        story.setClock(by: jump)
        story.when(.tick, after: 12_000)
        story.report(.gateState(front, .closed))
        #expect(story.ask(.open, id: "c1").directives.count == 1)
        #expect(story.actuated("c1").count == 1)
        story.report(.gateState(front, .opening))
        story.report(.gateState(front, .open), after: 5000)
        story.setClock(by: jump)
        story.report(.gateState(front, .open), after: 61_000)
        #expect(story.ask(.close, id: "c2").directives.count == 1)
    }

    @Test("A repeated id is known for a day, whatever the clock says", arguments: jumps)
    func repeatedID(jump: Int64) {
        var story = Story.gate(.closed, by: "esp1")
        story.send(.open, id: "c1")
        story.report(.gateState(front, .open), after: 1000)
        story.setClock(by: jump)
        story.report(.gateState(front, .closed), after: 60_000)
        #expect(story.ask(.open, id: "c1", after: 60_000).directives == [])
    }

    @Test("How long a movement took, and how long a gate has been open", arguments: jumps)
    func durations(jump: Int64) {
        var story = Story.gate(.closed, by: "esp1")
        story.settings.alerts = AlertSettings()
        story.settings.everyGate.openTooLongMinutes = 10
        story.report(.gateState(front, .opening))
        story.setClock(by: jump)
        let moved = story.report(.gateState(front, .open), after: 14_000)
        #expect(
            moved.contains { if case .gateMoved(let moved) = $0 { moved.tookMilliseconds == 14_000 } else { false } })
        story.setClock(by: jump)
        #expect(story.when(.tick, after: 9 * 60_000).bodies == [])
        let raised = story.when(.tick, after: 61_000).bodies
        #expect(raised.contains { if case .alertRaised = $0 { true } else { false } })
    }

    @Test("It is recorded, once and as what it is")
    func recorded() {
        var story = Story.gate(.closed, by: "esp1")
        let decision = story.setClock(by: -7_200_000)
        #expect(decision.events.map(\.body) == [.clockChanged(ClockChanged(milliseconds: -7_200_000))])
        #expect(decision.events.map(\.subject.kind) == [.garage])
    }
}
