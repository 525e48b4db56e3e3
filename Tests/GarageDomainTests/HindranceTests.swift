import GarageDomain
import Testing

@Suite("What is known to be against a movement before anyone asks for it")
struct HindranceTests {
    /// What people are shown beside a button is what the service would have answered.
    @Test(arguments: 0..<100)
    func itIsWhatARequestIsToldToo(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var story = Story()
        story.settings.everyGate.opener = seed % 2 == 0 ? .toggle : .threeButton
        story.settings.everyGate.blackoutSeconds = seed % 3 == 0 ? 11 : 0
        story.settings.everyGate.staleSeconds = seed % 5 == 0 ? 20 : nil
        story.settings.commandsPerMinuteAndGate = seed % 7 == 0 ? 3 : nil
        var unsent: [String] = []
        var reasons: Set<CommandRejected.Reason?> = []
        for step in 0..<300 {
            let input =
                if step % 40 == 13 {
                    Input.modeSet(front, GateMode.allCases.randomElement(using: &random) ?? .normal, reason: nil)
                } else { PropertyTests.input(step: step, at: story.now, unsent: &unsent, using: &random) }
            let decision = story.when(input, after: .random(in: 0...4000, using: &random))
            for case .actuate(_, _, let id, _) in decision.directives { unsent.append(id) }

            // In a garage like this one, so that the question changes nothing.
            for action in [GateAction.open, .close] {
                for gate in PropertyTests.gates {
                    var asked = story
                    let told = asked.state.hindrances(of: gate, at: asked.now, settings: asked.settings)[action]
                    let answer = asked.ask(action, id: "plain", gate: gate) { $0.text.isAttended = true }
                    if let told {
                        #expect(answer.verdict == .rejected(id: "plain", reason: told), "seed \(seed), step \(step)")
                    } else {
                        #expect(answer.verdict == .accepted(id: "plain"), "seed \(seed), step \(step)")
                    }
                    reasons.insert(told)
                }
            }
        }
        #expect(reasons.count > 3, "seed \(seed): \(reasons)")
    }

    @Test func aStopIsNeverNamed() {
        var story = Story.gate(.closed)
        story.when(.modeSet(front, .locked, reason: nil))
        #expect(
            story.state.hindrances(of: front, at: story.now, settings: story.settings)
                == [.open: .locked, .close: .locked])
        #expect(story.ask(.stop, id: "c1").verdict == .accepted(id: "c1"))
    }

    @Test func aGateThatNeverReportedIsUnknown() {
        #expect(
            GarageState().hindrances(of: front, at: Story().now, settings: Story.quiet)
                == [.open: .unknownGate, .close: .unknownGate])
    }
}
