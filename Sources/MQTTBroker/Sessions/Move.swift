import MQTTCodec

/// A CONNECT that the policy has accepted.
struct PendingConnect {
    var connect: Connect
    var context: ClientContext
    /// The broker chose the client identifier.
    var isAssigned: Bool
}

/// A session that a shard waits for.
struct Arrival {
    /// The number of the shard's own tenure.
    var tenure: UInt64
    /// The connection that waits with it; `nil` if it has been taken over meanwhile.
    var connection: ConnectionID?
    var pending: PendingConnect?
    /// A connection that waits for it, or waited before it was taken over, starts anew.
    var endsSession: Bool
    /// Another shard has asked for the session before it came.
    var forward: (tenure: Tenure, endsSession: Bool)?
    /// Mail that came for the session before it did.
    var mail: [Mail] = []
}

/// A session between two shards.
enum Move {
    /// It has gone; only its subscriptions are still here, and their messages are sent on.
    case leaving(to: Tenure, sentOn: Int)
    /// It has come, and messages may still come by way of the old shard.
    case coming(Crossing)
}

/// What a session gets by two ways while it moves.
struct Crossing {
    /// The number of the move.
    var move: UInt64
    /// The shards that passed the session on.
    var path: [Int]
    /// The identities of the messages that came by way of the old shard.
    var late: Set<UInt64> = []
    /// How many of them have been taken, in their order.
    var lateCount = 0
    /// Those that came before their turn, as they went through more shards than others.
    var early: [Int: MovedMessage] = [:]
    /// How many there will be, once the old shard has said so.
    var lateTotal: Int?
    /// The messages that came here. They are not before any of those, and some of them are the same.
    var direct: [MovedMessage] = []
    /// A third shard has asked for the session meanwhile.
    var handOver: (tenure: Tenure, endsSession: Bool)?
}

/// Hold tickets of QoS 2 publishes of a session that has moved, whose PUBREC still waits.
struct MovedTickets {
    var clientID: ExactText
    /// The numbers of those that the host may still release.
    var held: Set<UInt64> = []
    /// The numbers of those that other shards have not stored yet.
    var unstored: Set<UInt64> = []

    var isEmpty: Bool { held.isEmpty && unstored.isEmpty }
}
