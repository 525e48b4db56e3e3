import GarageDomain
import Testing

@Suite("Gates that are safe to move from afar")
struct GateSafetyTests {
    /// A garage whose front gate has these settings.
    static func gate(_ state: GateState, _ change: (inout GateSettings) -> Void) -> Story {
        var story = Story()
        change(&story.settings.everyGate)
        story.report(.gateState(front, state))
        return story
    }

    static func toggle(_ state: GateState) -> Story { gate(state) { $0.opener = .toggle } }

    private func reason(_ decision: Decision) -> CommandRejected.Reason? {
        if case .rejected(_, let reason)? = decision.verdict { reason } else { nil }
    }

    // MARK: - One button

    @Test(
        arguments: [
            (GateState.closed, GateAction.open, nil), (.open, .close, nil), (.stopped, .open, .ambiguous),
            (.stopped, .close, .ambiguous), (.closing, .open, .ambiguous), (.opening, .close, .ambiguous),
        ] as [(GateState, GateAction, CommandRejected.Reason?)])
    func oneButtonIsPressedOnlyWhenItsEffectIsSure(
        state: GateState, action: GateAction, refusal: CommandRejected.Reason?
    ) {
        var story = Self.toggle(state)
        let decision = story.ask(action, id: "c1")
        #expect(reason(decision) == refusal)
        #expect(decision.directives.count == (refusal == nil ? 1 : 0))
    }

    @Test func oneButtonIsNotPressedWhileTheStateIsUnknown() {
        var story = Story()
        story.settings.everyGate.opener = .toggle
        story.report(.obstruction(front, true))
        for action in [GateAction.open, .stop] {
            #expect(reason(story.ask(action, id: action.rawValue)) == .unknownState)
        }
    }

    @Test func aStopDoesNotStartAGateWithOneButton() {
        var story = Self.toggle(.closed)
        let decision = story.ask(.stop, id: "c1")
        #expect(decision.directives == [])
        #expect(decision.bodies.last == completed("c1", .stop, .closed, took: 0))
    }

    @Test func aStopReachesAGateWithOneButtonThatMovesOrIsAboutTo() {
        var moving = Self.toggle(.opening)
        #expect(moving.ask(.stop, id: "c1").directives.count == 1)
        var about = Self.toggle(.closed)
        about.send(.open, id: "c1")
        #expect(about.ask(.stop, id: "c2").directives.count == 1)
        #expect(about.state.mayActuate(commandID: "c2", at: about.now, settings: about.settings))
    }

    @Test func aStopThatBecameNeedlessOnItsWayIsNotSent() {
        var story = Self.toggle(.opening)
        _ = story.ask(.stop, id: "c1")
        story.report(.gateState(front, .open))
        #expect(!story.state.mayActuate(commandID: "c1", at: story.now, settings: story.settings))
        #expect(story.actuated("c1", receivers: 0) == [completed("c1", .stop, .open, took: 0)])
    }

    @Test func aButtonIsNotPressedAtAGateThatBeganToMoveMeanwhile() {
        var story = Self.toggle(.open)
        _ = story.ask(.close, id: "c1")
        story.report(.gateState(front, .closing))
        #expect(!story.state.mayActuate(commandID: "c1", at: story.now, settings: story.settings))
        story.report(.gateState(front, .closed))
        #expect(story.actuated("c1", receivers: 0) == [completed("c1", .close, .closed, took: 0)])
    }

