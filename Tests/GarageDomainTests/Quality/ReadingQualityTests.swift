import GarageDomain
import Testing

@Suite("Readings that a sensor can't have measured")
struct ReadingQualityTests {
    private static let minute: Int64 = 60_000
    private let cellar = subject(.sensor, "cellar")

    /// A garage with alerts whose sensor has shown six plausible values, one a minute.
    private func settled(_ value: Double = 24, _ quantity: Quantity = .temperature) -> Story {
        var story = Story()
        story.settings.alerts = AlertSettings()
        for index in 0..<6 {
            story.report(.reading(dht1, quantity, value + Double(index % 2) / 10), after: Self.minute)
        }
        return story
    }

    private func fault(_ quantity: Quantity?, _ kind: SensorFault.Kind, _ raw: String) -> EventBody {
        .faultDetected(SensorFault(quantity: quantity, kind: kind, raw: raw))
    }

    private func cleared(_ quantity: Quantity?, _ kind: SensorFault.Kind) -> EventBody {
        .faultCleared(FaultCleared(quantity: quantity, kind: kind))
    }

    private func reading(_ value: Double, _ quantity: Quantity = .temperature) -> EventBody {
        .readingRecorded(Reading(quantity: quantity, value: value))
    }

    /// The alerts among events, by condition.
    private func alerts(_ bodies: [EventBody]) -> [String] {
        bodies.compactMap {
            switch $0 {
            case .alertRaised(let alert): "+\(alert.condition)"
            case .alertCleared(let alert): "-\(alert.condition)"
            default: nil
            }
        }
    }

    // MARK: Jumps

