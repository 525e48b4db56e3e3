/// Runs cases against one server, or turn by turn against several.
public struct Comparison: Sendable {
    public struct Target: Sendable {
        /// What the table calls it.
        public var label: String
        public var generator: LoadGenerator

        public init(label: String, generator: LoadGenerator) {
            self.label = label
            self.generator = generator
        }
    }

    public let targets: [Target]
    public let cases: [BenchCase]
    public let rounds: Int

    public init(targets: [Target], cases: [BenchCase], rounds: Int) {
        self.targets = targets
        self.cases = cases
        self.rounds = max(1, rounds)
    }

    /// Runs case by case, and within a case round by round: A, B, A, B, so that whatever else the machine does meets
    /// all of them alike. Before each run those whose processes are known have finished what the run before left them.
    /// - Parameter progress: hears before each run what comes.
    public func run(progress: (String) -> Void) async throws -> BenchReport {
        var report = BenchReport(labels: targets.map(\.label), rounds: rounds)
        for benchCase in cases {
            var runs: [[CaseFigures]] = targets.map { _ in [] }
            for round in 1...rounds {
                for (index, target) in targets.enumerated() {
                    let turn = targets.count > 1 ? " \(target.label)" : ""
                    for other in targets {
                        guard let process = other.generator.process else { continue }
                        if try await !process.rest(within: .seconds(20)) {
                            progress("\(other.label) is still busy, so that what follows may look slower than it is")
                        }
                    }
                    progress("\(benchCase.name)\(turn), round \(round) of \(rounds): \(benchCase.about)")
                    runs[index].append(try await target.generator.run(benchCase))
                }
            }
            report.cases.append(runs.compactMap { CaseFigures.median(of: $0) })
        }
        return report
    }
}
