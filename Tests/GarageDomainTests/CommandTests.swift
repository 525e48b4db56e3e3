import GarageDomain
import Testing

@Suite("The life of a gate command")
struct CommandTests {
    @Test func openFromRequestToTheFinalState() {
        var story = Story.gate(.closed)
        let decision = story.ask(.open, id: "c1", after: 1000)
        let expiry = story.now.adding(milliseconds: 10_000)
        #expect(
            decision
                == Decision(
                    events: [
                        DomainEvent(
                            front,
                            .commandRequested(CommandRequested(commandID: "c1", action: .open, expiresAt: expiry)))
                    ],
                    directives: [.actuate(gate: front, action: .open, commandID: "c1", expiresAt: expiry)],
                    verdict: .accepted(id: "c1")))
        #expect(story.state.isUnderWay(commandID: "c1"))
        #expect(story.state.nextDeadline(settings: story.settings) == expiry)
        #expect(story.actuated("c1", receivers: 2, after: 5) == [dispatched("c1", .open, 2)])
        #expect(story.state.nextDeadline(settings: story.settings) == story.now.adding(milliseconds: 60_000))
        #expect(
            story.report(.gateState(front, .opening), after: 995) == [moved(.closed, .opening, took: 2000, by: "c1")])
        #expect(
            story.report(.gateState(front, .open), after: 12_000)
                == [moved(.opening, .open, took: 12_000, by: "c1"), completed("c1", .open, .open, took: 13_000)])
        #expect(!story.state.isUnderWay(commandID: "c1"))
        #expect(story.state.nextDeadline(settings: story.settings) == nil)
        // The next movement is nobody's.
        #expect(story.report(.gateState(front, .closing)) == [moved(.open, .closing, took: 0)])
    }

    @Test func aGateThatReportsOnlyItsEndsIsAttributedToo() {
        var story = Story.gate(.open)
        story.send(.close, id: "c1")
        #expect(
            story.report(.gateState(front, .closed), after: 9000)
                == [moved(.open, .closed, took: 9000, by: "c1"), completed("c1", .close, .closed, took: 9000)])
    }

    @Test func stopEndsTheMovementThatItInterrupts() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.report(.gateState(front, .opening))
        let decision = story.ask(.stop, id: "c2")
        #expect(decision.bodies.last == failed("c1", .open, .superseded))
        #expect(decision.directives.count == 1)
        #expect(story.actuated("c2") == [dispatched("c2", .stop)])
        #expect(
            story.report(.gateState(front, .stopped), after: 300)
                == [moved(.opening, .stopped, took: 300, by: "c2"), completed("c2", .stop, .stopped, took: 300)])
    }

    @Test func stopIsCompleteWhenTheGateHasArrivedAnyway() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.report(.gateState(front, .opening))
        story.send(.stop, id: "c2")
        #expect(
            story.report(.gateState(front, .open), after: 100)
                == [moved(.opening, .open, took: 100, by: "c1"), completed("c2", .stop, .open, took: 100)])
    }

    @Test func stopOfAGateAtRestIsSentAllTheSame() {
        var story = Story.gate(.closed)
        #expect(story.ask(.stop, id: "c1").directives.count == 1)
        #expect(story.actuated("c1", after: 3) == [dispatched("c1", .stop), completed("c1", .stop, .closed, took: 3)])
    }

    @Test func stopWaitsForAGateThatMayStillBeginToMove() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        _ = story.ask(.stop, id: "c2")
        #expect(story.actuated("c2") == [dispatched("c2", .stop)])
        #expect(story.report(.gateState(front, .opening)) == [moved(.closed, .opening, took: 0, by: "c1")])
        #expect(
            story.report(.gateState(front, .stopped))
                == [moved(.opening, .stopped, took: 0, by: "c2"), completed("c2", .stop, .stopped, took: 0)])
    }

    @Test func stopThatWaitsIsCompletedByARepeatedReportOfRest() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.send(.stop, id: "c2")
        #expect(story.report(.gateState(front, .closed), after: 50) == [completed("c2", .stop, .closed, took: 50)])
    }

    @Test func aStopCanFollowAStop() {
        var story = Story.gate(.opening)
        story.send(.stop, id: "c1")
        #expect(story.ask(.stop, id: "c2").bodies.last == failed("c1", .stop, .superseded))
    }

    @Test func openDoesNotCountAsDoneWhileAStopIsUncertain() {
        var story = Story.gate(.open)
        story.send(.close, id: "c1")
        story.send(.stop, id: "c2")
        let decision = story.ask(.open, id: "c3")
        #expect(decision.directives.count == 1)
        #expect(decision.bodies.last == failed("c2", .stop, .superseded))
        #expect(story.actuated("c3") == [dispatched("c3", .open)])
        #expect(story.report(.gateState(front, .open)) == [completed("c3", .open, .open, took: 0)])
    }

    @Test(arguments: [(GateAction.open, GateState.open), (.close, .closed)])
    func whatIsDoneAlreadyNeedsNoMovement(action: GateAction, state: GateState) {
        var story = Story.gate(state)
        let decision = story.ask(action, id: "c1", after: 500)
        #expect(decision.bodies.last == completed("c1", action, state, took: 0))
        #expect(decision.bodies.count == 2)
        #expect(decision.directives == [])
        #expect(decision.verdict == .accepted(id: "c1"))
    }

    @Test(arguments: [
        (GateState.open, GateAction.close, GateState.closing, GateState.opening),
        (.closed, .open, .opening, .closing), (.open, .close, .closing, .open), (.closed, .open, .opening, .closed),
    ])
    func aGateThatTurnsRoundFailsTheCommand(from: GateState, action: GateAction, way: GateState, then: GateState) {
        var story = Story.gate(from)
        story.send(action, id: "c1")
        story.report(.gateState(front, way))
        #expect(
            story.report(.gateState(front, then), after: 10)
                == [moved(way, then, took: 10, by: "c1"), failed("c1", action, .reversed)])
    }

    @Test func aReversedMovementKeepsItsCommandToTheEnd() {
        var story = Story.gate(.open)
        story.send(.close, id: "c1")
        for state in [GateState.closing, .opening, .open] { story.report(.gateState(front, state)) }
        #expect(story.events.last?.body == moved(.opening, .open, took: 0, by: "c1"))
    }

    @Test func aGateThatIsOnItsWayBackMayFirstFinish() {
        var story = Story.gate(.closing)
        story.send(.open, id: "c1")
        #expect(story.report(.gateState(front, .closed)) == [moved(.closing, .closed, took: 0)])
        #expect(story.report(.gateState(front, .opening)) == [moved(.closed, .opening, took: 0, by: "c1")])
        #expect(story.report(.gateState(front, .open)).count == 2)
    }

    @Test func nothingHappensInTime() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        #expect(story.when(.tick, after: 59_999).events == [])
        #expect(story.when(.tick, after: 1).bodies == [failed("c1", .open, .timedOut)])
        #expect(story.when(.tick, after: 1).events == [])
    }

    @Test func aSlowMovementIsStillTheCommands() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.report(.gateState(front, .opening))
        #expect(story.when(.tick, after: 60_000).bodies == [failed("c1", .open, .timedOut)])
        #expect(story.report(.gateState(front, .open)) == [moved(.opening, .open, took: 60_000, by: "c1")])
    }

    @Test func nobodyReceivedIt() {
        var story = Story.gate(.closed)
        _ = story.ask(.open, id: "c1")
        #expect(story.actuated("c1", receivers: 0) == [failed("c1", .open, .notDelivered)])
        #expect(story.actuated("c1", receivers: 1) == [])
    }

    @Test func aRequestThatWasNeverSentEndsWhenItExpires() {
        var story = Story.gate(.closed)
        _ = story.ask(.open, id: "c1")
        #expect(story.when(.tick, after: 9_999).events == [])
        #expect(story.when(.tick, after: 1).bodies == [failed("c1", .open, .notDelivered)])
    }

    @Test func aRestartInterruptsWhatIsUnderWay() {
        var story = Story.gate(.closed)
        let back = subject(.gate, "back")
        story.report(.gateState(back, .open))
        story.send(.open, id: "c1")
        _ = story.ask(.close, id: "c2", gate: back)
        let decision = story.when(.restarted)
        #expect(
            decision.events.prefix(2) == [
                DomainEvent(back, failed("c2", .close, .interrupted)),
                DomainEvent(front, failed("c1", .open, .interrupted)),
            ])
        #expect(story.state.nextDeadline(settings: story.settings) == nil)
    }

    @Test func aDeadlineIsTheEarliestOfAll() {
        var story = Story.gate(.closed)
        let back = subject(.gate, "back")
        story.report(.gateState(back, .closed))
        story.send(.open, id: "c1")
        _ = story.ask(.open, id: "c2", gate: back, after: 5000)
        #expect(story.state.nextDeadline(settings: story.settings) == story.now.adding(milliseconds: 10_000))
    }

    @Test func theSettingsBoundTheMovement() {
        var story = Story.gate(.closed)
        story.settings.commandTimeoutMilliseconds = 20_000
        story.send(.open, id: "c1")
        #expect(story.when(.tick, after: 20_000).bodies == [failed("c1", .open, .timedOut)])
    }

    @Test func aCommandForAMovementThatHasBegunFailsWhenItTurnsRound() {
        var story = Story.gate(.closed)
        story.report(.gateState(front, .opening))
        story.send(.open, id: "c1")
        #expect(
            story.report(.gateState(front, .closing), after: 5)
                == [moved(.opening, .closing, took: 5), failed("c1", .open, .reversed)])
    }

    @Test func stopIsCompleteWhenTheGateCameToRestBeforeItWentOut() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.report(.gateState(front, .opening))
        _ = story.ask(.stop, id: "c2")
        story.report(.gateState(front, .open))
        #expect(story.actuated("c2", after: 1) == [dispatched("c2", .stop), completed("c2", .stop, .open, took: 1)])
    }

    @Test func aSupersededCommandMayStillHaveMovedTheGate() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.send(.stop, id: "c2")
        #expect(
            story.report(.gateState(front, .open), after: 7)
                == [moved(.closed, .open, took: 7, by: "c1"), completed("c2", .stop, .open, took: 7)])
    }
}
