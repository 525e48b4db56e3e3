/// The subscriptions of a shard by topic filter: nodes in one array, edges in one dictionary, level names stored once.
struct TopicTrie {
    struct Entry {
        var session: UnsafeMutablePointer<Session>
        var options: SubscriptionOptions
    }

    struct Node {
        var parent: Int32
        /// The level's name; `plus` and `hash` for wildcards.
        var level: Int32
        var children: Int32 = 0
        var plus: Int32 = none
        var hash: Int32 = none
        var entries: [Entry] = []
        var groups: [ShareGroup] = []

        var isUnused: Bool {
            children == 0 && plus == none && hash == none && entries.isEmpty && groups.isEmpty
        }
    }

    private struct Edge: Hashable {
        var parent: Int32
        var level: Int32
    }

    static let none: Int32 = -1
    private static let plusLevel: Int32 = -2
    private static let hashLevel: Int32 = -3
    /// Of a node that is free.
    private static let freeLevel: Int32 = -4

    private(set) var nodes: [Node] = [Node(parent: none, level: none)]
    private var freeNodes: [Int32] = []
    private var edges: [Edge: Int32] = [:]
    private var names = LevelNames()

    /// The node of a filter (without share name), made if need be.
    mutating func node(for filter: String) -> Int32 {
        var at: Int32 = 0
        for level in filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            let name = String(Substring(level))
            switch name {
            case "+":
                if nodes[Int(at)].plus == Self.none { nodes[Int(at)].plus = makeNode(at, Self.plusLevel) }
                at = nodes[Int(at)].plus
            case "#":
                if nodes[Int(at)].hash == Self.none { nodes[Int(at)].hash = makeNode(at, Self.hashLevel) }
                at = nodes[Int(at)].hash
            default:
                let level = names.acquire(ExactText(name))
                if let child = edges[Edge(parent: at, level: level)] {
                    names.release(level)
                    at = child
                } else {
                    let child = makeNode(at, level)
                    edges[Edge(parent: at, level: level)] = child
                    nodes[Int(at)].children += 1
                    at = child
                }
            }
        }
        return at
    }

    /// Adds a subscription; `replacing` says that the session has one at this node already, whose options change.
    mutating func subscribe(_ entry: Entry, at node: Int32, replacing: Bool) {
        let node = Int(node)
        if replacing, let index = nodes[node].entries.firstIndex(where: { $0.session == entry.session }) {
            nodes[node].entries[index] = entry
        } else {
            nodes[node].entries.append(entry)
        }
    }

    mutating func unsubscribe(_ session: UnsafeMutablePointer<Session>, at node: Int32) {
        let index = Int(node)
        if let position = nodes[index].entries.firstIndex(where: { $0.session == session }) {
            nodes[index].entries.swapAt(position, nodes[index].entries.count - 1)
            nodes[index].entries.removeLast()
        }
        prune(node)
    }

    /// Changes a share group, which is made if need be and goes when it has no members.
    mutating func changeGroup(_ name: ExactText, at node: Int32, _ change: (inout ShareGroup) -> Void) {
        let index = Int(node)
        // Whoever still knows a node that has gone has nothing to change there.
        guard nodes[index].level != Self.freeLevel else { return }
        var position = nodes[index].groups.firstIndex { $0.name == name }
        if position == nil {
            position = nodes[index].groups.count
            nodes[index].groups.append(ShareGroup(name: name))
        }
        guard let position else { return }
        change(&nodes[index].groups[position])
        if nodes[index].groups[position].members.isEmpty { nodes[index].groups.remove(at: position) }
        prune(node)
    }

    /// Who of a share group is next.
    mutating func nextMember(
        of name: ExactText, besides left: Set<ExactText> = [], at node: Int
    ) -> ShareGroup.Member? {
        guard node < nodes.count, let position = nodes[node].groups.firstIndex(where: { $0.name == name }) else {
            return nil
        }
        return nodes[node].groups[position].next(besides: left)
    }

    /// Whether a message to a share group would go out at once.
    func hasPresentMember(_ name: ExactText, at node: Int) -> Bool {
        guard node < nodes.count, let group = nodes[node].groups.first(where: { $0.name == name }) else { return false }
        return group.members.contains { $0.isPresent }
    }

    /// Hands out the nodes whose filters match a topic.
    /// - Returns: how many nodes it has looked at: the work, whatever the number of subscriptions.
    @discardableResult
    func match(_ topic: UnsafeRawBufferPointer, _ found: (Int) -> Void) -> Int {
        var levels = TopicLevels(topic)
        let isReserved = topic.first == UInt8(ascii: "$")
        return descend(0, &levels, 0, isReserved, found)
    }

    /// The filter that a node stands for.
    func filter(of node: Int) -> ExactText {
        var levels: [String] = []
        var at = Int32(node)
        while at != 0 {
            switch nodes[Int(at)].level {
            case Self.plusLevel: levels.append("+")
            case Self.hashLevel: levels.append("#")
            case let level: levels.append(names.name(level))
            }
            at = nodes[Int(at)].parent
        }
        return ExactText(levels.reversed().joined(separator: "/"))
    }

    private func descend(
        _ node: Int32, _ levels: inout TopicLevels, _ depth: Int, _ isReserved: Bool, _ found: (Int) -> Void
    ) -> Int {
        // Wildcards in the first level don't match names that begin with $ [MQTT-4.7.2-1].
        let takesWildcards = depth > 0 || !isReserved
        let here = nodes[Int(node)]
        var visits = 1
        if takesWildcards, here.hash != Self.none {
            visits += 1
            found(Int(here.hash))
        }
        guard depth < levels.count else {
            if !here.entries.isEmpty || !here.groups.isEmpty { found(Int(node)) }
            return visits
        }
        if here.children > 0, let level = levels.number(depth, in: names),
            let child = edges[Edge(parent: node, level: level)]
        {
            visits += descend(child, &levels, depth + 1, isReserved, found)
        }
        if takesWildcards, here.plus != Self.none {
            visits += descend(here.plus, &levels, depth + 1, isReserved, found)
        }
        return visits
    }

    private mutating func makeNode(_ parent: Int32, _ level: Int32) -> Int32 {
        if let free = freeNodes.popLast() {
            nodes[Int(free)] = Node(parent: parent, level: level)
            return free
        }
        nodes.append(Node(parent: parent, level: level))
        return Int32(nodes.count - 1)
    }

    /// Removes a node that has nothing, and those above it that then have nothing.
    mutating func prune(_ node: Int32) {
        var at = node
        while at != 0, nodes[Int(at)].isUnused, nodes[Int(at)].level != Self.freeLevel {
            let parent = nodes[Int(at)].parent
            switch nodes[Int(at)].level {
            case Self.plusLevel: nodes[Int(parent)].plus = Self.none
            case Self.hashLevel: nodes[Int(parent)].hash = Self.none
            case let level:
                edges[Edge(parent: parent, level: level)] = nil
                nodes[Int(parent)].children -= 1
                names.release(level)
            }
            nodes[Int(at)].level = Self.freeLevel
            freeNodes.append(at)
            at = parent
        }
    }
}
