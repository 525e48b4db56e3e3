import MQTTCodec
import NIOCore

/// The client's half: it sends again what was not acknowledged, takes a QoS 2 message once, and checks what it gets.
final class Client {
    struct Exchange {
        var id: UInt16
        var number: Int
        var qos: QoS
        var topic: String
        var payload: ByteBuffer
        var properties: Properties
        var retain: Bool
        var hasPubrec = false
        /// On the present connection.
        var isSent = false
    }

    /// Publishes that a client has under way at most, whatever the broker allows.
    private static let window = 8

    let traits: Traits
    private let ledger: Ledger
    private(set) var link: Link?
    private var decoder = PacketDecoder()
    /// The CONNACK has come.
    private(set) var isReady = false
    private var exchanges: [Exchange] = []
    /// What the CONNACK allows.
    private var receiveMaximum = 0
    private var aliasMaximum = 0
    /// What topic aliases stand for on the present connection, those of the client and those of the broker.
    private var sentAliases: [UInt16: String] = [:]
    private var takenAliases: [UInt16: String] = [:]
    private var lastID: UInt16 = 0
    /// QoS 2 messages received and not released.
    private var taken: Set<UInt16> = []
    /// Identifiers of messages received on this connection and not acknowledged.
    private var open: Set<UInt16> = []
    /// How often each message has been taken, by its number.
    private(set) var counts: [UInt8] = []
    /// The last message taken first of each publisher, topic and QoS.
    private var last: [Stream: Int] = [:]
    /// Filters it has asked for since it last had no session.
    private(set) var wanted: Set<String> = []
    /// Topics that match one of them.
    private var known: Set<String> = []
    /// Filters whose SUBACK has not come, in the order of the packets, and those whose has, until it unsubscribes.
    private var subscribing: [[String]] = []
    private(set) var subscribed: Set<String> = []
    private var hasSubscribed = false
    /// The last CONNECT ends the session that there may be.
    private var startsAnew = false
    /// The last connection had its CONNACK.
    private var hasBeenReady = false

    private struct Stream: Hashable {
        var publisher: Int
        var topic: String
        var qos: QoS
    }

    init(_ traits: Traits, _ ledger: Ledger) {
        self.traits = traits
        self.ledger = ledger
    }

    /// A session that ends after a time may have ended, and another begun, without a word that arrived; and one that the
    /// client has given up with its last CONNECT goes on in the broker if that CONNECT is lost. Then only a new start
    /// makes both sides agree.
    var mustStartAnew: Bool { !hasBeenReady && (traits.expiry != .max || startsAnew) }
    /// Its session outlives every connection.
    var hasLastingSession: Bool { traits.expiry == .max && (traits.isV5 || !startsAnew) }
    var isConnected: Bool { link != nil }
    /// Nothing is under way.
    var isIdle: Bool { exchanges.isEmpty && open.isEmpty && (link.map { $0.up.isEmpty && $0.down.isEmpty } ?? true) }
    /// The broker has read everything that it has sent, and reads on.
    var isRead: Bool { link.map { $0.up.isEmpty && $0.isReading && !$0.isEnded } ?? false }
    /// What is under way, for a message about it.
    var state: String {
        """
        \(traits.kind) \(traits.version), \(exchanges.count) publishes and \(open.count) messages under way, \
        \(link.map { "\($0.up.count) bytes up, \($0.down.count) down, read \($0.isReading)" } ?? "away")
        """
    }
    /// How many more publishes the client may have under way.
    var room: Int {
        let isResuming = exchanges.contains { !$0.isSent && !$0.hasPubrec }
        return isReady && !isResuming ? min(Self.window - exchanges.count, receiveMaximum - sentCount) : 0
    }
    var mayPublish: Bool { room > 0 }
    private var sentCount: Int { exchanges.count(where: \.isSent) }

    // MARK: Connections

