import Testing

@testable import MQTTBroker

@Suite("The table of packet identifiers")
struct PacketIDTableTests {
    @Test("It does what a dictionary does, for identifiers in sequence and at random", arguments: 1...20)
    func model(seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        var table = PacketIDTable<Int>(placeholder: 0)
        var model: [UInt16: Int] = [:]
        var next: UInt16 = UInt16(truncatingIfNeeded: seed &* 9973)
        for step in 0..<20_000 {
            let isRandom = seed % 2 == 0
            if Int.random(in: 0..<100, using: &random) < (step / 2000 % 2 == 0 ? 60 : 40) {
                next = isRandom ? UInt16.random(in: 1...(.max), using: &random) : next &+ 1
                if next == 0 { next = 1 }
                guard model[next] == nil else { continue }
                model[next] = step
                table.insert(next, step)
            } else if let identifier = isRandom ? model.keys.randomElement(using: &random) : model.keys.min() {
                let index = table.index(of: identifier)
                #expect(index.map { table.remove(at: $0) } == model.removeValue(forKey: identifier))
            }
            #expect(table.count == model.count)
        }
        for identifier in UInt16(1)...UInt16.max {
            #expect(table.index(of: identifier).map { table[at: $0] } == model[identifier])
        }
        var all: [UInt16: Int] = [:]
        table.forEach { all[$0] = $1 }
        #expect(all == model)
    }
}
