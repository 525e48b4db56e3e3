import Testing

@testable import MQTTBroker

@Suite("The cost of routing")
struct RoutingCostTests {
    private static func trie(filters: Int) -> TopicTrie {
        var trie = TopicTrie()
        for number in 0..<filters { _ = trie.node(for: "site\(number % 100)/device\(number)/+") }
        return trie
    }

    /// Nodes of the trie that a topic makes the broker look at.
    private static func visits(_ trie: TopicTrie, _ topic: String) -> Int {
        let bytes = Array(topic.utf8)
        return bytes.withUnsafeBytes { trie.match($0) { _ in } }
    }

    @Test(
        "a topic costs the same to match with ten filters and with 20,000",
        arguments: [
            "nothing/like/it", "site1/device1/state", "site1/none/state", "site1",
        ])
    func sameCost(topic: String) {
        #expect(Self.visits(Self.trie(filters: 20_000), topic) == Self.visits(Self.trie(filters: 10), topic))
    }

    @Test("wildcards cost one node for each level that they may stand for")
    func wildcards() {
        var trie = Self.trie(filters: 1000)
        for filter in ["#", "+/#", "+/+/#", "+/+/+"] { _ = trie.node(for: filter) }
        // Every branch once: the root, two first levels, four second levels at most, eight third levels at most.
        #expect(Self.visits(trie, "site1/device1/state") <= 15)
    }
}
