import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel

/// The broker, its clients, the network between them, and time.
final class World {
    let ledger: Ledger
    private(set) var hub: BrokerHub
    private(set) var cores: [BrokerCore]
    /// What outlives the broker's process, in half of the runs.
    private(set) var store: MemoryStore?
    var limits: BrokerLimits
    /// What the sessions may have by limits that were changed since.
    var allowances = Allowances()
    var clients: [Client] = []
    /// Connections that their clients have given up, and the broker has not.
    var halfOpen: [Link] = []
    var links: [LinkName: Link] = [:]
    var shardsWithMail: Set<Int> = []
    var opened = 0
    var random: SeededRandom
    private let policy: LedgerPolicy
    /// The limits are changed at times.
    private let isChanging: Bool
    /// For so many steps at a time the disk writes nothing.
    private let diskPause: Int
    private var steps = 0

    struct LinkName: Hashable {
        var shard: Int
        var id: ConnectionID
    }

    init(_ simulation: Simulation) {
        random = SeededRandom(seed: simulation.seed)
        limits = Self.limits(&random)
        isChanging = random.once(in: 2)
        store = random.once(in: 2) ? MemoryStore() : nil
        diskPause = [50, 300, 1000][random.below(3)]
        ledger = Ledger(clients: simulation.clients, shards: simulation.shards, hasStore: store != nil)
        policy = LedgerPolicy(ledger)
        hub = BrokerHub(shards: simulation.shards, limits: limits, store: store)
        cores = []
        start(shards: simulation.shards)
        for index in 0..<simulation.clients {
            clients.append(Client(Traits(index: index, random: &random), ledger))
        }
        // Everyone is there before the first message, so that what must come to whom is known.
        for client in clients { connect(client) }
        exchangeEverything()
    }

    /// One thing happens.
    func step() {
        steps += 1
        switch random.below(100) {
        case 0..<28: publish(client())
        case 28..<52: if let client = client(where: { $0.link?.hasUp == true }) { deliverUp(client) }
        case 52..<82: if let client = client(where: { $0.link?.down.isEmpty == false }) { deliverDown(client) }
        case 82..<86: if let client = client(where: { !$0.isConnected }) { connect(client) }
        case 86: cut(client())
        case 87: deliverHalfOpen()
        case 88..<92: deliverMail(to: random.below(cores.count))
        case 92: advance(by: UInt64(random.below(1_500)) * 1_000_000)
        case 93, 94: release()
        case 95: churn(client(where: { $0.traits.kind == .churner && $0.isReady }))
        case 96: connect(client())
        case 97: probe("r/\(random.below(Traits.topicCount))")
        case 98: leave(client())
        default: settleMail()
        }
        if store != nil {
            if steps / diskPause % 2 == 0, random.once(in: 4) { commit(1 + random.below(60)) }
            if random.once(in: 1500) { restart() }
        }
        if isChanging, random.once(in: 2000) { replaceLimits() }
        if random.once(in: 100) { publishLocally() }
        if random.once(in: 200) { publishTooLarge() }
        if random.once(in: 100) { overload() }
        if steps.isMultiple(of: 10) { checkBounds() }
    }

    // MARK: The broker's life

    /// Makes the broker's shards, and enters what an earlier life has left behind.
    private func start(shards: Int) {
        var generator = SeededRandom(seed: random.next())
        let next = { generator.next() }
        cores = (0..<shards).map { BrokerCore(index: $0, hub: hub, policy: policy, random: next) }
        guard let state = store?.takeState(now: ledger.now), !state.isEmpty else { return }
        for core in cores { core.restore(state, now: ledger.now) }
        for core in cores { core.expire(now: ledger.now) }
        pump()
    }

    /// The broker's process dies and is started again: connections are gone, and what was not committed.
    func restart() {
        guard let committed = store?.committed else { return }
        checkSubscriptions(committed.state)
        ledger.endLife(cores.flatMap { $0.clients(withSubscriptions: false) }, committed.state)
        // What the broker had sent before may still arrive.
        for link in links.values + halfOpen { link.isEnded = true }
        for client in clients where client.link?.down.isEmpty == true { client.disconnect() }
        links = [:]
        halfOpen = []
        shardsWithMail = []
        store = MemoryStore(committed)
        hub = BrokerHub(shards: cores.count, limits: limits, store: store)
        start(shards: cores.count)
        noteAllowances(before: limits)
    }

    /// The disk has written some of what it was given.
    func commit(_ limit: Int = .max) {
        guard let store else { return }
        for (shard, number) in store.commit(limit) { cores[shard].committed(number, now: ledger.now) }
        pump()
    }

    /// Puts other limits in force while clients are connected.
    private func replaceLimits() {
        ledger.figures.changes += 1
        let old = limits
        limits = Self.limits(&random)
        hub.replaceLimits(limits)
        for core in cores { core.replaceLimits(limits) }
        noteAllowances(before: old)
    }

    // MARK: Broker

    func release() {
        let shard = random.below(cores.count)
        let count = min(ledger.tickets[shard].count, 1 + random.below(8))
        for ticket in ledger.tickets[shard].prefix(count) { cores[shard].release(ticket, .success, now: ledger.now) }
        ledger.tickets[shard].removeFirst(count)
        pump()
    }

    func deliverMail(to shard: Int) {
        guard shardsWithMail.remove(shard) != nil else { return }
        cores[shard].deliverMail(now: ledger.now)
        pump()
    }

    func settleMail() {
        var rounds = 0
        while !shardsWithMail.isEmpty {
            for shard in shardsWithMail.sorted() { deliverMail(to: shard) }
            rounds += 1
            if rounds > 10_000 {
                ledger.fail("shards send each other mail for ever")
                return
            }
        }
    }

    /// Time passes; whatever is due on the way happens at its time.
    func advance(by nanoseconds: UInt64) {
        let end = ledger.now + nanoseconds
        while let next = cores.compactMap(\.nextDeadline).min(), next <= end {
            ledger.now = max(ledger.now, next)
            for core in cores { core.expire(now: ledger.now) }
            pump()
        }
        ledger.now = end
        pump()
        ledger.checkWills()
    }

    func name(_ core: BrokerCore, _ id: ConnectionID) -> LinkName {
        LinkName(shard: cores.firstIndex { $0 === core } ?? 0, id: id)
    }

    /// Carries out every effect, as the server's loops do.
    func pump() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for (shard, core) in cores.enumerated() {
                shardsWithMail.formUnion(core.takeShardsToWake())
                while core.takeLarge() != nil {}
                while let id = core.takeTouched() {
                    isBusy = true
                    let name = LinkName(shard: shard, id: id)
                    guard let link = links[name] else { continue }
                    link.serve(now: ledger.now)
                    if link.isEnded { links[name] = nil }
                }
            }
        }
    }
}
