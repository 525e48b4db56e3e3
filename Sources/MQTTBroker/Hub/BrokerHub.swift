import Synchronization

/// What the shards of one broker have in common. Every part has its own lock, and a QoS 0 publish within one shard
/// touches none of them.
public final class BrokerHub: Sendable {
    /// What one shard shows to the others.
    final class ShardCell: Sendable {
        /// The others send their messages only to shards that have subscriptions.
        let subscriptions = Atomic<Int>(0)
        /// Sessions that the store keeps: a publish that comes to this shard may have to be stored.
        let durableSessions = Atomic<Int>(0)
    }

    /// Those of the start, with which every shard begins.
    let limits: BrokerLimits
    let shards: [ShardCell]
    /// One lock for all: what is sent to several shards comes to all of them at the same point of their mail.
    private let mailboxes: Mutex<[Mailbox]>
    // RetainedStore holds a tree of plain objects, all of which are reached only through this lock.
    let retained: Mutex<RetainedStore>
    let connections = Atomic<Int>(0)
    /// The most connections that there were at one time.
    let peakConnections = Atomic<Int>(0)
    /// New clients are sent to another server.
    let isDraining = Atomic<Bool>(false)
    /// Which shard has, or is about to get, the session of a client. Not used by a broker with one shard.
    private let tenures = Mutex(Tenures())
    let store: (any DurableStore)?
    /// The last numbers given out for the store.
    let lastSessionKey = Atomic<Int64>(0)
    let lastMessageID = Atomic<Int64>(0)
    private let lastTransfer = Atomic<UInt64>(0)
    /// Shards to be woken for mail that nobody's input led to.
    private let lateWakes = Mutex<[Int]>([])
    private let lateWakeCount = Atomic<Int>(0)

    public var shardCount: Int { shards.count }

    /// - Parameter store: keeps what must outlive the process; without it everything is in memory only.
    public init(shards: Int, limits: BrokerLimits, store: (any DurableStore)? = nil) {
        self.limits = limits
        self.store = store
        self.shards = (0..<max(1, shards)).map { _ in ShardCell() }
        retained = Mutex(RetainedStore(limits: limits))
        mailboxes = Mutex([Mailbox](repeating: Mailbox(), count: max(1, shards)))
    }

    /// Puts other limits in force for what the shards have in common; each `BrokerCore` must be given them too.
    public func replaceLimits(_ limits: BrokerLimits) {
        retained.withLock { $0.replaceLimits(limits) }
    }

    /// Whether new clients are sent to `BrokerLimits.serverReference` with 0x9C (use another server). Without a
    /// reference it changes nothing.
    public func setDraining(_ drains: Bool) {
        isDraining.store(drains, ordering: .relaxed)
    }

    /// Leaves mail for shards.
    /// - Returns: those whose mailbox was empty, so that they must be woken, and those that have more than enough for
    ///   now and will say when they have read it.
    func post(_ mail: Mail, to shards: [Int], from sender: Int) -> (toWake: [Int], full: [Int]) {
        let weight = mail.weight
        return mailboxes.withLock { boxes in
            var toWake: [Int] = []
            var full: [Int] = []
            for shard in shards {
                boxes[shard].mail.append(mail)
                boxes[shard].bytes &+= weight
                if boxes[shard].mail.count == 1 { toWake.append(shard) }
                if boxes[shard].isFull {
                    boxes[shard].waiting.insert(sender)
                    full.append(shard)
                }
            }
            return (toWake, full)
        }
    }

    /// Leaves mail for a shard from wherever the last holder of a receipt happens to be.
    func postLate(_ mail: Mail, to shard: Int) {
        let toWake = post(mail, to: [shard], from: shard).toWake
        guard !toWake.isEmpty else { return }
        lateWakes.withLock { $0 += toWake }
        lateWakeCount.wrappingAdd(toWake.count, ordering: .releasing)
    }

    /// Numbers a QoS 2 publish that several shards may have to store. The numbers ascend for each publisher, also when its
    /// session moves to another shard.
    func nextTransfer() -> UInt64 { lastTransfer.wrappingAdd(1, ordering: .relaxed).newValue }

    var hasLateMail: Bool { shardCount > 1 && lateWakeCount.load(ordering: .acquiring) > 0 }

    func takeLateWakes() -> [Int] {
        lateWakes.withLock { wakes in
            lateWakeCount.wrappingSubtract(wakes.count, ordering: .relaxed)
            defer { wakes = [] }
            return wakes
        }
    }

    /// Whether a publish that is sent to the other shards may have to be stored there.
    func hasDurableSessions(besides shard: Int) -> Bool {
        shards.indices.contains { $0 != shard && shards[$0].durableSessions.load(ordering: .acquiring) > 0 }
    }

    /// Gives out no number up to these.
    func raiseNumbers(session: Int64, message: Int64) {
        _ = lastSessionKey.max(session, ordering: .relaxed)
        _ = lastMessageID.max(message, ordering: .relaxed)
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
    /// - Parameter owner: the user who comes for it; `nil` for any.
    /// - Returns: the shard's tenure, and the one before it if that was another shard's until now; `nil` if the session is
    ///   another user's.
    func claim(_ clientID: ExactText, for shard: Int, by owner: String?) -> (own: Tenure, previous: Tenure?)? {
        tenures.withLock { tenures in
            let previous = tenures.byClientID[clientID]
            if let owner, let other = previous?.owner, other != owner { return nil }
            if let previous, previous.shard == shard {
                tenures.byClientID[clientID]?.owner = owner
                return (previous, nil)
            }
            tenures.last += 1
            let own = Tenure(shard: shard, number: tenures.last, owner: owner)
            tenures.byClientID[clientID] = own
            return (own, previous)
        }
    }

    func owner(of clientID: ExactText) -> Int? {
        tenures.withLock { $0.byClientID[clientID]?.shard }
    }

    /// Forgets a client whose session has ended, unless it has been claimed since then, be it by the same shard.
    func disown(_ clientID: ExactText, tenure: UInt64) {
        guard shardCount > 1 else { return }
        tenures.withLock { tenures in
            if tenures.byClientID[clientID]?.number == tenure { tenures.byClientID[clientID] = nil }
        }
    }
}

/// What other shards have left for one.
private struct Mailbox: Sendable {
    /// More mail, or more bytes of messages in it, than this slows those down who cause it.
    private static let highWater = 4096
    private static let highWaterBytes = 4_194_304

    var mail: [Mail] = []
    var bytes = 0
    var waiting: Set<Int> = []

    var isFull: Bool { mail.count > Self.highWater || bytes > Self.highWaterBytes }
}

/// A shard's ownership of one client's session, from when it claims it until another one does.
struct Tenure: Sendable {
    var shard: Int
    /// No two have the same.
    var number: UInt64
    /// The user whose session it is; `nil` if that is not known.
    var owner: String?
}

private struct Tenures: Sendable {
    var byClientID: [ExactText: Tenure] = [:]
    var last: UInt64 = 0
}
