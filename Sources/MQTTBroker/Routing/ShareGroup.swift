/// Subscriptions with one share name and filter (MQTT 5.0 section 4.8.2); each message goes to one of them.
///
/// A group lives on one shard, its home; members on other shards are known there by name.
struct ShareGroup {
    struct Member {
        /// `nil` for a member on another shard.
        var session: UnsafeMutablePointer<Session>?
        var clientID: ExactText
        var shard: Int
        /// Of a member on another shard: whether it has a connection.
        var isConnected: Bool
        var options: SubscriptionOptions

        /// Whether a message can go out to it at once.
        var isPresent: Bool {
            guard let session else { return isConnected }
            return session.pointee.connection.map { $0.pointee.phase == .active } ?? false
        }
    }

    let name: ExactText
    private(set) var members: [Member] = []
    /// Who was served last.
    private var cursor = 0

    init(name: ExactText) {
        self.name = name
    }

    /// Adds a member, or replaces what is known of it. True if it is new.
    mutating func put(_ member: Member) -> Bool {
        if let index = members.firstIndex(where: { $0.clientID == member.clientID }) {
            members[index] = member
            return false
        }
        members.append(member)
        return true
    }

    /// True if it was there. A session of the group's home leaves only for itself: one that has moved away may have come
    /// back under the same name before its old self is cleared away.
    mutating func remove(
        _ clientID: ExactText, on shard: Int, session: UnsafeMutablePointer<Session>?
    ) -> Bool {
        guard
            let index = members.firstIndex(where: {
                $0.clientID == clientID && $0.shard == shard && $0.session == session
            })
        else { return false }
        members.remove(at: index)
        return true
    }

    mutating func setConnected(_ clientID: ExactText, on shard: Int, _ isConnected: Bool) {
        guard let index = members.firstIndex(where: { $0.clientID == clientID && $0.shard == shard }) else { return }
        members[index].isConnected = isConnected
    }

    /// The next in turn, those with a connection first; of the others only those that messages may wait for.
    mutating func next(besides left: Set<ExactText>) -> Member? {
        let start = cursor &+ 1
        var away: Int?
        for offset in 0..<members.count {
            let index = (start &+ offset) % members.count
            if !left.isEmpty, left.contains(members[index].clientID) { continue }
            if members[index].isPresent {
                cursor = index
                return members[index]
            }
            if away == nil, members[index].options.qos > 0 { away = index }
        }
        guard let away else { return nil }
        cursor = away
        return members[away]
    }
}