    func connect(_ link: Link, cleanStart: Bool, will: Will?, maximumPacketSize: UInt32) {
        self.link = link
        decoder = PacketDecoder(version: traits.version)
        if maximumPacketSize > 0 { decoder.maximumPacketSize = Int(maximumPacketSize) }
        isReady = false
        open = []
        sentAliases = [:]
        takenAliases = [:]
        for index in exchanges.indices { exchanges[index].isSent = false }
        var properties = Properties()
        if traits.isV5 {
            if traits.expiry > 0 { properties.append(.sessionExpiryInterval(traits.expiry)) }
            if traits.receiveMaximum != .max { properties.append(.receiveMaximum(traits.receiveMaximum)) }
            if maximumPacketSize > 0 { properties.append(.maximumPacketSize(maximumPacketSize)) }
            if traits.topicAliasMaximum > 0 { properties.append(.topicAliasMaximum(traits.topicAliasMaximum)) }
        }
        subscribing = []
        if cleanStart || (startsAnew && !traits.isV5) { forget() }
        startsAnew = cleanStart
        hasBeenReady = false
        send(
            .connect(
                Connect(
                    version: traits.version, clientID: traits.clientID, cleanStart: cleanStart,
                    keepAlive: traits.keepAlive, will: will, properties: properties)))
    }

    /// The client notices that its connection has gone, or gives it up.
    func disconnect() {
        link = nil
        isReady = false
    }

    func send(_ packet: Packet) {
        var bytes = ByteBuffer()
        do throws(EncodeError) {
            try packet.encode(into: &bytes, version: traits.version)
        } catch {
            ledger.fail("the simulation sends what can't be encoded: \(error)")
        }
        link?.send(Array(bytes.readableBytesView))
    }

    /// Its session is gone, and with it what was under way.
    private func forget() {
        exchanges = []
        taken = []
        subscribed = []
        hasSubscribed = false
        // Messages of another session may come again, and in another order.
        if !traits.kind.isConstant {
            counts = []
            last = [:]
        }
    }

    // MARK: Publishing

    func publish(_ exchange: Exchange) {
        guard exchange.qos != .atMostOnce else {
            transmit(exchange, dup: false)
            return
        }
        repeat {
            lastID = lastID % 50_000 + 1
        } while exchanges.contains { $0.id == lastID }
        var exchange = exchange
        exchange.id = lastID
        exchange.isSent = true
        exchanges.append(exchange)
        transmit(exchange, dup: false)
    }

    private func transmit(_ exchange: Exchange, dup: Bool) {
        var publish = Publish(
            topic: exchange.topic, payload: exchange.payload, qos: exchange.qos, retain: exchange.retain, dup: dup,
            packetID: exchange.qos == .atMostOnce ? nil : exchange.id, properties: exchange.properties)
        if aliasMaximum > 0 {
            let alias = UInt16(1 + exchange.topic.utf8.reduce(0) { $0 + Int($1) } % aliasMaximum)
            publish.properties.append(.topicAlias(alias))
            if sentAliases[alias] == exchange.topic { publish.topic = "" }
            sentAliases[alias] = exchange.topic
        }
        send(.publish(publish))
    }

    /// Sends again what was under way when the last connection ended, as far as the broker takes it.
    private func transmitAgain() {
        while sentCount < receiveMaximum, let index = exchanges.firstIndex(where: { !$0.isSent && !$0.hasPubrec }) {
            exchanges[index].isSent = true
            transmit(exchanges[index], dup: true)
        }
    }

    // MARK: Receiving

    func receive(_ bytes: [UInt8]) {
        var buffer = ByteBuffer(bytes: bytes)
        decoder.append(&buffer)
        do throws(DecodeError) {
            while let packet = try decoder.next() { handle(packet) }
        } catch {
            ledger.fail("client \(traits.index) can't decode what came: \(error)")
        }
    }

