import GarageDomain
import Testing

@Suite("Alerts")
struct AlertTests {
    /// A garage with alerts, by default at noon.
    private func garage(_ change: (inout AlertSettings) -> Void = { _ in }) -> Story {
        var story = Story()
        story.settings.alerts = AlertSettings()
        story.settings.minuteOfDay = { _ in 12 * 60 }
        change(&story.settings.alerts)
        return story
    }

    private func changes(_ bodies: [EventBody]) -> [String] {
        bodies.compactMap {
            switch $0 {
            case .alertRaised(let alert): "+\(alert.condition)"
            case .alertCleared(let alert): "-\(alert.condition)"
            default: nil
            }
        }
    }

    @Test func aGateThatStaysOpenIsToldOnceAndOverWhenItCloses() {
        var story = garage()
        story.report(.gateState(front, .closed))
        story.report(.gateState(front, .opening))
        story.report(.gateState(front, .open), after: 60_000)
        #expect(story.state.nextDeadline(settings: story.settings) == story.now.adding(milliseconds: 14 * 60_000))
        #expect(changes(story.when(.tick, after: 14 * 60_000 - 1).bodies) == [])
        #expect(changes(story.when(.tick, after: 1).bodies) == ["+open-too-long"])
        #expect(story.state.nextDeadline(settings: story.settings) == nil)
        #expect(changes(story.when(.tick, after: 1).bodies) == [])
        #expect(changes(story.report(.gateState(front, .closing))) == [])
        #expect(changes(story.report(.gateState(front, .closed))) == ["-open-too-long"])
    }

    @Test func anObstructionIsAnAlertWhileItLasts() {
        var story = garage()
        #expect(changes(story.report(.obstruction(front, true))) == ["+obstructed"])
        #expect(changes(story.report(.obstruction(front, true))) == [])
        #expect(changes(story.report(.obstruction(front, false))) == ["-obstructed"])
    }

    @Test(arguments: [(3 * 60, true), (12 * 60, false), (22 * 60, true), (6 * 60, false)])
    func aMovementInTheNightWithoutACommand(minute: Int, isNight: Bool) {
        var story = garage()
        story.settings.minuteOfDay = { _ in minute }
        #expect(changes(story.report(.gateState(front, .closed))) == [], "the first report is no movement")
        #expect(changes(story.report(.gateState(front, .opening))) == (isNight ? ["+moved-at-night"] : []))
        #expect(changes(story.report(.gateState(front, .open))) == [])
    }

    @Test func aMovementInTheNightWithACommandIsNoAlert() {
        var story = garage()
        story.settings.minuteOfDay = { _ in 0 }
        story.report(.gateState(front, .closed))
        story.send(.open, id: "c1")
        #expect(changes(story.report(.gateState(front, .opening))) == [])
    }