    @Test func aDHTThatShowsFrostForOneSampleIsNotBelieved() {
        var story = settled()
        #expect(
            story.report(.reading(dht1, .temperature, -12), after: 2000) == [fault(.temperature, .jump, "-12.0")])
        #expect(story.state.sensors[dht1]?.faults == [.temperature: .jump])
        #expect(
            story.report(.reading(dht1, .temperature, 24.1), after: 2000)
                == [cleared(.temperature, .jump), reading(24.1)])
        #expect(story.state.sensors.isEmpty)
    }

    @Test func eachValueThatIsNotBelievedIsKeptAndTheThirdRaisesAnAlert() {
        var story = settled()
        #expect(alerts(story.report(.reading(dht1, .temperature, -12), after: 2000)) == [])
        #expect(alerts(story.report(.reading(dht1, .temperature, 70), after: 2000)) == [])
        let third = story.report(.reading(dht1, .temperature, -35), after: 2000)
        #expect(third.first == fault(.temperature, .jump, "-35.0"))
        #expect(alerts(third) == ["+sensor-fault"])
        #expect(alerts(story.report(.reading(dht1, .temperature, 24), after: 2000)) == ["-sensor-fault"])
    }

    @Test func aLevelThatHoldsIsBelieved() {
        var story = settled()
        story.report(.reading(dht1, .temperature, 60), after: 2000)
        story.report(.reading(dht1, .temperature, 60.5), after: 2000)
        #expect(
            story.report(.reading(dht1, .temperature, 61), after: 2000) == [cleared(.temperature, .jump), reading(61)])
        #expect(story.report(.reading(dht1, .temperature, 60), after: 2000) == [reading(60)])
    }

    @Test(arguments: [
        // A door that opens in winter, a car that comes in from the rain, a shower next door.
        (Quantity.temperature, 22.0, 14.0, 1000), (.temperature, 22, -3, 60_000), (.humidity, 40, 69, 1000),
        (.humidity, 40, 95, 60_000),
        // After a long pause anything may have happened.
        (.temperature, 24, -12, 3_600_001),
    ])
    func whatAGarageDoesIsBelieved(quantity: Quantity, from: Double, to: Double, after: Int64) {
        var story = settled(from, quantity)
        #expect(story.report(.reading(dht1, quantity, to), after: after) == [reading(to, quantity)])
    }

    @Test func aSensorThatHasJustStartedIsNotJudged() {
        var story = Story()
        story.report(.reading(dht1, .temperature, 20))
        #expect(story.report(.reading(dht1, .temperature, -20), after: 1000) == [reading(-20)])
    }

    @Test func theModelDecidesWhatIsAJump() {
        var story = settled()
        var quick = SensorLimits.unknown
        quick.temperature.anyStep = 40
        quick.temperature.mostStep = 80
        story.settings.sensors[dht1] = quick
        #expect(story.report(.reading(dht1, .temperature, -12), after: 2000) == [reading(-12)])
    }

    @Test func jumpsCanBeSwitchedOff() {
        var story = settled()
        story.settings.quality.judgesJumps = false
        #expect(story.report(.reading(dht1, .temperature, -12), after: 2000) == [reading(-12)])
    }

    // MARK: Stuck sensors

    /// Two days and a bit of one reading every half hour, of `dht1` always the same and of `cellar` as told.
    private func twoDays(_ other: (Int) -> Double?, value: Double = 21) -> (Story, [EventBody]) {
        var story = Story()
        story.settings.alerts = AlertSettings()
        story.settings.alerts.lostDeviceMinutes = nil
        var faults: [EventBody] = []
        for half in 0..<100 {
            if let value = other(half) { story.report(.reading(cellar, .temperature, value), by: "esp2") }
            faults += story.report(.reading(dht1, .temperature, value), after: 30 * Self.minute)
                .filter { $0.type == .faultDetected || $0.type == .alertRaised }
        }
        return (story, faults)
    }

    @Test func aSensorThatStandsStillWhileAnotherMovesIsStuck() {
        var (story, faults) = twoDays { 15 + 10 * Double($0 % 48) / 48 }
        #expect(faults.first == fault(.temperature, .stuck, "21.0"))
        #expect(alerts(faults) == ["+sensor-fault"])
        #expect(faults.count == 2, "told once")
        #expect(story.report(.reading(dht1, .temperature, 21), after: Self.minute) == [reading(21)])
        let end = story.report(.reading(dht1, .temperature, 22), after: Self.minute)
        #expect(Array(end.prefix(2)) == [cleared(.temperature, .stuck), reading(22)])
        #expect(alerts(end) == ["-sensor-fault"])
    }

    @Test func nothingIsStuckInACellarWhereNothingMoves() {
        #expect(twoDays { 18 + Double($0 % 2) }.1 == [])
    }

    @Test func aSensorAloneIsNeverStuck() { #expect(twoDays { _ in nil }.1 == []) }

    @Test func aSensorBeyondItsRangeIsNotStuck() {
        #expect(twoDays({ 15 + 10 * Double($0 % 48) / 48 }, value: 80).1 == [])
    }

    @Test func aStuckSensorIsStillStuckAfterARestart() {
        var (story, _) = twoDays { 15 + 10 * Double($0 % 48) / 48 }
        story.when(.restarted)
        #expect(!story.report(.reading(dht1, .temperature, 21)).contains(cleared(.temperature, .stuck)))
        #expect(story.report(.reading(dht1, .temperature, 22), after: 1000).contains(cleared(.temperature, .stuck)))
    }

    // MARK: Silent sensors

    @Test func aSensorThatMissesFiveOfItsIntervalsIsSilentUntilItReports() {
        var story = settled()
        for _ in 0..<6 { story.report(.reading(dht1, .temperature, 24), after: 5 * Self.minute) }
        // The longest interval counts, and fades slowly.
        #expect(alerts(story.when(.tick, after: 24 * Self.minute).bodies) == [])
        let silent = story.when(.tick, after: Self.minute).bodies
        #expect(silent.first == fault(nil, .silent, ""))
        #expect(alerts(silent) == ["+sensor-fault"])
        #expect(story.when(.tick, after: Self.minute).bodies == [], "told once")
        let back = story.report(.reading(dht1, .temperature, 24), after: Self.minute)
        #expect(Array(back.prefix(2)) == [cleared(nil, .silent), reading(24)])
        #expect(alerts(back) == ["-sensor-fault"])
    }

    @Test func theServiceWakesForIt() throws {
        var story = settled()
        for _ in 0..<6 { story.report(.reading(dht1, .temperature, 24), after: Self.minute) }
        let due = try #require(story.state.nextDeadline(settings: story.settings))
        #expect(due == story.now.adding(milliseconds: 10 * Self.minute), "never sooner than ten minutes")
        #expect(story.when(.tick, after: 10 * Self.minute).bodies.first == fault(nil, .silent, ""))
    }

    @Test func aSensorThatReportsWhenItLikesIsNeverSilent() {
        var story = Story()
        for index in 0..<40 {
            story.report(
                .reading(dht1, .temperature, 20), after: index % 10 == 9 ? 180 * Self.minute : Self.minute)
        }
        #expect(story.when(.tick, after: 100 * 60 * Self.minute).bodies == [])
    }

    @Test func aLostDeviceIsNotSilentBesideBeingLost() {
        var story = settled()
        story.settings.alerts.lostDeviceMinutes = nil
        for _ in 0..<6 { story.report(.reading(dht1, .temperature, 24), after: Self.minute) }
        story.when(.clientDisconnected("esp1", reason: .keepAliveTimeout))
        #expect(story.when(.tick, after: 60 * Self.minute).bodies == [])
        story.report(.reading(dht1, .temperature, 24))
        #expect(story.when(.tick, after: 9 * Self.minute).bodies == [], "the pause was none of its intervals")
        #expect(story.when(.tick, after: Self.minute).bodies.first == fault(nil, .silent, ""))
    }

    @Test func aDeviceThatSleepsBetweenItsReportsHasToComeBack() {
        var story = Story()
        for _ in 0..<12 {
            story.report(.reading(dht1, .temperature, 24), after: 10 * Self.minute)
            story.when(.clientDisconnected("esp1", reason: .left), after: 1000)
        }
        #expect(story.when(.tick, after: 45 * Self.minute).bodies == [])
        #expect(story.when(.tick, after: 6 * Self.minute).bodies == [fault(nil, .silent, "")])
    }

    @Test func silenceCanBeSwitchedOff() {
        var story = settled()
        for _ in 0..<6 { story.report(.reading(dht1, .temperature, 24), after: Self.minute) }
        story.settings.quality = .none
        #expect(story.when(.tick, after: 600 * Self.minute).bodies == [])
    }

    @Test func eventsThatAreReadAgainJudgeNothing() {
        var story = settled()
        for _ in 0..<6 { story.report(.reading(dht1, .temperature, 24), after: Self.minute) }
        var replayed = GarageState()
        for event in story.events { replayed.evolve(event, at: story.now, clientID: "esp1") }
        let tick = replayed.handle(.tick, at: story.now.adding(milliseconds: 600 * 60_000), settings: story.settings)
        #expect(tick.events == [])
    }
}
