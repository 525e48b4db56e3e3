import GarageDomain
import Ingest
import Testing

@Suite("Recording refusals")
struct RefusalBudgetTests {
    @Test("A flood is recorded up to a bound, and the next minute tells how many were left out")
    func flood() {
        var budget = RefusalBudget()
        let start = Timestamp(microseconds: 1_800_000_000_000_000)
        let recorded = (0..<100).compactMap { budget.text(for: "attempt \($0)", at: start) }
        #expect(recorded.count == RefusalBudget.perMinute)
        #expect(recorded.first == "attempt 0")
        let later = start.adding(milliseconds: 60_000)
        #expect(budget.text(for: "again", at: later) == "again (and \(100 - RefusalBudget.perMinute) more refusals)")
        #expect(budget.text(for: "again", at: later) == "again")
    }

    @Test("A long attempt is cut")
    func long() {
        var budget = RefusalBudget()
        #expect(budget.text(for: String(repeating: "x", count: 5000), at: Timestamp(microseconds: 0))?.count == 300)
    }
}