    private func handle(_ packet: Packet) {
        if !isReady, packet.type != .connack { ledger.fail("\(packet.type) before CONNACK") }
        switch packet {
        case .connack(let connack): resume(connack)
        case .publish(let publish): take(publish)
        case .puback(let ack): finish(ack, .atLeastOnce)
        case .pubrec(let ack):
            if let index = exchanges.firstIndex(where: { $0.id == ack.packetID && $0.qos == .exactlyOnce }) {
                exchanges[index].hasPubrec = true
                checkAccepted(exchanges[index])
            }
            send(.pubrel(Acknowledgement(packetID: ack.packetID)))
        case .pubrel(let ack):
            taken.remove(ack.packetID)
            open.remove(ack.packetID)
            send(.pubcomp(Acknowledgement(packetID: ack.packetID)))
        case .pubcomp(let ack): finish(ack, .exactlyOnce)
        case .disconnect(let disconnect):
            switch disconnect.reasonCode {
            case .sessionTakenOver, .keepAliveTimeout: break
            default: ledger.fail("client \(traits.index) is told \(disconnect.reasonCode)")
            }
        case .suback(let suback):
            if suback.reasonCodes.contains(where: \.isError) { ledger.fail("a subscription was refused") }
            if !subscribing.isEmpty { subscribed.formUnion(subscribing.removeFirst()) }
        default: break
        }
    }

    private func resume(_ connack: Connack) {
        if connack.reasonCode != .success { ledger.fail("client \(traits.index) refused: \(connack.reasonCode)") }
        // MQTT 3.1 can't say that there is a session.
        let isPresent = traits.version == .v3_1 ? hasSubscribed && !startsAnew : connack.sessionPresent
        let expected = ledger.sessions[traits.index].expectsPresent
        // A late CONNACK of a connection that another has followed says what was true then.
        if ledger.isExact, traits.version != .v3_1, ledger.sessions[traits.index].connection == link?.address,
            isPresent != expected
        {
            ledger.fail("client \(traits.index): session present \(isPresent), expected \(expected)")
        }
        if !isPresent {
            if hasSubscribed, !startsAnew, traits.kind.isConstant {
                ledger.fail("client \(traits.index) has lost its session")
            }
            forget()
            // With MQTT 3.1 there may still be a session that a lost CONNECT was to end.
            if traits.version != .v3_1 || startsAnew {
                wanted = []
                known = []
            }
        }
        isReady = true
        hasBeenReady = true
        receiveMaximum = Int(connack.properties.receiveMaximum ?? .max)
        aliasMaximum = traits.usesAliases ? Int(connack.properties.topicAliasMaximum ?? 0) : 0
        for exchange in exchanges where exchange.hasPubrec {
            send(.pubrel(Acknowledgement(packetID: exchange.id)))
        }
        transmitAgain()
        if !hasSubscribed, !traits.filters.isEmpty { subscribe(traits.filters, retained: .doNotSend) }
        hasSubscribed = true
    }

    func subscribe(_ filters: [String], retained: RetainHandling) {
        wanted.formUnion(filters)
        subscribing.append(filters)
        send(
            .subscribe(
                Subscribe(
                    packetID: 60_000,
                    subscriptions: filters.map {
                        Subscription(filter: $0, qos: .exactlyOnce, retainHandling: traits.isV5 ? retained : .send)
                    })))
    }

    func unsubscribe(_ filter: String) {
        subscribed.remove(filter)
        for index in subscribing.indices { subscribing[index].removeAll { $0 == filter } }
        send(.unsubscribe(Unsubscribe(packetID: 60_001, filters: [filter])))
    }

    /// Puts the topic in that an alias stands for.
    private func resolve(_ publish: Publish) -> Publish {
        guard let alias = publish.properties.topicAlias else { return publish }
        if alias == 0 || alias > traits.topicAliasMaximum {
            ledger.fail("client \(traits.index) got the topic alias \(alias)")
        }
        var publish = publish
        if publish.topic.isEmpty { publish.topic = takenAliases[alias] ?? "" }
        takenAliases[alias] = publish.topic
        return publish
    }