    @Test func oneButtonIsNeverPressedAgainForACommandThatFailed() {
        var story = Self.toggle(.closed)
        story.send(.open, id: "c1")
        #expect(story.when(.tick, after: 60_000).bodies == [failed("c1", .open, .timedOut)])
        #expect(story.ask(.stop, id: "c2").directives == [], "a stop could start it")
        for _ in 0..<10 { #expect(story.when(.tick, after: 60_000).directives == []) }
    }

    // MARK: - What is certain

    @Test func afterAReconnectionTheStateIsStaleUntilItIsToldAgain() {
        var story = Self.toggle(.closed)
        story.when(.clientDisconnected("esp1", reason: .connectionLost))
        story.when(.clientConnected("esp1"), after: 1000)
        #expect(reason(story.ask(.open, id: "c1", after: 1000)) == .staleState)
        story.report(.gateState(front, .closed))
        #expect(story.ask(.open, id: "c2").directives.count == 1)
    }

    @Test func aStopCouldStartAGateWithOneButtonWhoseStateIsStale() {
        var story = Self.toggle(.opening)
        story.when(.restarted)
        story.when(.clientConnected("esp1"))
        #expect(reason(story.ask(.stop, id: "c1")) == .staleState)
    }

    @Test func afterARestartNothingIsClosedUntilTheGateHasReported() {
        var story = Story.gate(.open, by: "esp1")
        story.when(.restarted)
        story.when(.clientConnected("esp1"))
        #expect(reason(story.ask(.close, id: "c1")) == .staleState)
    }

    @Test func aStateThatIsNotRepeatedGoesStale() {
        var story = Self.gate(.open) { $0.staleSeconds = 60 }
        #expect(reason(story.ask(.close, id: "c1", after: 60_000)) == .staleState)
        story.report(.gateState(front, .open))
        #expect(story.ask(.close, id: "c2", after: 59_999).directives.count == 1)
    }

    @Test func nothingIsSentInTheBlackoutAfterTheDeviceCameBack() {
        var story = Self.gate(.closed) { $0.blackoutSeconds = 11 }
        #expect(reason(story.ask(.open, id: "c1", after: 10_999)) == .reconnecting)
        let decision = story.ask(.open, id: "c2", after: 1)
        #expect(decision.directives.count == 1)
        // It comes back between the decision and the order.
        story.when(.clientDisconnected("esp1", reason: .connectionLost))
        story.when(.clientConnected("esp1"))
        #expect(!story.state.mayActuate(commandID: "c2", at: story.now, settings: story.settings))
    }

    @Test func aCommandIsNotSentWhenItsTimeIsOver() {
        var story = Story.gate(.closed)
        _ = story.ask(.open, id: "c1")
        let expiry = story.now.adding(milliseconds: 10_000)
        #expect(story.state.mayActuate(commandID: "c1", at: story.now, settings: story.settings))
        #expect(!story.state.mayActuate(commandID: "c1", at: expiry, settings: story.settings))
    }

    // MARK: - Closing with nobody there

    @Test func closingWithNobodyThereIsOffUntilEnabled() {
        var story = Self.gate(.open) { $0.unattendedClose = .off }
        #expect(reason(story.ask(.close, id: "c1")) == .unattended)
        #expect(story.ask(.close, id: "c2") { $0.text.isAttended = true }.directives.count == 1)
    }

    @Test func aOnePieceGateIsNeverClosedWithNobodyThere() {
        var story = Self.gate(.open) {
            $0.unattendedClose = .warn
            $0.isOnePiece = true
        }
        #expect(reason(story.ask(.close, id: "c1")) == .unattended)
    }

    /// An open gate that warns, on which closing was asked for.
    private func warning() -> Story {
        var story = Self.gate(.open) {
            $0.unattendedClose = .warn
            $0.warningSeconds = 1
        }
        let decision = story.ask(.close, id: "c1")
        #expect(decision.directives == [.warn(gate: front, commandID: "c1", milliseconds: 5000)])
        return story
    }

    @Test func theWarningLastsFiveSecondsAtLeast() {
        var story = warning()
        let until = story.now.adding(milliseconds: 5000)
        #expect(
            story.when(.warned(commandID: "c1", receivers: 1)).bodies
                == [.commandWarned(CommandWarned(commandID: "c1", action: .close, until: until))])
        #expect(story.when(.tick, after: 4999).directives == [])
        let decision = story.when(.tick, after: 1)
        guard case .actuate(front, .close, "c1", _)? = decision.directives.first else {
            Issue.record("not sent: \(decision)")
            return
        }
        #expect(story.when(.tick, after: 1).directives == [], "and only once")
        #expect(story.actuated("c1") == [dispatched("c1", .close)])
    }

