import GarageDomain
import Testing

@Suite("Names, subjects and times")
struct NamesTests {
    @Test(arguments: ["A1", "front", "esp_32-b", String(repeating: "x", count: 64)])
    func aNameKeepsItsText(text: String) { #expect(Name(text)?.text == text) }

    @Test(arguments: ["", "a b", "a/b", "é", "a.b", "+", "#", String(repeating: "x", count: 65)])
    func whatIsNoName(text: String) { #expect(Name(text) == nil) }

    @Test(arguments: [
        ("", "unnamed"), ("a b", "a-b"), ("é", "--"), ("ok", "ok"),
        (String(repeating: "y", count: 99), String(repeating: "y", count: 64)),
    ])
    func theNearestName(text: String, name: String) { #expect(Name(nearest: text).text == name) }

    @Test func aSubjectAndItsStream() {
        #expect(front.stream == "gate/home.front")
        #expect(Subject(stream: "gate/home.front") == front)
        for stream in ["", "gate", "gate/home", "door/home.front", "gate/home.a.b", "gate/.front", "gate/home."] {
            #expect(Subject(stream: stream) == nil)
        }
    }

    @Test func timesDoNotOverflow() {
        let end = Timestamp(microseconds: .max)
        let beginning = Timestamp(microseconds: .min)
        #expect(end.adding(milliseconds: 1) == end)
        #expect(beginning.adding(milliseconds: .min) == beginning)
        #expect(end.milliseconds(since: beginning) == .max)
        #expect(beginning.milliseconds(since: end) == 0)
    }
}