    private func take(_ packet: Publish) {
        let publish = resolve(packet)
        let number = publish.payload.withUnsafeReadableBytes { Ledger.number(of: $0) }
        let isAgain = publish.packetID.map { publish.qos == .exactlyOnce && taken.contains($0) } ?? false
        if let number, !isAgain { note(publish, number) }
        guard let id = publish.packetID else { return }
        open.insert(id)
        if open.count > Int(traits.receiveMaximum) {
            ledger.fail("client \(traits.index) has more than its Receive Maximum under way")
        }
        if publish.qos == .atLeastOnce {
            open.remove(id)
            send(.puback(Acknowledgement(packetID: id)))
        } else {
            taken.insert(id)
            send(.pubrec(Acknowledgement(packetID: id)))
        }
    }

    private func note(_ publish: Publish, _ number: Int) {
        ledger.figures.delivered += 1
        guard number < ledger.records.count else {
            ledger.fail("client \(traits.index) got message \(number), which nobody sent")
            return
        }
        let record = ledger.records[number]
        if record.topic != publish.topic || publish.qos.rawValue > record.qos.rawValue || record.accepted == 0 {
            ledger.fail("message \(number) has changed on its way")
        }
        if !isWanted(publish.topic) {
            ledger.fail("client \(traits.index) got \(publish.topic) without having asked for it")
        }
        // A retained message comes again with each subscription.
        guard !publish.retain else { return }
        while counts.count <= number { counts.append(0) }
        if counts[number] < .max { counts[number] += 1 }
        if counts[number] > 1 {
            // QoS 1 may come again, whatever its publisher or this client does.
            if publish.qos != .atLeastOnce { ledger.fail("client \(traits.index) got message \(number) again") }
            return
        }
        // What its publisher sends again may go to another member of a group, after what came later.
        guard traits.kind != .member || publish.qos == .exactlyOnce, !record.isWill else { return }
        // And if the first copy was dropped, the second comes after what came later. So it does if the first came before
        // the subscription, of those who have not had theirs from the beginning.
        let isSecond = record.accepted > 1 && traits.kind != .keeper
        guard publish.qos == .exactlyOnce || (ledger.dropped[traits.index] == nil && !isSecond) else { return }
        let stream = Stream(publisher: record.publisher, topic: publish.topic, qos: publish.qos)
        if let earlier = last[stream], earlier > number {
            ledger.fail(
                """
                client \(traits.index), a \(traits.kind), got message \(number) after \(earlier): \(record) after \
                \(ledger.records[earlier])
                """)
        }
        last[stream] = number
    }

    /// Whether a subscription that it has or had asks for the topic.
    private func isWanted(_ topic: String) -> Bool {
        if known.contains(topic) { return true }
        guard wanted.contains(where: { Topic.matches(filter: Self.unshared($0), topic: topic) }) else { return false }
        known.insert(topic)
        return true
    }

    private func finish(_ ack: Acknowledgement, _ qos: QoS) {
        guard let index = exchanges.firstIndex(where: { $0.id == ack.packetID && $0.qos == qos }) else { return }
        if qos == .exactlyOnce, !exchanges[index].hasPubrec { return }
        checkAccepted(exchanges.remove(at: index))
        transmitAgain()
    }

    /// An acknowledgement says that the broker has taken the message.
    private func checkAccepted(_ exchange: Exchange) {
        if exchange.number >= 0 { ledger.acknowledged(exchange.number) }
    }

    /// A filter without its share name.
    static func unshared(_ filter: String) -> String {
        guard filter.hasPrefix("$share/") else { return filter }
        return String(filter.split(separator: "/", maxSplits: 2).last ?? "")
    }
}
