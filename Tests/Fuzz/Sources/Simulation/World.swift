import MQTTBroker
import MQTTCodec
import NIOCore

/// The broker, its clients, the network between them, and time.
final class World {
    let ledger: Ledger
    let cores: [BrokerCore]
    let limits: BrokerLimits
    var clients: [Client] = []
    /// Connections that their clients have given up, and the broker has not.
    var halfOpen: [Link] = []
    var links: [LinkName: Link] = [:]
    var shardsWithMail: Set<Int> = []
    var opened = 0
    var random: SeededRandom
    private var steps = 0
    private let hub: BrokerHub

    struct LinkName: Hashable {
        var shard: Int
        var id: ConnectionID
    }

    init(_ simulation: Simulation) {
        random = SeededRandom(seed: simulation.seed)
        var limits = BrokerLimits()
        limits.receiveMaximum = [2, 8, 1024][random.below(3)]
        limits.sendMaximum = [3, 1024][random.below(2)]
        limits.maximumQueuedMessages = [10, 200, 1_000_000][random.below(3)]
        limits.maximumQueuedBytes = [4000, 1_000_000_000][random.below(2)]
        limits.outboxHighWater = [600, 262_144][random.below(2)]
        self.limits = limits
        let ledger = Ledger(clients: simulation.clients, shards: simulation.shards)
        self.ledger = ledger
        let policy = LedgerPolicy(ledger)
        let hub = BrokerHub(shards: simulation.shards, limits: limits)
        self.hub = hub
        var generator = SeededRandom(seed: simulation.seed &+ 1)
        let next = { generator.next() }
        cores = (0..<simulation.shards).map { BrokerCore(index: $0, hub: hub, policy: policy, random: next) }
        for index in 0..<simulation.clients {
            let traits = Traits(index: index, random: &random)
            clients.append(Client(traits, ledger, brokerReceiveMaximum: limits.receiveMaximum))
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
        if steps.isMultiple(of: 500) { checkBounds() }
    }

    // MARK: Clients

    func client() -> Client { clients[random.below(clients.count)] }

    /// Someone of whom this is true, if there is one.
    func client(where isWanted: (Client) -> Bool) -> Client? {
        let start = random.below(clients.count)
        for offset in 0..<clients.count {
            let client = clients[(start + offset) % clients.count]
            if isWanted(client), !client.traits.isSlow || random.once(in: 4) { return client }
        }
        return nil
    }

    /// Connects, whether the last connection still stands or not.
    func connect(_ client: Client) {
        if let old = client.link, !old.isEnded { abandon(client) }
        let traits = client.traits
        let core = cores[random.below(cores.count)]
        opened += 1
        let address = "peer \(opened)"
        guard let id = core.open(remoteAddress: address, listener: "simulation", now: ledger.now) else {
            ledger.fail("a connection was refused")
            return
        }
        let link = Link(core: core, id: id, address: address)
        links[name(core, id)] = link
        let cleanStart =
            !traits.keepsSession || client.mustStartAnew || (traits.kind == .churner && random.once(in: 8))
        var request = ConnectionModel(
            client: traits.index, cleanStart: cleanStart, expiry: traits.isV5 || !cleanStart ? traits.expiry : 0)
        let will = traits.kind == .mortal && random.below(4) > 0 ? will(of: traits, &request) : nil
        ledger.requests[address] = request
        client.connect(link, cleanStart: cleanStart, will: will)
        pump()
    }

    func will(of traits: Traits, _ request: inout ConnectionModel) -> Will {
        let retain = random.once(in: 3)
        let record = Ledger.Record(
            topic: "\(retain ? "r" : "w")/\(random.below(Traits.topicCount))",
            qos: QoS.allCases[random.below(3)], publisher: traits.index, expires: false, isWill: true)
        let delay: UInt32 = traits.isV5 ? [0, 2, 10][random.below(3)] : 0
        let number = ledger.enter(record)
        request.will = (number, delay)
        return Will(
            topic: record.topic, payload: payload(number, size: 4), qos: record.qos, retain: retain,
            properties: delay > 0 ? [.willDelayInterval(delay)] : [])
    }

    func publish(_ client: Client) {
        guard client.mayPublish else { return }
        let traits = client.traits
        let kind = random.below(10)
        let prefix = kind < 5 ? "t" : kind < 7 ? "s" : kind < 9 ? "r" : "h"
        let topic = "\(prefix)/\(random.below(Traits.topicCount))"
        let qos = QoS.allCases[random.below(3)]
        let expires = traits.isV5 && random.once(in: 10)
        let retain = prefix == "r"
        var exchange = Client.Exchange(
            id: 0, number: -1, qos: qos, topic: topic, payload: ByteBuffer(), properties: [], retain: retain)
        ledger.figures.published += 1
        if !retain || !random.once(in: 8) {
            exchange.number = ledger.enter(
                Ledger.Record(topic: topic, qos: qos, publisher: traits.index, expires: expires))
            exchange.payload = payload(exchange.number, size: random.below(120))
            if expires { exchange.properties = [.messageExpiryInterval(UInt32(1 + random.below(5)))] }
        }
        client.publish(exchange)
    }

    func payload(_ number: Int, size: Int) -> ByteBuffer {
        var payload = ByteBuffer(integer: UInt32(truncatingIfNeeded: number))
        payload.writeRepeatingByte(0x2E, count: size)
        return payload
    }

    func churn(_ client: Client?) {
        guard let client else { return }
        let filter = Traits.filter(&random)
        if client.wanted.count > 3 || random.once(in: 3), let old = client.wanted.sorted().first {
            client.unsubscribe(old)
        } else {
            client.subscribe([filter], retained: .sendIfNew)
        }
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
