import MQTTCodec
import Synchronization

/// Names a share group.
struct ShareKey: Hashable, Sendable {
    var name: ExactText
    /// Without `$share/{name}/`.
    var filter: ExactText
}

/// Shared subscriptions. With several shards each group has a home, which chooses the member for each message and
/// sends it to that member's shard; members elsewhere tell the home of themselves.
extension Shard {
    private func home(of key: ShareKey) -> Int {
        isAlone ? index : Int(key.filter.stableHash % UInt64(hub.shardCount))
    }

    /// Makes a session a member, or changes its options.
    /// - Returns: the group's node in this shard's trie, or `nil` if its home is elsewhere.
    mutating func join(
        _ key: ShareKey, _ session: SessionPointer, _ options: SubscriptionOptions
    ) -> Int32? {
        let clientID = ExactText(session.pointee.clientID)
        let home = home(of: key)
        guard home != index else {
            let member = ShareGroup.Member(
                session: session, clientID: clientID, shard: index, isConnected: false, options: options)
            return put(member, into: key)
        }
        let isConnected = session.pointee.connection != nil
        post(.share(key, clientID: clientID, shard: index, .joined(options, isConnected: isConnected)), to: home)
        return nil
    }

    mutating func leave(_ key: ShareKey, _ session: SessionPointer, node: Int32?) {
        let clientID = ExactText(session.pointee.clientID)
        if let node {
            takeOut(clientID, on: index, session: session, of: key, node: node)
        } else {
            leave(key, clientID, of: index)
        }
    }

    /// Tells the home of a group, unless that is the member's shard itself, that a member has left.
    mutating func leave(_ key: ShareKey, _ clientID: ExactText, of shard: Int) {
        let home = home(of: key)
        if home != shard { post(.share(key, clientID: clientID, shard: shard, .left), to: home) }
    }

    /// Tells the homes of a session's groups that it has got or lost its connection.
    mutating func tellPresence(_ session: SessionPointer) {
        guard !isAlone, !session.pointee.isLeaving else { return }
        let isConnected = session.pointee.connection != nil
        let clientID = ExactText(session.pointee.clientID)
        for (_, record) in session.pointee.subscriptions where record.node == nil {
            guard let key = record.share else { continue }
            post(.share(key, clientID: clientID, shard: index, .connected(isConnected)), to: home(of: key))
        }
    }

    // MARK: The home

    mutating func share(_ key: ShareKey, _ clientID: ExactText, _ shard: Int, _ change: ShareChange) {
        let node = trie.node(for: key.filter.text)
        switch change {
        case .joined(let options, let isConnected):
            let member = ShareGroup.Member(
                session: nil, clientID: clientID, shard: shard, isConnected: isConnected, options: options)
            _ = put(member, into: key)
        case .left: takeOut(clientID, on: shard, session: nil, of: key, node: node)
        case .connected(let isConnected):
            trie.changeGroup(key.name, at: node) { $0.setConnected(clientID, on: shard, isConnected) }
        }
    }

    private mutating func put(_ member: ShareGroup.Member, into key: ShareKey) -> Int32 {
        let node = trie.node(for: key.filter.text)
        var isNew = false
        trie.changeGroup(key.name, at: node) { isNew = $0.put(member) }
        subscriptionEpoch &+= 1
        if isNew { hub.shards[index].subscriptions.wrappingAdd(1, ordering: .releasing) }
        return node
    }

    private mutating func takeOut(
        _ clientID: ExactText, on shard: Int, session: SessionPointer?, of key: ShareKey, node: Int32
    ) {
        var wasThere = false
        trie.changeGroup(key.name, at: node) { wasThere = $0.remove(clientID, on: shard, session: session) }
        guard wasThere else { return }
        subscriptionEpoch &+= 1
        hub.shards[index].subscriptions.wrappingSubtract(1, ordering: .releasing)
    }

    /// Gives a message to one member of each group that matches.
    mutating func deliverShared(
        _ route: UnsafeMutablePointer<Route>, _ publication: inout Publication, _ now: UInt64
    ) -> Int {
        var live = 0
        for share in route.pointee.shares {
            guard let member = trie.nextMember(of: share.name, at: share.node) else { continue }
            if give(&publication, to: member, left: [], of: share, isVolatile: route.pointee.isVolatile, now) {
                live &+= 1
            }
        }
        return live
    }

    private mutating func give(
        _ publication: inout Publication, to member: ShareGroup.Member, left: Set<ExactText>, of share: Route.Share,
        isVolatile: Bool, _ now: UInt64
    ) -> Bool {
        var member = member
        var left = left
        while let session = member.session, !mayDeliver(publication.topic, to: session) {
            left.insert(member.clientID)
            guard let next = trie.nextMember(of: share.name, besides: left, at: share.node) else { return false }
            member = next
        }
        guard let session = member.session else {
            let key = ShareKey(name: share.name, filter: share.filter)
            let publish = MailedPublish(publication)
            post(
                .shared(key, clientID: member.clientID, left: left, home: index, member.options, publish),
                to: member.shard)
            return member.isConnected
        }
        var receiver = Self.merge([TopicTrie.Entry(session: session, options: member.options)])
        return deliver(&receiver, &publication, isVolatile: isVolatile, now)
    }

    // MARK: The member's shard

    /// A message that the home of a group has chosen a member for.
    mutating func deliverShared(
        _ key: ShareKey, _ clientID: ExactText, left: Set<ExactText>, home: Int, _ options: SubscriptionOptions,
        _ mailed: MailedPublish, _ now: UInt64
    ) {
        let text = ExactText("$share/\(key.name.text)/\(key.filter.text)")
        let session = sessionsByClientID[clientID].flatMap { $0.pointee.subscriptions[text] == nil ? nil : $0 }
        if let session, mailed.topic.withUnsafeBytes({ mayDeliver($0, to: session) }) {
            withPublication(mailed, now) { shard, publication in
                var receiver = Self.merge([TopicTrie.Entry(session: session, options: options)])
                _ = shard.deliver(&receiver, &publication, isVolatile: false, now)
                shard.releaseMessage(of: &publication)
            }
        } else if session != nil
            || !send(.shared(key, clientID: clientID, left: left, home: home, options, mailed), after: clientID)
        {
            // It may not have it; or it has left, and the home will have heard of that before this. It is not asked again all
            // the same: that a message does not go round for ever must not depend on what every shard has said about its
            // members.
            post(.chooseAgain(key, left: left.union([clientID]), mailed), to: home)
        }
    }

    mutating func chooseAgain(
        _ key: ShareKey, besides left: Set<ExactText>, _ mailed: MailedPublish, _ now: UInt64
    ) {
        let node = trie.node(for: key.filter.text)
        let member = trie.nextMember(of: key.name, besides: left, at: Int(node))
        trie.prune(node)
        guard let member else { return }
        let share = Route.Share(node: Int(node), name: key.name, filter: key.filter)
        withPublication(mailed, now) { shard, publication in
            _ = shard.give(&publication, to: member, left: left, of: share, isVolatile: false, now)
            shard.releaseMessage(of: &publication)
        }
    }
}

/// What a member of a share group tells the group's home.
enum ShareChange: Sendable {
    case joined(SubscriptionOptions, isConnected: Bool)
    case connected(Bool)
    case left
}