    @Test func withoutSomeoneToWarnTheGateStaysOpen() {
        var story = warning()
        #expect(
            story.when(.warned(commandID: "c1", receivers: 0)).bodies == [failed("c1", .close, .notDelivered)])
    }

    @Test func theWarningCanBeCutShortByAStop() {
        var story = warning()
        story.when(.warned(commandID: "c1", receivers: 1))
        #expect(story.ask(.stop, id: "c2", after: 2000).bodies.last == failed("c1", .close, .superseded))
        story.actuated("c2")
        #expect(story.when(.tick, after: 10_000).directives == [])
    }

    @Test(arguments: [Observation.obstruction(front, true), .gateState(front, .stopped)])
    func whatComesInTheWayDuringTheWarningIsSeen(observation: Observation) {
        var story = warning()
        story.settings.everyGate.opener = .toggle
        story.when(.warned(commandID: "c1", receivers: 1))
        story.report(observation, after: 1000)
        let decision = story.when(.tick, after: 4000)
        #expect(decision.directives == [])
        #expect(decision.bodies == [failed("c1", .close, .noLongerAllowed)])
    }

    @Test func twoFailuresSuspendItUntilAPersonAllowsItAgain() {
        var story = Story.gate(.open)
        for id in ["c1", "c2"] {
            story.send(.close, id: id)
            story.report(.gateState(front, .closing))
            story.report(.gateState(front, .open))
        }
        #expect(story.events.suffix(1).map(\.body) == [.unattendedCloseSuspended])
        #expect(reason(story.ask(.close, id: "c3")) == .suspended)
        #expect(story.ask(.close, id: "c4") { $0.text.isAttended = true }.directives.count == 1)
        story.when(.tick, after: 60_000)
        #expect(story.when(.unattendedCloseResumed(front)).bodies == [.unattendedCloseResumed])
        #expect(story.when(.unattendedCloseResumed(front)).bodies == [])
        #expect(story.ask(.close, id: "c5").directives.count == 1)
    }

    @Test func aSuccessBetweenTwoFailuresIsAFreshStart() {
        var story = Story.gate(.open)
        for (id, end) in [("c1", GateState.open), ("c2", .closed), ("c3", .open)] {
            story.send(.close, id: id)
            story.report(.gateState(front, .closing))
            story.report(.gateState(front, end))
            story.report(.gateState(front, .open))
        }
        #expect(!story.events.contains { $0.body == .unattendedCloseSuspended })
    }

    @Test func aGateClosesItselfOnceForEachTimeItWasOpened() {
        var story = Self.gate(.closed) {
            $0.unattendedClose = .deviceWarns
            $0.autoCloseMinutes = 10
        }
        story.report(.gateState(front, .open))
        #expect(story.state.nextDeadline(settings: story.settings) == story.now.adding(milliseconds: 600_000))
        #expect(story.when(.tick, after: 599_999).directives == [])
        let decision = story.when(.tick, after: 1)
        #expect(decision.directives.count == 1)
        guard case .commandRequested(let requested)? = decision.bodies.first else {
            Issue.record("not asked: \(decision)")
            return
        }
        #expect(requested.isUnattended)
        story.actuated(requested.commandID)
        story.when(.tick, after: 60_000)
        #expect(story.when(.tick, after: 6_000_000).bodies == [], "it failed, and is not tried again")
        #expect(story.state.nextDeadline(settings: story.settings) == nil)
    }

    // MARK: - Modes, hours and limits

    @Test(arguments: [(GateMode.locked, CommandRejected.Reason.locked), (.maintenance, .maintenance)])
    func aGateInAModeTakesOnlyAStop(mode: GateMode, refusal: CommandRejected.Reason) {
        var story = Story.gate(.closed)
        #expect(
            story.when(.modeSet(front, mode, reason: "night")).bodies
                == [.gateModeChanged(GateModeChanged(mode: mode, reason: "night"))])
        #expect(story.when(.modeSet(front, mode, reason: nil)).bodies == [])
        #expect(reason(story.ask(.open, id: "c1")) == refusal)
        #expect(story.ask(.stop, id: "c2").directives.count == 1)
        story.when(.modeSet(front, .normal, reason: nil))
        #expect(story.ask(.open, id: "c3").directives.count == 1)
    }

    @Test func outOfHoursAGateTakesOnlyAStop() {
        // 1_700_000_000 s is 22:13 UTC.
        var story = Self.gate(.closed) { $0.hours = DayWindow(from: 6 * 60, to: 22 * 60) }
        #expect(reason(story.ask(.open, id: "c1")) == .outsideHours)
        #expect(story.ask(.stop, id: "c2").directives.count == 1)
        #expect(story.ask(.open, id: "c3", after: 8 * 3_600_000).directives.count == 1)
    }

    @Test func anActorIsSlowedDownButMayAlwaysStop() {
        var story = Story.gate(.open)
        story.settings.commandsPerMinuteAndActor = 3
        for number in 0..<3 {
            #expect(reason(story.ask(.open, id: "c\(number)", after: 10) { $0.actor = "ana" }) == nil)
        }
        #expect(reason(story.ask(.open, id: "c3") { $0.actor = "ana" }) == .rateLimited)
        #expect(reason(story.ask(.stop, id: "c4") { $0.actor = "ana" }) == nil)
        #expect(reason(story.ask(.open, id: "c5") { $0.actor = "rui" }) == nil)
        story.when(.tick, after: 60_000)
        #expect(reason(story.ask(.open, id: "c6") { $0.actor = "ana" }) == nil)
    }

    @Test func aGateIsSparedHoweverManyAsk() {
        var story = Story.gate(.open)
        story.settings.commandsPerMinuteAndGate = 2
        // Refused, so not counted.
        for number in 0..<5 { _ = story.ask(.open, id: "r\(number)") { $0.isPermitted = false } }
        #expect(reason(story.ask(.open, id: "c1") { $0.actor = "ana" }) == nil)
        #expect(reason(story.ask(.open, id: "c2") { $0.actor = "rui" }) == nil)
        #expect(reason(story.ask(.open, id: "c3") { $0.actor = "eva" }) == .rateLimited)
    }

    // MARK: - Movements and their commands

    @Test(arguments: [(GateState.opening, GateAction.open, GateState.open), (.closing, .close, .closed)])
    func whatMovesThatWayAlreadyIsNotSentAgain(state: GateState, action: GateAction, end: GateState) {
        var story = Story.gate(state)
        let decision = story.ask(action, id: "c1")
        #expect(decision.directives == [])
        #expect(decision.verdict == .accepted(id: "c1"))
        #expect(
            story.report(.gateState(front, end), after: 500)
                == [moved(state, end, took: 500), completed("c1", action, end, took: 500)])
    }

    @Test func aCommandThatJoinsAMovementEndsToo() {
        var story = Story.gate(.closing)
        _ = story.ask(.close, id: "c1")
        #expect(story.when(.tick, after: 60_000).bodies == [failed("c1", .close, .timedOut)])
    }

    @Test func theTravelTimeIsLearnedAndDoubled() {
        var story = Story.gate(.closed)
        story.report(.gateState(front, .opening))
        story.report(.gateState(front, .open), after: 12_000)
        #expect(story.state.gates[front]?.travel.milliseconds(.open) == 12_000)
        story.report(.gateState(front, .closing))
        story.report(.gateState(front, .closed), after: 3000)
        story.send(.open, id: "c1")
        #expect(story.state.nextDeadline(settings: story.settings) == story.now.adding(milliseconds: 24_000))
        #expect(story.when(.tick, after: 24_000).bodies == [failed("c1", .open, .timedOut)])
        // It was only slow.
        #expect(story.report(.gateState(front, .opening)).first == moved(.closed, .opening, took: 24_000, by: "c1"))
    }

    @Test func aMovementLongAfterItsCommandFailedIsSomeoneElses() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        story.when(.tick, after: 60_000)
        #expect(story.report(.gateState(front, .opening), after: 60_001) == [moved(.closed, .opening, took: 120_001)])
    }

    @Test func whatComesInTheWayFailsTheCommand() {
        var story = Story.gate(.open)
        story.send(.close, id: "c1")
        story.report(.gateState(front, .closing))
        #expect(story.report(.obstruction(front, true)) == [.gateObstructed, failed("c1", .close, .obstructed)])
        #expect(story.report(.gateState(front, .opening)) == [moved(.closing, .opening, took: 0, by: "c1")])
    }

    @Test func aLostDeviceFailsTheCommand() {
        var story = Story.gate(.closed)
        story.send(.open, id: "c1")
        #expect(
            story.when(.clientDisconnected("esp1", reason: .connectionLost)).bodies
                == [offline("esp1", .connectionLost), failed("c1", .open, .deviceLost)])
        story.when(.clientConnected("esp1"))
        #expect(story.report(.gateState(front, .open)) == [moved(.closed, .open, took: 0, by: "c1")])
    }
}
