import GarageDomain
import Simulator
import Testing

@Suite struct DeterminismTests {
    @Test func theSameSeedGivesTheSameMessages() {
        let settings = ModelSettings(seed: 42, misbehaviour: .all)
        #expect(ModelRun.entries(settings, hours: 3) == ModelRun.entries(settings, hours: 3))
    }

    @Test func anotherSeedGivesOtherMessages() {
        let digests = (0..<20 as Range<UInt64>).map { ModelRun.entries(ModelSettings(seed: $0), hours: 2).digest }
        #expect(Set(digests).count == digests.count)
    }

    /// Changes when the model changes; otherwise the same on every machine.
    @Test func aDayHasItsKnownDigest() {
        #expect(ModelRun.entries(ModelSettings(seed: 1), hours: 24).digest == 15_830_420_624_246_123_039)
        #expect(
            ModelRun.entries(ModelSettings(seed: 1, misbehaviour: .all), hours: 4).digest == 14_461_956_377_537_176_161
        )
    }

    @Test func theSizeOfTheStepsDoesNotMatter() {
        var steps = ModelRun(ModelSettings(seed: 5, misbehaviour: .all))
        steps.advance(to: ModelRun.after(2 * ModelRun.hour))
        var leap = GarageModel(ModelSettings(seed: 5, misbehaviour: .all), startingAt: ModelRun.monday)
        #expect(leap.advance(to: ModelRun.after(2 * ModelRun.hour)) == steps.entries.map(\.effect))
    }

    @Test func misbehaviourDoesNotChangeWhatHappensInTheGarage() {
        func spots(_ misbehaviour: Misbehaviour) -> [DeviceMessage] {
            ModelRun.entries(ModelSettings(seed: 9, misbehaviour: misbehaviour), hours: 8).compactMap(\.message)
                .filter { $0.topic.contains("/spot/") }
        }
        #expect(spots([.sendNaN, .floodUnmapped, .dropConnections]) == spots([]))
    }

    @Test func theClockNeverRunsBackwards() {
        var model = GarageModel(ModelSettings(seed: 1), startingAt: ModelRun.monday)
        _ = model.advance(to: ModelRun.after(ModelRun.hour))
        #expect(model.advance(to: ModelRun.monday).isEmpty)
        #expect(model.nextEvent.map { $0 >= ModelRun.after(ModelRun.hour) } == true)
    }
}
