import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel

/// Whether everyone has what they must have.
extension World {
    /// A new subscriber gets the last retained message, and nothing else.
    func probe(_ topic: String) {
        ledger.figures.probes += 1
        opened += 1
        let core = cores[random.below(cores.count)]
        guard let id = core.open(remoteAddress: "probe \(opened)", listener: "simulation", now: ledger.now) else {
            return
        }
        let link = Link(core: core, id: id, address: "probe \(opened)")
        links[name(core, id)] = link
        let packets: [Packet] = [
            .connect(Connect(version: .v3_1_1, clientID: "probe\(opened)")),
            .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: topic, qos: .atMostOnce)])),
        ]
        for packet in packets {
            var bytes = ByteBuffer()
            guard (try? packet.encode(into: &bytes, version: .v3_1_1)) != nil else { continue }
            link.send(Array(bytes.readableBytesView))
        }
        link.deliverUp(atMost: .max, now: ledger.now)
        pump()
        var decoder = PacketDecoder(version: .v3_1_1)
        var bytes = ByteBuffer(bytes: link.deliverDown(atMost: .max, now: ledger.now))
        decoder.append(&bytes)
        var numbers: [Int?] = []
        while let packet = try? decoder.next() {
            guard case .publish(let publish) = packet else { continue }
            numbers.append(publish.payload.withUnsafeReadableBytes { Ledger.number(of: $0) })
            if !publish.retain { ledger.fail("a retained message of \(topic) lacks the flag") }
        }
        let expected = ledger.currentRetained(topic).map { [$0] } ?? []
        if numbers != expected { ledger.fail("\(topic) has retained \(numbers) instead of \(expected)") }
        link.end(now: ledger.now)
        pump()
    }

    /// What a SUBACK has granted outlives the process, if the session lives for ever.
    func checkSubscriptions(_ committed: DurableState) {
        var filters: [String: Set<String>] = [:]
        for session in committed.sessions {
            filters[session.session.clientID] = Set(session.subscriptions.map(\.filter))
        }
        for client in clients where client.hasLastingSession {
            let missing = client.subscribed.subtracting(filters[client.traits.clientID] ?? [])
            if !missing.isEmpty { ledger.fail("\(client.traits.clientID) has lost its subscriptions to \(missing)") }
        }
    }

    /// Lets every byte arrive, in rounds, until nothing moves.
    func exchangeEverything() {
        var rounds = 0
        var isBusy = true
        while isBusy, ledger.problems.isEmpty {
            isBusy = false
            settleMail()
            commit()
            for shard in cores.indices {
                for ticket in ledger.tickets[shard] { cores[shard].release(ticket, .success, now: ledger.now) }
                ledger.tickets[shard] = []
            }
            pump()
            for client in clients {
                guard let link = client.link else { continue }
                if link.hasUp || !link.down.isEmpty { isBusy = true }
                link.deliverUp(atMost: .max, now: ledger.now)
                pump()
                client.receive(link.deliverDown(atMost: .max, now: ledger.now))
                pump()
                if link.isEnded, link.down.isEmpty { client.disconnect() }
            }
            if !shardsWithMail.isEmpty || store?.waitingCount ?? 0 > 0 { isBusy = true }
            rounds += 1
            if rounds > 20_000 {
                ledger.fail("it does not come to rest")
                return
            }
        }
    }

    /// Brings everyone back, lets everything arrive, and looks whether everyone has what it must have.
    func settle() {
        for link in halfOpen { link.end(now: ledger.now) }
        halfOpen = []
        pump()
        settleMail()
        // Those who wait for each other in a circle go on after a while.
        for _ in 0..<30 {
            for client in clients where !client.isConnected || client.link?.isEnded == true { connect(client) }
            exchangeEverything()
            if clients.allSatisfy({ $0.isIdle && $0.isConnected }) { break }
            advance(by: 2_000_000_000)
            for client in clients where client.isReady { client.send(.pingreq) }
        }
        exchangeEverything()
        for client in clients where !client.isIdle {
            ledger.fail("client \(client.traits.index) is not done: \(client.state)")
        }
        for topic in 0..<Traits.topicCount { probe("r/\(topic)") }
        checkBounds()
        // What the wills of everyone's end will be delivered to is gone by then.
        let records = ledger.records
        // Drops that were only counted are told at the end of a connection.
        for client in clients { client.link?.end(now: ledger.now) }
        pump()
        settleMail()
        commit()
        advance(by: 100_000_000_000)
        checkDeliveries(of: records)
    }

    /// Those who must have got everything have, but for what the broker says that it dropped.
    private func checkDeliveries(of records: [Ledger.Record]) {
        checkGroups(records)
        for client in clients where client.traits.kind == .keeper {
            var wanted: [String: Bool] = [:]
            var missing: [Int] = []
            for (number, record) in records.enumerated() where ledger.isOwed(record) {
                guard number >= client.counts.count || client.counts[number] == 0 else { continue }
                let isWanted =
                    wanted[record.topic]
                    ?? client.traits.filters.contains { Topic.matches(filter: $0, topic: record.topic) }
                wanted[record.topic] = isWanted
                if isWanted { missing.append(number) }
            }
            let dropped = ledger.dropped[client.traits.index] ?? 0
            if missing.count > dropped {
                ledger.fail("client \(client.traits.index) lacks \(missing.prefix(9)), \(dropped) were dropped")
            }
        }
    }

    /// Of each group one member has got each message, and one only if the broker took it once.
    private func checkGroups(_ records: [Ledger.Record]) {
        for group in 0..<Traits.groupCount {
            let members = clients.filter { $0.traits.filters == ["$share/g\(group)/s/#"] }
            guard !members.isEmpty else { continue }
            let dropped = members.reduce(0) { $0 + (ledger.dropped[$1.traits.index] ?? 0) }
            var missing: [Int] = []
            for (number, record) in records.enumerated() where ledger.isOwed(record) && record.topic.hasPrefix("s/") {
                let count = members.count { number < $0.counts.count && $0.counts[number] > 0 }
                if count == 0 { missing.append(number) }
                if count > 1, record.accepted == 1 {
                    ledger.fail("message \(number) went to \(count) members of group \(group)")
                }
            }
            if missing.count > dropped {
                ledger.fail("no member of group \(group) got \(missing.prefix(9)), \(dropped) were dropped")
            }
        }
    }
}
