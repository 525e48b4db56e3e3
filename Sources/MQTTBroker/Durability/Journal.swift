import DequeModule

/// What a shard has changed since it last told the store, and what waits until changes are on disk.
struct Journal {
    /// More bytes than this on their way to the disk slow down those who cause them.
    static let highWater = 8 * 1_048_576

    enum Task {
        /// Acknowledgements of the client's publishes.
        case acknowledgements(ConnectionID)
        /// A packet of the broker, ready to be sent.
        case packet(ConnectionID, [UInt8])
        /// A PUBREL, unless the exchange has ended meanwhile.
        case pubrel(ConnectionID, packetID: UInt16)
        /// QoS 2 messages that are sent only under a packet identifier that the store has.
        case drain(slot: UInt32, generation: UInt32)
        /// A client that began anew, whose old session must be gone first.
        case welcome(ConnectionID, PendingConnect)
        /// A publish of another shard, which is told once this is let go.
        case receipt(Receipt)
        /// Changes of so many bytes are on disk.
        case bytes(Int)
    }

    let store: (any DurableStore)?
    private(set) var changes: [StateChange] = []
    private var bytes = 0
    /// All changes ever; tells whether something led to one.
    private(set) var count: UInt64 = 0
    /// The number of the batch that is being gathered.
    private(set) var number: UInt64 = 1
    /// Everything up to this batch is on disk.
    private(set) var committed: UInt64 = 0
    private var waiting: Deque<(number: UInt64, task: Task)> = []
    /// Bytes that are not on disk yet.
    var uncommittedBytes = 0
    /// Transfers with changes that the store does not have yet.
    private var handingOver: [Receipt] = []
    /// Publishers that are not read until the store has caught up.
    var waiters: Set<ConnectionID> = []

    init(store: (any DurableStore)?) {
        self.store = store
    }

    /// The batch with the last change.
    var last: UInt64 { changes.isEmpty ? number &- 1 : number }

    /// Something is not on disk yet.
    var isBehind: Bool { last > committed }

    /// - Parameter size: bytes of what the change carries.
    mutating func append(_ change: StateChange, size: Int = 0) {
        changes.append(change)
        bytes &+= 64 &+ size
        count &+= 1
    }

    /// Where the changes of what follows begin.
    var mark: Int { changes.count }

    /// Has the store hold what has changed since `start` until the transfer is settled; 0 for none.
    mutating func hold(from start: Int, _ transfer: UInt64) {
        guard transfer != 0, start < changes.count else { return }
        let part = Array(changes[start...])
        changes.removeSubrange(start...)
        changes.append(.held(transfer: transfer, part))
    }

    /// Lets go a transfer when the store has been handed what has changed so far.
    mutating func keepUntilFlush(_ receipt: Receipt) {
        if !changes.isEmpty { handingOver.append(receipt) }
    }

    /// Has something done once a batch is on disk.
    mutating func wait(for number: UInt64, _ task: Task) {
        waiting.append((number, task))
    }

    /// Hands the changes to the store.
    mutating func flush(shard: Int) {
        guard let store, !changes.isEmpty else { return }
        store.write(changes, shard: shard, number: number)
        waiting.append((number, .bytes(bytes)))
        uncommittedBytes &+= bytes
        bytes = 0
        changes.removeAll(keepingCapacity: changes.count <= 1024)
        number &+= 1
        handingOver.removeAll()
    }

    /// Everything up to this batch is on disk.
    mutating func commit(_ number: UInt64) {
        committed = max(committed, number)
    }

    /// Takes the next thing that need not wait any longer.
    mutating func popDue() -> Task? {
        guard let first = waiting.first, first.number <= committed else { return nil }
        return waiting.removeFirst().task
    }
}
