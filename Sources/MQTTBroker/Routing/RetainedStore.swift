import MQTTCodec
import Synchronization

/// A retained message. Immutable, so that every shard may read it, except for the mark that a newer one has come.
final class RetainedMessage: Sendable {
    let topic: [UInt8]
    /// Without expiry interval, topic alias and subscription identifiers.
    let properties: [UInt8]
    let payload: [UInt8]
    let qos: UInt8
    /// On the broker's clock; 0 means never.
    let expiresAt: UInt64
    private let replaced = Atomic<Bool>(false)

    init(topic: [UInt8], properties: [UInt8], payload: [UInt8], qos: UInt8, expiresAt: UInt64) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.expiresAt = expiresAt
    }

    /// False once another message, or none, is retained in its place.
    var isCurrent: Bool { !replaced.load(ordering: .acquiring) }

    var size: Int { 96 + topic.count + properties.count + payload.count }

    func markReplaced() {
        replaced.store(true, ordering: .releasing)
    }

    func isExpired(_ now: UInt64) -> Bool { expiresAt != 0 && expiresAt <= now }
}

/// The retained messages of all shards as a tree of topic levels, bounded by number and bytes.
struct RetainedStore {
    private final class Node {
        var children: [ExactText: Node] = [:]
        var message: RetainedMessage?
    }

    private let root = Node()
    private(set) var count = 0
    private(set) var bytes = 0
    /// How many of the messages have an expiry interval.
    private(set) var expiringCount = 0
    private var limits: BrokerLimits

    init(limits: BrokerLimits) {
        self.limits = limits
    }

    /// Decides by other limits from now on; what is there stays.
    mutating func replaceLimits(_ new: BrokerLimits) { limits = new }

    /// Stores a message in place of the one of its topic. False if there is no room for it; an older one of the topic is
    /// then removed all the same, as it no longer is the last.
    /// - Parameter isRestored: an earlier run has taken the message, perhaps under wider bounds; it stays, as it would
    ///   if they had been narrowed meanwhile.
    mutating func store(_ message: RetainedMessage, isRestored: Bool = false) -> Bool {
        let levels = Self.levels(of: message.topic)
        guard isRestored || levels.count <= limits.maximumTopicLevels else { return false }
        var node = root
        for level in levels {
            if let child = node.children[level] {
                node = child
            } else {
                let child = Node()
                node.children[level] = child
                node = child
            }
        }
        takeMessage(of: node)
        let hasRoom = count < limits.maximumRetainedMessages && bytes + message.size <= limits.maximumRetainedBytes
        guard isRestored || hasRoom else {
            removePath(levels)
            return false
        }
        node.message = message
        count += 1
        bytes += message.size
        if message.expiresAt != 0 { expiringCount += 1 }
        return true
    }

    /// Removes the message of a topic, if there is one.
    /// - Returns: whether there was one.
    @discardableResult
    mutating func remove(_ topic: [UInt8]) -> Bool {
        let levels = Self.levels(of: topic)
        guard let node = node(at: levels), takeMessage(of: node) else { return false }
        removePath(levels)
        return true
    }

    /// Whether a message of this topic is retained.
    func contains(_ topic: [UInt8]) -> Bool { node(at: Self.levels(of: topic))?.message != nil }

    /// The messages whose topics match a filter (without share name), leaving out expired ones.
    func matching(_ filter: String, _ now: UInt64) -> [RetainedMessage] {
        var found: [RetainedMessage] = []
        Self.collect(root, Self.levels(of: Array(filter.utf8)), 0, now, &found)
        return found
    }

    /// Removes what has expired.
    /// - Returns: the topics that have no message now.
    mutating func removeExpired(_ now: UInt64) -> [[UInt8]] {
        var expired: [[UInt8]] = []
        Self.visit(root) { if $0.isExpired(now) { expired.append($0.topic) } }
        for topic in expired { remove(topic) }
        return expired
    }

    @discardableResult
    private mutating func takeMessage(of node: Node) -> Bool {
        guard let old = node.message else { return false }
        old.markReplaced()
        node.message = nil
        count -= 1
        bytes -= old.size
        if old.expiresAt != 0 { expiringCount -= 1 }
        return true
    }

    private func node(at levels: [ExactText]) -> Node? {
        var node = root
        for level in levels {
            guard let child = node.children[level] else { return nil }
            node = child
        }
        return node
    }

    private static func visit(_ node: Node, _ body: (RetainedMessage) -> Void) {
        if let message = node.message { body(message) }
        for child in node.children.values { visit(child, body) }
    }

    private static func levels(of topic: [UInt8]) -> [ExactText] {
        topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            ExactText(String(decoding: $0, as: UTF8.self))
        }
    }

    private static func collect(
        _ node: Node, _ filter: [ExactText], _ depth: Int, _ now: UInt64, _ found: inout [RetainedMessage]
    ) {
        guard depth < filter.count else {
            if let message = node.message, !message.isExpired(now) { found.append(message) }
            return
        }
        let level = filter[depth].text
        if level == "#" {
            // `a/#` matches `a` too, but `#` alone has no parent.
            if depth > 0, let message = node.message, !message.isExpired(now) { found.append(message) }
            for (name, child) in node.children where depth > 0 || !name.text.utf8.starts(with: "$".utf8) {
                collectAll(child, now, &found)
            }
        } else if level == "+" {
            for (name, child) in node.children where depth > 0 || !name.text.utf8.starts(with: "$".utf8) {
                collect(child, filter, depth + 1, now, &found)
            }
        } else if let child = node.children[filter[depth]] {
            collect(child, filter, depth + 1, now, &found)
        }
    }

    private static func collectAll(_ node: Node, _ now: UInt64, _ found: inout [RetainedMessage]) {
        visit(node) { if !$0.isExpired(now) { found.append($0) } }
    }

    /// Removes nodes without content from the end of a path.
    private func removePath(_ levels: [ExactText]) {
        var path: [Node] = [root]
        for level in levels {
            guard let child = path[path.count - 1].children[level] else { return }
            path.append(child)
        }
        for depth in stride(from: levels.count, to: 0, by: -1) {
            guard path[depth].message == nil, path[depth].children.isEmpty else { return }
            path[depth - 1].children[levels[depth - 1]] = nil
        }
    }
}
