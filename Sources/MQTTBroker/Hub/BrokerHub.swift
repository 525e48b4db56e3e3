import Synchronization

/// What the shards of one broker have in common. Every part has its own lock, and a QoS 0 publish within one shard
/// touches none of them.
public final class BrokerHub: Sendable {
    /// What one shard shows to the others.
    final class ShardCell: Sendable {
        /// The others send their messages only to shards that have subscriptions.
        let subscriptions = Atomic<Int>(0)
    }

    let limits: BrokerLimits
    let shards: [ShardCell]
    /// One lock for all: what is sent to several shards comes to all of them at the same point of their mail.
    private let mailboxes: Mutex<[Mailbox]>
    // RetainedStore holds a tree of plain objects, all of which are reached only through this lock.
    let retained: Mutex<RetainedStore>
    let connections = Atomic<Int>(0)
    /// Which shard has, or is about to get, the session of a client. Not used by a broker with one shard.
    private let tenures = Mutex(Tenures())

    public var shardCount: Int { shards.count }

    public init(shards: Int, limits: BrokerLimits) {
        self.limits = limits
        self.shards = (0..<max(1, shards)).map { _ in ShardCell() }
        retained = Mutex(RetainedStore(limits: limits))
        mailboxes = Mutex([Mailbox](repeating: Mailbox(), count: max(1, shards)))
    }

    /// Leaves mail for shards.
    /// - Returns: those whose mailbox was empty, so that they must be woken, and those that have more than enough for
    ///   now and will say when they have read it.
    func post(_ mail: Mail, to shards: [Int], from sender: Int) -> (toWake: [Int], full: [Int]) {
        mailboxes.withLock { boxes in
            var toWake: [Int] = []
            var full: [Int] = []
            for shard in shards {
                boxes[shard].mail.append(mail)
                let count = boxes[shard].mail.count
                if count == 1 { toWake.append(shard) }
                if count > Mailbox.highWater {
                    boxes[shard].waiting.insert(sender)
                    full.append(shard)
                }
            }
            return (toWake, full)
        }
    }

    /// Takes a shard's mail, and the shards that wait for its being read.
    func takeMail(of shard: Int) -> (mail: [Mail], waiting: Set<Int>) {
        mailboxes.withLock { boxes in
            let box = boxes[shard]
            boxes[shard] = Mailbox()
            return (box.mail, box.waiting)
        }
    }

    /// Makes a shard the owner of a client's session.
    /// - Returns: the shard's tenure, and the one before it if that was another shard's until now.
    func claim(_ clientID: ExactText, for shard: Int) -> (own: Tenure, previous: Tenure?) {
        tenures.withLock { tenures in
            let previous = tenures.byClientID[clientID]
            if let previous, previous.shard == shard { return (previous, nil) }
            tenures.last += 1
            let own = Tenure(shard: shard, number: tenures.last)
            tenures.byClientID[clientID] = own
            return (own, previous)
        }
    }

    func owner(of clientID: ExactText) -> Int? {
        tenures.withLock { $0.byClientID[clientID]?.shard }
    }

    /// Forgets a client whose session has ended, unless another shard has claimed it.
    func disown(_ clientID: ExactText, by shard: Int) {
        guard shardCount > 1 else { return }
        tenures.withLock { tenures in
            if tenures.byClientID[clientID]?.shard == shard { tenures.byClientID[clientID] = nil }
        }
    }
}

/// What other shards have left for one.
private struct Mailbox: Sendable {
    /// More mail than this slows those down who cause it.
    static let highWater = 4096

    var mail: [Mail] = []
    var waiting: Set<Int> = []
}

/// A shard's ownership of one client's session, from when it claims it until another one does.
struct Tenure: Sendable {
    var shard: Int
    /// No two have the same.
    var number: UInt64
}

private struct Tenures: Sendable {
    var byClientID: [ExactText: Tenure] = [:]
    var last: UInt64 = 0
}
