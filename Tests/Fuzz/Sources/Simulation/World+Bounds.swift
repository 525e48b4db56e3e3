import MQTTBroker
import MQTTCodec
import NIOCore

/// Whether the broker keeps to its bounds, and slows down those who would have it exceed them.
extension World {
    static func limits(_ random: inout SeededRandom) -> BrokerLimits {
        var limits = BrokerLimits()
        limits.receiveMaximum = [2, 8, 1024][random.below(3)]
        limits.sendMaximum = [3, 1024][random.below(2)]
        limits.maximumQueuedMessages = [10, 200, 1_000_000][random.below(3)]
        limits.maximumQueuedBytes = [4000, 1_000_000_000][random.below(2)]
        limits.maximumTotalQueuedMessages = [300, 1_000_000, 1_000_000][random.below(3)]
        limits.maximumTotalQueuedBytes = [60_000, 1_000_000_000, 1_000_000_000][random.below(3)]
        limits.queueDrop = QueueDrop.allCases[random.below(2)]
        limits.outboxHighWater = [600, 262_144][random.below(2)]
        limits.topicAliasMaximum = [0, 3, 64][random.below(3)]
        return limits
    }

    /// What every session keeps now stays, whatever the limits in force.
    /// - Parameter old: what sessions may have that are on their way between shards.
    func noteAllowances(before old: BrokerLimits) {
        var sessions: [String: Allowances.Amount] = [:]
        for client in clients {
            let id = client.traits.clientID
            let known = allowances.sessions[id] ?? Allowances.Amount()
            sessions[id] = Allowances.Amount(
                messages: max(known.messages, old.maximumQueuedMessages),
                bytes: max(known.bytes, old.maximumQueuedBytes))
        }
        var total = Allowances.Amount()
        for info in cores.flatMap({ $0.clients(withSubscriptions: false) }) {
            sessions[info.clientID] = Allowances.Amount(messages: info.queuedMessages, bytes: info.heldBytes)
            total.messages += info.queuedMessages
            total.bytes += info.heldBytes
        }
        allowances = Allowances(sessions: sessions, total: total)
    }

    func checkBounds() {
        var total = Allowances.Amount()
        for core in cores {
            for info in core.clients(withSubscriptions: false) {
                check(info)
                total.messages += info.queuedMessages
                total.bytes += info.heldBytes
            }
        }
        // A session that moves takes along what its new shard has no room for.
        guard cores.count == 1 else { return }
        let messages = max(limits.maximumTotalQueuedMessages, allowances.total.messages)
        let bytes = max(limits.maximumTotalQueuedBytes, allowances.total.bytes)
        if total.messages > messages { ledger.fail("\(total.messages) messages wait, and \(messages) may") }
        if total.bytes > bytes { ledger.fail("\(total.bytes) bytes are kept for clients, and \(bytes) may be") }
        allowances.total = Allowances.Amount(
            messages: min(allowances.total.messages, total.messages), bytes: min(allowances.total.bytes, total.bytes))
    }

    private func check(_ info: ClientInfo) {
        let allowed = allowances.sessions[info.clientID]
        let messages = max(limits.maximumQueuedMessages, allowed?.messages ?? 0)
        let bytes = max(limits.maximumQueuedBytes, allowed?.bytes ?? 0)
        if info.queuedMessages > messages {
            ledger.fail("\(info.clientID) has \(info.queuedMessages) messages in its queue, and \(messages) may be")
        }
        if info.heldBytes > bytes {
            ledger.fail(
                """
                \(info.heldBytes) bytes are kept for \(info.clientID), \(info.inflightBytes) of them under way, and \
                \(bytes) may be
                """)
        }
        if info.inflightMessages > 65_535 { ledger.fail("\(info.clientID) has too many under way") }
        // However often they were asked for, they are looked up when they can be sent.
        if info.retainedBacklog > Traits.topicCount {
            ledger.fail("\(info.retainedBacklog) retained messages of \(Traits.topicCount) wait for \(info.clientID)")
        }
        guard let allowed else { return }
        let messagesNow = min(allowed.messages, info.queuedMessages)
        let bytesNow = min(allowed.bytes, info.heldBytes)
        let isOver = messagesNow > limits.maximumQueuedMessages || bytesNow > limits.maximumQueuedBytes
        allowances.sessions[info.clientID] =
            isOver ? Allowances.Amount(messages: messagesNow, bytes: bytesNow) : nil
    }

