import GarageDomain
import Simulator
import Testing

@Suite struct MisbehaviourTests {
    private func entries(_ misbehaviour: Misbehaviour, hours: Int64 = 24) -> [ModelRun.Entry] {
        ModelRun.entries(ModelSettings(seed: 11, misbehaviour: misbehaviour), hours: hours)
    }

    private func readings(_ entries: [ModelRun.Entry]) -> [String] {
        entries.compactMap(\.message).filter { $0.topic.contains("/sensor/") }.map(\.text)
    }

    @Test func sensorsReportNotANumberAndNull() {
        let texts = readings(entries(.sendNaN))
        for word in ["nan", "NaN", "null", "{\"temperature\":null,\"humidity\":null}"] { #expect(texts.contains(word)) }
        let faults = texts.filter { $0.lowercased().contains("nan") || $0.contains("null") }
        #expect(faults.count * 10 < texts.count)
    }

    @Test func valuesAreMalformedNowAndThen() {
        let all = entries(.malformedValues)
        let texts = Set(readings(all))
        for text in ["", "23,4", "999", "-127.00", "{\"temperature\":"] { #expect(texts.contains(text)) }
        #expect(all.compactMap(\.message).contains { String(validating: $0.payload, as: UTF8.self) == nil })
        #expect(all.changes(of: "garage/home/gate/front/state").contains { $0.text == "ajar" })
    }

    @Test func messagesAreRepeated() {
        let texts = entries(.repeatMessages).compactMap(\.message)
        let twins = zip(texts, texts.dropFirst()).filter { $0 == $1 }
        #expect(twins.count > texts.count / 10)
    }

    @Test func connectionsDrop() {
        let devices = entries(.dropConnections).compactMap { entry -> Int? in
            if case .dropConnection(let device) = entry.effect { device } else { nil }
        }
        #expect((4500...17_500).contains(devices.count))
        #expect(Set(devices) == Set(0..<7))
    }

    @Test func unmappedTopicsAreFlooded() {
        let messages = entries(.floodUnmapped, hours: 1).compactMap(\.message).filter { !$0.topic.hasPrefix("garage/") }
        #expect(messages.count > 10_000)
        #expect((400...500).contains(Set(messages.map(\.topic)).count))
        #expect(messages.allSatisfy { !$0.isAcknowledged })
    }

    @Test func anObstructedGateSaysSoOpensAgainAndClosesInTheEnd() throws {
        let all = entries(.obstructGates)
        let obstructions = all.changes(of: "garage/home/gate/front/obstruction")
        #expect(obstructions.count > 8)
        for (before, after) in zip(obstructions, obstructions.dropFirst()) where before.text == "obstructed" {
            #expect(after.text == "clear")
            #expect(after.time.milliseconds(since: before.time) == 12_000)
            let states = all.changes(of: "garage/home/gate/front/state")
            let reaction = try #require(states.last { $0.time <= before.time })
            #expect(reaction.text == "opening")
            #expect(reaction.time == before.time)
        }
        let closed = all.changes(of: "garage/home/gate/front/state").filter { $0.text == "closed" }
        #expect(closed.count > 50)
    }

    @Test func wordsNameEveryWayOnce() {
        for (word, misbehaviour) in Misbehaviour.words { #expect(Misbehaviour(word: word) == misbehaviour) }
        #expect(Misbehaviour(word: "nonsense") == nil)
        let single = Misbehaviour.words.dropLast().map(\.misbehaviour)
        #expect(single.reduce(into: Misbehaviour()) { $0.formUnion($1) } == .all)
    }
}
