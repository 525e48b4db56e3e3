import GarageDomain
import Testing

@Suite("Commands that are refused")
struct RefusalTests {
    /// One refusal: what the garage is like, what is asked, what the answer is (`nil`: it is obeyed).
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var given: @Sendable () -> Story
        var action: GateAction?
        var request: @Sendable (inout CommandRequest) -> Void = { _ in }
        var then: CommandRejected.Reason?
    }

    static let cases: [Case] = [
        Case(testDescription: "unreadable", given: { .gate(.closed) }, action: nil, then: .unreadable),
        Case(
            testDescription: "retained", given: { .gate(.closed) }, action: .open, request: { $0.isRetained = true },
            then: .retained),
        Case(
            testDescription: "retained stop", given: { .gate(.opening) }, action: .stop,
            request: { $0.isRetained = true }, then: .retained),
        Case(
            testDescription: "retained and unreadable", given: { .gate(.closed) }, action: nil,
            request: { $0.isRetained = true }, then: .retained),
        Case(
            testDescription: "redelivered without id", given: { .gate(.closed) }, action: .open,
            request: {
                $0.isRedelivered = true
                $0.text.id = nil
            }, then: .redelivered),
        Case(
            testDescription: "redelivered with id", given: { .gate(.closed) }, action: .open,
            request: { $0.isRedelivered = true }, then: nil),
        Case(
            testDescription: "redelivered stop", given: { .gate(.opening) }, action: .stop,
            request: {
                $0.isRedelivered = true
                $0.text.id = nil
            }, then: nil),
        Case(
            testDescription: "expired at once", given: { .gate(.closed) }, action: .open,
            request: { $0.text.expiresInSeconds = 0 }, then: .expired),
        Case(
            testDescription: "expired before any time", given: { .gate(.closed) }, action: .open,
            request: { $0.text.expiresInSeconds = .min }, then: .expired),
        Case(
            testDescription: "message expired", given: { .gate(.closed) }, action: .open,
            request: {
                $0.messageExpirySeconds = 2
                $0.receivedAt = $0.receivedAt.adding(milliseconds: -2000)
            }, then: .expired),
        Case(
            testDescription: "came in long ago", given: { .gate(.closed) }, action: .open,
            request: { $0.receivedAt = $0.receivedAt.adding(milliseconds: -10_000) }, then: .expired),
        Case(
            testDescription: "came in a little ago", given: { .gate(.closed) }, action: .open,
            request: { $0.receivedAt = $0.receivedAt.adding(milliseconds: -9_999) }, then: nil),
        Case(testDescription: "unknown gate", given: { Story() }, action: .open, then: .unknownGate),
        Case(testDescription: "stop of an unknown gate", given: { Story() }, action: .stop, then: .unknownGate),
        Case(
            testDescription: "no right", given: { .gate(.closed) }, action: .stop, request: { $0.isPermitted = false },
            then: .notAllowed),
        Case(
            testDescription: "close while obstructed", given: { obstructed(.open) }, action: .close, then: .obstructed),
        Case(testDescription: "open while obstructed", given: { obstructed(.closed) }, action: .open, then: nil),
        Case(testDescription: "device gone", given: { lost(.closed) }, action: .open, then: .offline),
        Case(testDescription: "device gone, done already", given: { lost(.open) }, action: .open, then: .offline),
        Case(testDescription: "device gone, stop", given: { lost(.opening) }, action: .stop, then: nil),
        Case(
            testDescription: "close of an unknown state", given: { onlyObstruction() }, action: .close,
            then: .unknownState),
        Case(testDescription: "open of an unknown state", given: { onlyObstruction() }, action: .open, then: nil),
        Case(testDescription: "close during open", given: { moving() }, action: .close, then: .busy),
        Case(testDescription: "open during open", given: { moving() }, action: .open, then: .busy),
        Case(testDescription: "stop during open", given: { moving() }, action: .stop, then: nil),
        Case(testDescription: "close during stop", given: { stopping() }, action: .close, then: nil),
    ]

    @Test(arguments: cases)
    func aRequestIsRefusedForAReason(_ example: Case) {
        var story = example.given()
        let decision = story.ask(example.action, id: "mine", example.request)
        guard let reason = example.then else {
            #expect(decision.directives.count == 1)
            if case .accepted = decision.verdict {} else { Issue.record("not accepted: \(decision)") }
            return
        }
        #expect(decision.directives == [])
        guard case .commandRejected(let rejected)? = decision.bodies.first, decision.events.count == 1 else {
            Issue.record("not rejected: \(decision)")
            return
        }
        #expect(rejected.reason == reason)
        #expect(rejected.action == example.action)
        #expect(decision.verdict == .rejected(id: rejected.commandID, reason: reason))
        #expect(story.state.commands[rejected.commandID]?.outcome == .rejected(reason))
        #expect(!story.state.isUnderWay(commandID: rejected.commandID))
    }

    @Test func aDeviceThatIsBackMayBeSentCommands() {
        var story = lost(.closed)
        story.when(.clientConnected("esp1"))
        #expect(story.ask(.open, id: "c1").directives.count == 1)
    }

    @Test func aGateThatAnotherClientReportsNowIsNotOffline() {
        var story = lost(.closed)
        #expect(story.report(.gateState(front, .closed), by: "esp1b") == [seen("esp1b"), online("esp1b")])
        #expect(story.ask(.open, id: "c1").directives.count == 1)
    }

    @Test func aRequestLivesNoLongerThanAllowed() {
        var story = Story.gate(.closed)
        let decision = story.ask(.open, id: "c1") { $0.text.expiresInSeconds = 3600 }
        guard case .actuate(_, _, _, let expiry)? = decision.directives.first else {
            Issue.record("not sent")
            return
        }
        #expect(expiry == story.now.adding(milliseconds: 60_000))
    }

    @Test func anIDIsHonouredOnce() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        let again = story.ask(.open, id: "c1", after: 100)
        let first = CommandRecord(
            gate: front, action: .open, requestedAt: story.now.adding(milliseconds: -100), outcome: .dispatched)
        #expect(again == Decision(verdict: .repeated(id: "c1", first: first)))
        #expect(story.ask(.close, id: "c1") == Decision(verdict: .conflict(id: "c1", first: first)))
        let back = subject(.gate, "back")
        #expect(story.ask(.open, id: "c1", gate: back) == Decision(verdict: .conflict(id: "c1", first: first)))
    }

    @Test func aRepeatedIDTellsHowTheFirstEnded() {
        var story = Story.gate(.closed)
        _ = story.ask(.open, id: "c1")
        story.actuated("c1", receivers: 0)
        guard case .repeated(_, let first)? = story.ask(.open, id: "c1", after: 86_400_000).verdict else {
            Issue.record("not told")
            return
        }
        #expect(first.outcome == .failed(.notDelivered))
        #expect(first.outcome.isFinal)
    }

    @Test func anIDIsForgottenAfterADay() {
        var story = Story.gate(.open)
        _ = story.ask(.open, id: "c1")
        _ = story.ask(.open, id: "c2", after: 86_400_001)
        #expect(story.state.commands["c1"] == nil)
        #expect(story.ask(.open, id: "c1").verdict == .accepted(id: "c1"))
        #expect(story.state.commands.count == 2)
    }

    @Test func anIDThatCameAgainIsRememberedFromThen() {
        var state = GarageState()
        let start = Timestamp(microseconds: 0)
        func reject(_ id: String, after hours: Int64) {
            let body = CommandRejected(commandID: id, action: .open, reason: .busy)
            state.evolve(DomainEvent(front, .commandRejected(body)), at: start.adding(milliseconds: hours * 3_600_000))
        }
        reject("c1", after: 0)
        reject("c1", after: 20)
        reject("c2", after: 25)
        #expect(state.commands["c1"] != nil)
        reject("c3", after: 45)
        #expect(state.commands["c1"] == nil)
    }

    @Test func theNumberOfIDsIsBounded() {
        var story = Story.gate(.open)
        for number in 0..<25_000 { _ = story.ask(.open, id: "c\(number)", after: 1) }
        #expect(story.state.commands.count == CommandHistory.capacity)
        #expect(story.state.commands["c14999"] == nil)
        #expect(story.state.commands["c15000"] != nil)
    }

    private static func obstructed(_ state: GateState) -> Story {
        var story = Story.gate(state)
        story.report(.obstruction(front, true))
        return story
    }

    private static func lost(_ state: GateState) -> Story {
        var story = Story.gate(state)
        story.when(.clientDisconnected("esp1", reason: .connectionLost))
        return story
    }

    private func lost(_ state: GateState) -> Story { Self.lost(state) }

    private static func onlyObstruction() -> Story {
        var story = Story()
        story.report(.obstruction(front, true))
        story.report(.obstruction(front, false))
        return story
    }

    private static func moving() -> Story {
        var story = Story.gate(.closed)
        story.send(.open, id: "first")
        return story
    }

    private static func stopping() -> Story {
        var story = moving()
        story.report(.gateState(front, .opening))
        story.send(.stop, id: "second")
        return story
    }
}