    @Test func aFailedCommandIsAnAlertUntilOneSucceedsOrSomeoneTakesNote() {
        var story = garage()
        story.report(.gateState(front, .closed))
        _ = story.ask(.open, id: "c1")
        #expect(changes(story.actuated("c1", receivers: 0)) == ["+command-failed"])
        #expect(
            changes(story.when(.acknowledged(front, position: 7, condition: "command-failed")).bodies) == [
                "-command-failed"
            ])
        _ = story.ask(.open, id: "c2")
        #expect(changes(story.actuated("c2", receivers: 0)) == ["+command-failed"])
        story.send(.open, id: "c3")
        #expect(changes(story.report(.gateState(front, .open))) == ["-command-failed"])
    }

    @Test func takingNoteOfALastingConditionDoesNotEndIt() {
        var story = garage()
        story.report(.obstruction(front, true))
        let acknowledged = EventBody.eventAcknowledged(Acknowledgement(position: 3, condition: "obstructed"))
        #expect(story.when(.acknowledged(front, position: 3, condition: "obstructed")).bodies == [acknowledged])
        #expect(story.when(.acknowledged(front, position: 3, condition: "obstructed")).bodies == [], "only once")
        let key = AlertKey(subject: front, condition: "obstructed")
        #expect(story.state.alerts[key]?.isAcknowledged == true)
        #expect(changes(story.report(.obstruction(front, false))) == ["-obstructed"])
    }

    @Test func aCarThatStaysTooLong() {
        var story = garage { $0.overstayHours = 24 }
        story.report(.spot(spotA1, occupied: true))
        #expect(changes(story.when(.tick, after: 24 * 3_600_000).bodies) == ["+overstay"])
        #expect(changes(story.report(.spot(spotA1, occupied: false))) == ["-overstay"])
    }

    @Test func aSpotWhoseSensorIsNotHeardAnyMore() {
        var story = garage { $0.silentSpotHours = 26 }
        story.report(.spot(spotA1, occupied: true))
        // A sensor that says each day that nothing has changed is there.
        for _ in 0..<3 {
            #expect(changes(story.when(.tick, after: 24 * 3_600_000).bodies) == [])
            #expect(story.report(.spot(spotA1, occupied: true)).isEmpty)
        }
        #expect(changes(story.when(.tick, after: 26 * 3_600_000).bodies) == ["+silent-spot"])
        #expect(changes(story.when(.tick, after: 26 * 3_600_000).bodies) == [])
        // The car is still there for all that is known.
        #expect(story.state.spots[spotA1]?.occupied == true)
        #expect(changes(story.report(.spot(spotA1, occupied: true))) == ["-silent-spot"])
    }

    @Test func afterARestartASpotIsWaitedForAnew() {
        var story = garage {
            $0.silentSpotHours = 26
            $0.lostDeviceMinutes = nil
        }
        story.report(.spot(spotA1, occupied: true))
        story.now = story.now.adding(milliseconds: 72 * 3_600_000)
        story.when(.restarted)
        #expect(changes(story.when(.tick, after: 25 * 3_600_000).bodies) == [])
        #expect(changes(story.when(.tick, after: 3_600_000).bodies) == ["+silent-spot"])
    }

    @Test func aDeviceThatIsLost() {
        var story = garage()
        story.report(.gateState(front, .closed))
        story.when(.clientDisconnected("esp1", reason: .connectionLost))
        #expect(changes(story.when(.tick, after: 15 * 60_000).bodies) == ["+silent-device"])
        #expect(changes(story.when(.clientConnected("esp1")).bodies) == ["-silent-device"])
    }

    @Test func aDeviceThatTookItsLeaveIsNotMissed() {
        var story = garage()
        story.report(.deviceStatus(esp1, online: true))
        story.report(.deviceStatus(esp1, online: false))
        #expect(changes(story.when(.tick, after: 86_400_000).bodies) == [])
    }

    @Test func aDeviceThatIsThereButSaysNothing() {
        var story = garage { $0.silentDeviceMinutes = 5 }
        story.report(.reading(dht1, .temperature, 20))
        story.report(.reading(dht1, .temperature, 20), after: 60_000)
        #expect(changes(story.when(.tick, after: 5 * 60_000 - 1).bodies) == [])
        #expect(changes(story.when(.tick, after: 1).bodies) == ["+silent-device"])
        #expect(changes(story.report(.reading(dht1, .temperature, 20))) == ["-silent-device"])
    }

    @Test func aGateInMaintenanceRaisesNone() {
        var story = garage()
        story.settings.minuteOfDay = { _ in 0 }
        story.report(.gateState(front, .closed))
        story.when(.modeSet(front, .maintenance, reason: nil))
        story.report(.obstruction(front, true))
        story.report(.gateState(front, .open))
        #expect(changes(story.when(.tick, after: 86_400_000).bodies).filter { $0 != "+silent-device" } == [])
        #expect(changes(story.events.map(\.body)) == [])
    }

    @Test func whoAsksTooOftenIsToldOf() {
        var story = garage()
        story.settings.commandsPerMinuteAndActor = 1
        story.report(.gateState(front, .open))
        _ = story.ask(.open, id: "c1") { $0.actor = "ana" }
        #expect(changes(story.ask(.open, id: "c2") { $0.actor = "ana" }.bodies) == ["+too-many-commands"])
        #expect(changes(story.ask(.open, id: "c3") { $0.actor = "ana" }.bodies) == [])
    }
}
