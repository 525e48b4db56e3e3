import GarageDomain
import Testing

@Suite("Reports become events on change, not on repetition")
struct ReportTests {
    @Test func theFirstReportOfAGateIntroducesItsDevice() {
        var story = Story()
        #expect(story.report(.gateState(front, .closed)) == [seen("esp1"), online("esp1"), moved(nil, .closed)])
        #expect(story.events.map(\.subject) == [esp1, esp1, front])
    }

    @Test func aRepeatedGateStateIsNoEvent() {
        var story = Story.gate(.closed)
        #expect(story.report(.gateState(front, .closed), after: 15_000) == [])
        #expect(story.report(.gateState(front, .opening), after: 5000) == [moved(.closed, .opening, took: 20_000)])
        #expect(story.report(.gateState(front, .opening), after: 100) == [])
        #expect(story.report(.gateState(front, .open), after: 11_900) == [moved(.opening, .open, took: 12_000)])
    }

    @Test func aClockThatGoesBackGivesNoNegativeDuration() {
        var story = Story.gate(.closed)
        #expect(story.report(.gateState(front, .open), after: -60_000) == [moved(.closed, .open, took: 0)])
    }

    @Test func anObstructionIsToldWhenItChanges() {
        var story = Story.gate(.open)
        #expect(story.report(.obstruction(front, false)) == [])
        #expect(story.report(.obstruction(front, true)) == [.gateObstructed])
        #expect(story.report(.obstruction(front, true)) == [])
        #expect(story.report(.obstruction(front, false)) == [.gateObstructionCleared])
    }

    @Test func aSpotTellsHowLongItWasTaken() {
        var story = Story()
        story.report(.gateState(front, .closed))
        #expect(story.report(.spot(spotA1, occupied: true)) == [.spotChanged(SpotChanged(occupied: true))])
        #expect(story.report(.spot(spotA1, occupied: true), after: 1000) == [])
        #expect(
            story.report(.spot(spotA1, occupied: false), after: 59_000)
                == [.spotChanged(SpotChanged(occupied: false, tookMilliseconds: 60_000))])
    }

    @Test func everyReadingIsRecorded() {
        var story = Story.gate(.closed)
        let reading = EventBody.readingRecorded(Reading(quantity: .temperature, value: 23.4))
        #expect(story.report(.reading(dht1, .temperature, 23.4)) == [reading])
        #expect(story.report(.reading(dht1, .temperature, 23.4)) == [reading])
    }

    @Test(arguments: [
        (Quantity.temperature, Double.nan, SensorFault.Kind.notANumber), (.humidity, .infinity, .outOfRange),
        (.temperature, -40.1, .outOfRange), (.temperature, 80.1, .outOfRange), (.humidity, -0.1, .outOfRange),
        (.humidity, 100.5, .outOfRange), (.temperature, -.infinity, .outOfRange),
    ])
    func aValueThatIsNoMeasurementIsAFault(quantity: Quantity, value: Double, kind: SensorFault.Kind) {
        var story = Story.gate(.closed)
        let fault = SensorFault(quantity: quantity, kind: kind, raw: value.description)
        #expect(story.report(.reading(dht1, quantity, value)) == [.faultDetected(fault)])
    }

    @Test func aFaultIsToldOnceUntilSomethingElseComes() {
        var story = Story.gate(.closed)
        func fault(_ quantity: Quantity?, _ kind: SensorFault.Kind) -> SensorFault {
            SensorFault(quantity: quantity, kind: kind, raw: "x")
        }
        let nan = fault(.temperature, .notANumber)
        #expect(story.report(.fault(dht1, nan)) == [.faultDetected(nan)])
        #expect(story.report(.fault(dht1, nan)) == [])
        let other = fault(.humidity, .notANumber)
        #expect(story.report(.fault(dht1, other)) == [.faultDetected(other)])
        #expect(story.report(.fault(dht1, nan)) == [])
        let null = fault(.temperature, .null)
        #expect(story.report(.fault(dht1, null)) == [.faultDetected(null)])
        #expect(story.report(.fault(dht1, nan)) == [.faultDetected(nan)])
        story.report(.reading(dht1, .humidity, 50))
        #expect(story.report(.fault(dht1, nan)) == [])
        story.report(.reading(dht1, .temperature, 20))
        #expect(story.report(.fault(dht1, nan)) == [.faultDetected(nan)])
        let whole = fault(nil, .unreadable)
        #expect(story.report(.fault(dht1, whole)) == [.faultDetected(whole)])
        #expect(story.report(.fault(dht1, whole)) == [])
        story.report(.reading(dht1, .humidity, 50))
        #expect(story.report(.fault(dht1, whole)) == [.faultDetected(whole)])
    }

    @Test func aSensorInGoodOrderTakesNoPlaceInTheState() {
        var story = Story()
        story.report(.reading(dht1, .temperature, 20))
        #expect(story.state.sensors.isEmpty)
        story.report(.fault(dht1, SensorFault(quantity: .temperature, kind: .null, raw: "null")))
        #expect(story.state.sensors[dht1]?.faults == [.temperature: .null])
        story.report(.reading(dht1, .temperature, 20))
        #expect(story.state.sensors.isEmpty)
    }
}
