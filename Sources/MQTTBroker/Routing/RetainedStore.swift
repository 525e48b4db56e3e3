import MQTTCodec

/// The retained messages of all shards as a tree of topic levels, bounded by number and bytes.
struct RetainedStore {
    private final class Node {
        var children: [ExactText: Node] = [:]
        var message: RetainedMessage?
    }

    private let root = Node()
    /// The same messages in the order in which they came.
    private var log = RetainedLog()
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
        let highest = isRestored ? BrokerLimits.highestTopicLevels : limits.maximumTopicLevels
        guard levels.count <= highest else { return false }
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
        log.append(message)
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

    /// The number of the last message that came.
    var lastSequence: UInt64 { log.lastSequence }

    /// The messages whose topics match a filter (without share name), leaving out expired ones.
    func matching(_ filter: String, _ now: UInt64) -> [RetainedMessage] {
        var found: [RetainedMessage] = []
        forEach(matching: filter, now) { message in
            found.append(message)
            return true
        }
        return found
    }

    /// The next messages that a subscription is to get, oldest first: not more of them, and of their bytes, than is good to
    /// have wait for a client that may not read. The request is moved on.
    func next(of request: inout RetainedRequest, _ now: UInt64) -> [RetainedMessage] {
        if request.cursor == 0, let all = few(for: request, now) {
            request.isComplete = true
            return all
        }
        let filter = Array(request.filter.utf8)
        return filter.withUnsafeBytes { filter in
            log.next(of: &request) { message in
                !message.isExpired(now)
                    && message.topic.withUnsafeBytes { Topic.matches(filter: filter, topic: $0) }
            }
        }
    }

    /// All messages for a request if they are few, found by way of the tree.
    private func few(for request: RetainedRequest, _ now: UInt64) -> [RetainedMessage]? {
        var found: [RetainedMessage] = []
        var bytes = 0
        let isAll = forEach(matching: request.filter, now) { message in
            guard message.sequence <= request.end else { return true }
            found.append(message)
            bytes += message.size
            return found.count <= RetainedRequest.maximumCount && bytes <= RetainedRequest.maximumBytes
        }
        return isAll ? found.sorted { $0.sequence < $1.sequence } : nil
    }

    /// Removes what has expired.
    /// - Returns: the topics that have no message now.
    mutating func removeExpired(_ now: UInt64) -> [[UInt8]] {
        var expired: [[UInt8]] = []
        log.forEach { if $0.isExpired(now) { expired.append($0.topic) } }
        for topic in expired { remove(topic) }
        return expired
    }

    @discardableResult
    private mutating func takeMessage(of node: Node) -> Bool {
        guard let old = node.message else { return false }
        old.markReplaced()
        log.remove(old)
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

    private static func levels(of topic: [UInt8]) -> [ExactText] {
        topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            ExactText(String(decoding: $0, as: UTF8.self))
        }
    }

    /// Walks the part of the tree that a filter matches. Without recursion, as topics may be deep.
    /// - Parameter body: false ends the walk.
    /// - Returns: whether it went to the end.
    @discardableResult
    private func forEach(matching filter: String, _ now: UInt64, _ body: (RetainedMessage) -> Bool) -> Bool {
        let levels = Self.levels(of: Array(filter.utf8))
        // What `#` matches has all levels of the filter behind it.
        let everything = Int.max
        var open: [(node: Node, depth: Int)] = [(root, 0)]
        while let (node, depth) = open.popLast() {
            let level = depth < levels.count ? levels[depth].text : ""
            // `a/#` matches `a` too, but `#` alone has no parent.
            if depth >= levels.count || (level == "#" && depth > 0), let message = node.message,
                !message.isExpired(now), !body(message)
            {
                return false
            }
            if depth == everything || (depth < levels.count && (level == "#" || level == "+")) {
                let next = depth == everything || level == "#" ? everything : depth + 1
                for (name, child) in node.children where depth > 0 || !name.text.utf8.starts(with: "$".utf8) {
                    open.append((child, next))
                }
            } else if depth < levels.count, let child = node.children[levels[depth]] {
                open.append((child, depth + 1))
            }
        }
        return true
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
