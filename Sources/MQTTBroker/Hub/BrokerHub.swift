import Synchronization

/// What the shards of one broker have in common. Every part has its own lock, and a QoS 0 publish within one shard
/// touches none of them.
public final class BrokerHub: Sendable {
    /// What one shard shows to the others.
    struct ShardCell: ~Copyable {
        /// The others send their messages only to shards that have subscriptions.
        let subscriptions = Atomic<Int>(0)
        let mailbox = Mutex<[Mail]>([])
    }

    final class ShardCellBox: Sendable {
        let cell = ShardCell()
    }

    let limits: BrokerLimits
    let shards: [ShardCellBox]
    // RetainedStore holds a tree of plain objects, all of which are reached only through this lock.
    let retained: Mutex<RetainedStore>
    let connections = Atomic<Int>(0)

    public var shardCount: Int { shards.count }

    public init(shards: Int, limits: BrokerLimits) {
        self.limits = limits
        self.shards = (0..<max(1, shards)).map { _ in ShardCellBox() }
        retained = Mutex(RetainedStore(limits: limits))
    }

    /// Leaves mail for a shard. True if its mailbox was empty, so that it must be woken.
    func post(_ mail: Mail, to shard: Int) -> Bool {
        shards[shard].cell.mailbox.withLock { box in
            box.append(mail)
            return box.count == 1
        }
    }

    func takeMail(of shard: Int) -> [Mail] {
        shards[shard].cell.mailbox.withLock { box in
            let mail = box
            box = []
            return mail
        }
    }
}

/// What one shard tells another.
enum Mail: Sendable {
    /// A client's publish, for the subscriptions of the shard.
    case publish(MailedPublish)
}

/// A publish as it travels between shards.
final class MailedPublish: Sendable {
    let topic: [UInt8]
    let properties: [UInt8]
    let payload: [UInt8]
    let qos: UInt8
    let retain: Bool
    let isEphemeral: Bool
    let expiresAt: UInt64

    init(_ publication: Publication) {
        topic = Array(publication.topic)
        properties = Array(publication.properties)
        payload = Array(publication.payload)
        qos = publication.qos
        retain = publication.retain
        isEphemeral = publication.isEphemeral
        expiresAt = publication.expiresAt
    }
}
