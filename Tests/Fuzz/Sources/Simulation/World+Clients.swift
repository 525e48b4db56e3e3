import MQTTBroker
import MQTTCodec
import NIOCore

/// What the clients do.
extension World {
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
        let sizes = traits.maximumPacketSizes
        client.connect(
            link, cleanStart: cleanStart, will: will,
            maximumPacketSize: sizes.count > 1 ? sizes[random.below(sizes.count)] : sizes[0])
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
        let prefix = ["t", "t", "t", "t", "t", "s", "s", "r", "r", "h", "q"][random.below(11)]
        let topic = "\(prefix)/\(random.below(Traits.topicCount))"
        let qos = prefix == "q" ? QoS.allCases[1 + random.below(2)] : QoS.allCases[random.below(3)]
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
        if random.once(in: 4) {
            // Asks for the same retained messages several times.
            for _ in 0..<3 { client.subscribe(["r/+", "r/#"], retained: .send) }
        } else if client.wanted.count > 3 || random.once(in: 3), let old = client.wanted.sorted().first {
            client.unsubscribe(old)
        } else {
            client.subscribe([filter], retained: .sendIfNew)
        }
    }
}