    // MARK: Messages of the host

    func publishLocally() {
        let prefix = ["t", "q", "s"][random.below(3)]
        let qos = prefix == "q" ? QoS.allCases[1 + random.below(2)] : QoS.allCases[random.below(3)]
        publishLocally("\(prefix)/\(random.below(Traits.topicCount))", qos, size: random.below(120))
        pump()
    }

    /// A message that fits into no queue takes nobody's place.
    func publishTooLarge() {
        guard limits.maximumQueuedBytes < 100_000 else { return }
        ledger.figures.tooLarge += 1
        let before = waiting()
        publishLocally("t/\(random.below(Traits.topicCount))", .atLeastOnce, size: limits.maximumQueuedBytes)
        let after = waiting()
        for (client, messages) in before where after[client] ?? 0 < messages {
            ledger.fail("\(client) has lost \(messages - (after[client] ?? 0)) messages to one that does not fit")
        }
        pump()
    }

    /// How many messages wait for each client that is away.
    private func waiting() -> [String: Int] {
        var counts: [String: Int] = [:]
        for info in cores[0].clients(withSubscriptions: false) where info.context == nil {
            counts[info.clientID] = info.queuedMessages
        }
        return counts
    }

    private func publishLocally(_ topic: String, _ qos: QoS, size: Int) {
        let number = ledger.enter(Ledger.Record(topic: topic, qos: qos, publisher: -1, expires: false))
        ledger.accept(number)
        _ = cores[0].publish(
            LocalMessage(topic: topic, payload: payload(number, size: size), qos: qos), now: ledger.now)
    }

    // MARK: Slow receivers

    /// Someone publishes more than half of what may be kept for a receiver, and must wait for it to catch up.
    func overload() {
        guard limits.maximumQueuedBytes < 100_000,
            let receiver = client(where: { client in
                client.isReady && client.link?.isEnded == false && client.traits.kind == .keeper
                    && client.traits.maximumPacketSizes == [0]
            }), let topic = receiver.traits.filters.first(where: Self.isLiveTopic),
            let core = receiver.link?.core,
            let publisher = client(where: { client in
                client !== receiver && client.link?.core === core && client.mayPublish && client.isRead
            }), let link = publisher.link
        else { return }
        let half = limits.maximumQueuedBytes / 2
        let count = publisher.room
        for _ in 0..<count {
            let number = ledger.enter(
                Ledger.Record(topic: topic, qos: .atLeastOnce, publisher: publisher.traits.index, expires: false))
            publisher.publish(
                Client.Exchange(
                    id: 0, number: number, qos: .atLeastOnce, topic: topic,
                    payload: payload(number, size: half / count + 200), properties: [], retain: false))
        }
        let before = info(of: receiver, core)
        link.deliverUp(atMost: .max, now: ledger.now)
        if let before, let after = info(of: receiver, core), before.heldBytes <= half, after.heldBytes > half + 200,
            !after.isStalled, let source = info(of: publisher, core), source.context != nil
        {
            ledger.figures.heldBack += 1
            if !source.isHeldBack { ledger.fail("\(source.clientID) need not wait for \(after.clientID)") }
        }
        pump()
    }

    /// Whether a filter is a topic under which nothing is retained.
    private static func isLiveTopic(_ filter: String) -> Bool {
        !filter.contains("#") && !filter.contains("+") && !filter.hasPrefix("r/")
    }

    private func info(of client: Client, _ core: BrokerCore) -> ClientInfo? {
        core.clients(withSubscriptions: false).first { $0.clientID == client.traits.clientID }
    }
}
