import Foundation
import Testing

/// A few short runs; `deploy/fuzz simulation` does a hundred runs of 20,000 steps with an optimised build.
@Suite("Simulation of clients of all versions with a bad network")
struct SimulationTests {
    private static let isLong = ProcessInfo.processInfo.environment["GARAGE_LONG"] == "1"

    @Test(
        "what was acknowledged arrives, once and in order, and every will as specified",
        arguments: 0..<5 as Range<UInt64>, [1, 3])
    func run(seed: UInt64, shards: Int) {
        let simulation = Simulation(
            seed: seed, shards: shards, clients: Self.isLong ? 200 : 40, steps: Self.isLong ? 20_000 : 1500)
        let outcome = simulation.outcome()
        #expect(outcome.problems == [])
        #expect(outcome.figures.delivered > 50 && outcome.figures.resumed > 5, "\(simulation): \(outcome.figures)")
    }
}
