import Testing

/// Seeded runs of a whole garage under virtual time. A failure names its seed, and that seed alone repeats it.
@Suite("A garage in virtual time")
struct SimulationTests {
    private static let runs: UInt64 = 400
    private static let actions = 30

    @Test(arguments: SimulatedOpener.Kind.allCases)
    func nothingMovesThatMustNot(kind: SimulatedOpener.Kind) {
        var sent = 0
        for seed in 0..<Self.runs {
            var garage = GarageSimulation(seed: seed, kind: kind, actions: Self.actions)
            garage.run()
            sent += garage.sent
            guard garage.audit.problems.isEmpty else {
                Issue.record("\(kind), seed \(seed): \(garage.audit.problems.joined(separator: "; "))")
                return
            }
        }
        // The runs are of use only if commands do go out.
        #expect(sent > Int(Self.runs))
    }

    @Test func theSameSeedGivesTheSameRun() {
        func run() -> [Int] {
            (UInt64(0)..<10).map { seed in
                var garage = GarageSimulation(seed: seed, kind: .jamming, actions: Self.actions)
                garage.run()
                return garage.sent
            }
        }
        #expect(run() == run())
    }
}
