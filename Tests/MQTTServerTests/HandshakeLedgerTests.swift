import Testing

@testable import MQTTServer

@Suite("Places for TLS handshakes")
struct HandshakeLedgerTests {
    private let second: UInt64 = 1_000_000_000

    @Test("Up to the limit everyone is accepted, then they wait until the oldest has had its time")
    func limit() {
        var ledger = HandshakeLedger<String>(limit: 2, patience: second)
        ledger.begin("a", 5)
        #expect(ledger.decision == .accepted)
        ledger.begin("b", 9)
        #expect(ledger.decision == .waits(until: second + 5))
        ledger.end("a")
        ledger.end("a")
        #expect(ledger.count == 1)
        #expect(ledger.decision == .accepted)
    }

    @Test("Another limit holds for those who come, and those under way go on")
    func otherLimit() {
        var ledger = HandshakeLedger<String>(limit: 1, patience: second)
        ledger.begin("a", 5)
        ledger.replaceLimit(2)
        #expect(ledger.decision == .accepted)
        ledger.begin("b", 6)
        ledger.replaceLimit(1)
        ledger.end("a")
        #expect(ledger.count == 1 && ledger.decision == .waits(until: second + 6))
    }

    @Test("The oldest is given up when its time is over and its place is needed")
    func givingUp() {
        var ledger = HandshakeLedger<String>(limit: 2, patience: second)
        ledger.begin("a", 5)
        #expect(ledger.giveUpOldest(10 * second) == nil)
        ledger.begin("b", 6)
        #expect(ledger.giveUpOldest(second + 4) == nil)
        #expect(ledger.giveUpOldest(second + 5) == "a")
        #expect(ledger.giveUpOldest(second + 6) == nil)
        #expect(ledger.count == 1)
    }

    @Test("A limit below one counts as one, and a time at the clock's end does not overflow")
    func extremes() {
        var ledger = HandshakeLedger<Int>(limit: 0, patience: second)
        #expect(ledger.decision == .accepted)
        ledger.begin(1, .max - 1)
        #expect(ledger.decision == .waits(until: .max))
    }
}
