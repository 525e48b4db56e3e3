import MQTTCodec
import Testing

@Suite("Topic names and filters")
struct TopicTests {
    @Test(arguments: [
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/tennis/player1/#", "sport/tennis/player10", false),
        ("sport/#", "sport", true),
        ("sport/#", "sports", false),
        ("sport/#", "spor", false),
        ("#", "a", true),
        ("#", "/", true),
        ("#", "a/b/c", true),
        ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/", true),
        ("+/+", "/finance", true),
        ("/+", "/finance", true),
        ("+", "/finance", false),
        ("+", "finance", true),
        ("+/tennis/#", "sport/tennis", true),
        ("+/tennis/#", "sport/tennis/a/b", true),
        ("sport/+/player1", "sport/tennis/player1", true),
        ("sport/+/player1", "sport/player1", false),
        ("+/#", "a", true),
        ("+/+/#", "a", false),
        ("a/b", "a/b", true),
        ("a/b", "a/b/", false),
        ("a/b/", "a/b", false),
        ("a/b", "A/b", false),
        ("a", "ab", false),
        ("ab", "a", false),
        ("/", "/", true),
        ("/", "//", false),
        ("a//b", "a//b", true),
        ("a/+/b", "a//b", true),
        ("#", "$SYS/x", false),
        ("+/monitor/Clients", "$SYS/monitor/Clients", false),
        ("$SYS/#", "$SYS/", true),
        ("$SYS/#", "$SYS", true),
        ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
        ("+/$x", "a/$x", true),
        ("portão/+", "portão/1", true),
    ])
    func matching(filter: String, topic: String, matches: Bool) {
        #expect(Topic.matches(filter: filter, topic: topic) == matches)
    }

    @Test("matching agrees with comparing level by level", arguments: 0..<20 as Range<UInt64>)
    func matchingByLevels(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let names = ["a", "b", "", "ab", "$s"]
            let topic = (0...random.below(4)).map { _ in names[random.below(names.count)] }
            var filter = (0...random.below(4)).map { _ in (names + ["+", "+"])[random.below(names.count + 2)] }
            if random.below(3) == 0 { filter.append("#") }
            let (topicText, filterText) = (topic.joined(separator: "/"), filter.joined(separator: "/"))
            guard Topic.isValidName(topicText), Topic.isValidFilter(filterText) else { continue }
            #expect(
                Topic.matches(filter: filterText, topic: topicText) == matchesByLevels(filter, topic),
                "\(filterText) against \(topicText)")
        }
    }

    private func matchesByLevels(_ filter: [String], _ topic: [String]) -> Bool {
        if topic[0].hasPrefix("$"), filter[0] == "+" || filter[0] == "#" { return false }
        if filter.last == "#" {
            let head = filter.dropLast()
            return head.count <= topic.count && zip(head, topic).allSatisfy { $0 == "+" || $0 == $1 }
        }
        return filter.count == topic.count && zip(filter, topic).allSatisfy { $0 == "+" || $0 == $1 }
    }

    @Test(arguments: [
        ("a", true), ("/", true), ("a b", true), ("$SYS/x", true), ("ação", true), ("", false), ("a/#", false),
        ("+", false), ("a\u{0}", false), ("12345678+", false), ("1234567#", false), ("12345678\u{0}", false),
        (String(repeating: "x", count: 65_535), true), (String(repeating: "x", count: 65_536), false),
    ])
    func names(name: String, isValid: Bool) {
        #expect(Topic.isValidName(name) == isValid)
    }

    @Test(arguments: [
        ("#", true), ("+", true), ("+/#", true), ("a/+/b", true), ("/", true), ("$share/g/a", true),
        ("$share/g//", true), ("$share", true), ("$shared/a", true), ("", false), ("a#", false), ("#/a", false),
        ("a/+b", false), ("a+", false), ("$share/", false), ("$share/g", false), ("$share/g/", false),
        ("$share//a", false), ("$share/+/a", false), ("$share/g/#a", false), ("a\u{0}", false),
        (String(repeating: "x", count: 65_536), false),
    ])
    func filters(filter: String, isValid: Bool) {
        #expect(Topic.isValidFilter(filter) == isValid)
        #expect((TopicFilter(filter) != nil) == isValid)
    }

    @Test func sharedFilters() throws {
        let shared = try #require(TopicFilter("$share/gruppe é/a/+/#"))
        #expect(shared.shareName == "gruppe é")
        #expect(shared.filter == "a/+/#")
        #expect(shared.description == "$share/gruppe é/a/+/#")
        let plain = try #require(TopicFilter("a/$share/b"))
        #expect(plain.shareName == nil)
        #expect(plain.filter == "a/$share/b")
        #expect(TopicFilter("$share/g//")?.filter == "/")
    }
}
