/// Many clients of all versions on one broker, with virtual time and a bad network: bytes come late and in pieces, in
/// another order on each connection; connections break on either side or both; clients come back elsewhere, take
/// sessions over, let them expire, leave wills, share subscriptions, read slowly and take little; the broker's limits
/// change, and in half of the runs it has a store that writes late, and its process dies at times.
///
/// What must hold is checked at each step by the clients and by a model of what the broker was told, and once more when
/// everything has come to rest.
public struct Simulation: Sendable, CustomStringConvertible {
    public var seed: UInt64
    public var shards: Int
    public var clients: Int
    public var steps: Int

    public init(seed: UInt64, shards: Int, clients: Int, steps: Int) {
        self.seed = seed
        self.shards = shards
        self.clients = clients
        self.steps = steps
    }

    public var description: String { "seed \(seed), \(shards) shards, \(clients) clients, \(steps) steps" }

    /// - Returns: what went wrong; empty if all is well.
    public func run() -> [String] {
        outcome().problems
    }

    /// As `run`, with how much happened, so that a run in which nothing happens is noticed.
    public func outcome() -> Outcome {
        let world = World(self)
        var step = 0
        while step < steps, world.ledger.problems.isEmpty {
            world.step()
            step += 1
        }
        if world.ledger.problems.isEmpty { world.settle() }
        return Outcome(
            problems: world.ledger.problems.map { "\(self): step \(step): \($0)" }, figures: world.ledger.figures)
    }

    public struct Outcome: Sendable {
        public var problems: [String]
        public var figures: Figures
    }

    /// What happened in a run.
    public struct Figures: Sendable, CustomStringConvertible {
        public var published = 0
        public var delivered = 0
        public var connections = 0
        public var resumed = 0
        public var wills = 0
        public var dropped = 0
        public var probes = 0
        public var taken = 0
        /// Of the broker, after the death of its process.
        public var restarts = 0
        /// How often the limits were changed.
        public var changes = 0
        /// Publishers that were made to wait, and messages larger than any queue.
        public var heldBack = 0
        public var tooLarge = 0

        public init() {}

        public mutating func add(_ other: Figures) {
            published += other.published
            delivered += other.delivered
            connections += other.connections
            resumed += other.resumed
            wills += other.wills
            dropped += other.dropped
            probes += other.probes
            taken += other.taken
            restarts += other.restarts
            changes += other.changes
            heldBack += other.heldBack
            tooLarge += other.tooLarge
        }

        public var description: String {
            """
            \(published) published, \(delivered) delivered, \(dropped) dropped, \(connections) connections, \
            \(resumed) sessions resumed, \(taken) taken over, \(wills) wills, \(probes) probes, \(restarts) restarts, \(changes) changes of \
            limits, \(heldBack) held back, \(tooLarge) too large
            """
        }
    }
}
