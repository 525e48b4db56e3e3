import MQTTBroker
import MQTTCodec
import NIOCore

/// A broker under virtual time with eight seats for connections, whose every output is decoded and checked.
final class BrokerStage {
    private(set) var problems: [String] = []
    private let hub: BrokerHub
    private let limits: BrokerLimits
    /// The limits have been replaced: what sessions had before they may keep.
    private var hasOtherLimits = false
    private let cores: [BrokerCore]
    private let policy = FuzzPolicy()
    private var seats: [Seat?] = Array(repeating: nil, count: 8)
    private var now: UInt64 = 1_000_000_000
    private var opened = 0
    private var shardsWithMail: Set<Int> = []

    init(shards: Int, limits: BrokerLimits) {
        let hub = BrokerHub(shards: shards, limits: limits)
        self.hub = hub
        self.limits = limits
        let policy = policy
        var last: UInt64 = 0
        let random: () -> UInt64 = {
            last &+= 0x9E37_79B9_7F4A_7C15
            return last
        }
        cores = (0..<shards).map { BrokerCore(index: $0, hub: hub, policy: policy, random: random) }
    }

    // MARK: Steps

    func open(_ number: Int, shard: Int) {
        cut(number)
        let core = cores[shard % cores.count]
        opened += 1
        let address = "peer \(opened)"
        guard let id = core.open(remoteAddress: address, listener: "fuzz", now: now) else { return }
        seats[number] = Seat(core: core, id: id, address: address)
        pump()
    }

    func connect(_ number: Int, _ connect: Connect, shard: Int) {
        if seats[number] == nil || seats[number]?.hasConnect == true { open(number, shard: shard) }
        seats[number]?.version = connect.version
        send(number, .connect(connect))
    }

    /// Sends a packet, unless its version can't say it.
    func send(_ number: Int, _ packet: Packet) {
        guard let seat = seats[number] else { return }
        var bytes = ByteBuffer()
        guard (try? packet.encode(into: &bytes, version: seat.version)) != nil else { return }
        send(number, raw: Array(bytes.readableBytesView))
    }

    func send(_ number: Int, packetWith firstByte: UInt8, body: [UInt8]) {
        send(number, raw: [firstByte, UInt8(truncatingIfNeeded: body.count)] + body)
    }

    func send(_ number: Int, raw bytes: [UInt8]) {
        guard let seat = seats[number] else { return }
        seat.hasConnect = true
        bytes.withUnsafeBytes { seat.core.receive(seat.id, $0, now: now) }
        pump()
    }

    /// Answers messages as a client should.
    func acknowledge(_ number: Int, limit: Int) {
        guard let seat = seats[number] else { return }
        let answers = seat.answers.prefix(limit)
        seat.answers.removeFirst(answers.count)
        for answer in answers { send(number, answer) }
    }

    func cut(_ number: Int) {
        guard let seat = seats[number] else { return }
        seats[number] = nil
        seat.core.closed(seat.id, now: now)
        pump()
    }

    func setWritable(_ number: Int, _ isWritable: Bool) {
        guard let seat = seats[number] else { return }
        seat.isWritable = isWritable
        seat.core.setWritable(seat.id, isWritable, now: now)
        pump()
    }

    /// A transport that takes a few bytes only.
    func write(_ number: Int, atMost limit: Int) {
        guard let seat = seats[number] else { return }
        read(seat, atMost: limit)
        pump()
    }

    func deliverMail(to shard: Int) {
        guard shardsWithMail.remove(shard % cores.count) != nil else { return }
        cores[shard % cores.count].deliverMail(now: now)
        pump()
    }

    func advance(seconds: Int) {
        now += UInt64(seconds) * 1_000_000_000
        for core in cores { core.expire(now: now) }
        pump()
    }

    func release(_ index: Int, _ reason: ReasonCode) {
        guard let ticket = policy.takeTicket(index) else { return }
        cores[Int(ticket.shard)].release(ticket, reason, now: now)
        pump()
    }

    func publish(_ message: LocalMessage) {
        for core in message.neverQueued ? cores[...] : cores[..<1] { _ = core.publish(message, now: now) }
        pump()
    }

    func disconnect(_ clientID: String) {
        for core in cores { _ = core.disconnect(clientID: clientID, now: now) }
        pump()
    }

    func replaceLimits(_ limits: BrokerLimits) {
        hasOtherLimits = true
        hub.replaceLimits(limits)
        for core in cores { core.replaceLimits(limits) }
    }

    /// No session has more than it may.
    func checkBounds() {
        guard !hasOtherLimits else { return }
        var messages = 0
        var bytes = 0
        for core in cores {
            for client in core.clients(withSubscriptions: false) {
                if client.queuedMessages > limits.maximumQueuedMessages { problems.append("too many messages wait") }
                if client.heldBytes > limits.maximumQueuedBytes { problems.append("too many bytes are kept") }
                messages += client.queuedMessages
                bytes += client.heldBytes
            }
        }
        // A session that moves takes along what its new shard has no room for.
        guard cores.count == 1 else { return }
        if messages > limits.maximumTotalQueuedMessages { problems.append("too many messages wait in all") }
        if bytes > limits.maximumTotalQueuedBytes { problems.append("too many bytes are kept in all") }
    }

    /// Delivers all mail.
    func settle() {
        var rounds = 0
        while !shardsWithMail.isEmpty {
            for shard in shardsWithMail.sorted() { deliverMail(to: shard) }
            rounds += 1
            if rounds > 10_000 {
                problems.append("shards send each other mail for ever")
                return
            }
        }
    }

    /// Comes to rest, then looks at the figures and says goodbye.
    func finish() {
        settle()
        checkBounds()
        let total = cores.reduce(into: BrokerStatistics()) { $0 += $1.statistics() }
        if total.connections != seats.compactMap({ $0 }).count { problems.append("connections are miscounted") }
        if total.queuedMessages < 0 || total.retainedBytes < 0 || total.retainedMessages < 0 {
            problems.append("a gauge is below zero")
        }
        for core in cores { _ = core.clients() }
        for core in cores { core.shutdown(now: now) }
        pump()
        settle()
    }

    // MARK: Effects

    private func pump() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for core in cores {
                shardsWithMail.formUnion(core.takeShardsToWake())
                while core.takeLarge() != nil {}
                while let id = core.takeTouched() {
                    isBusy = true
                    serve(core, id)
                }
            }
        }
    }

    private func serve(_ core: BrokerCore, _ id: ConnectionID) {
        guard let number = seats.firstIndex(where: { $0?.core === core && $0?.id == id }), let seat = seats[number]
        else { return }
        if seat.isWritable { read(seat, atMost: .max) }
        switch core.state(of: id) {
        case .open?: break
        case .close?, .closeAtOnce?, nil:
            seats[number] = nil
            core.closed(id, now: now)
        }
    }

    private func read(_ seat: Seat, atMost limit: Int) {
        var bytes = ByteBuffer()
        seat.core.withOutbox(seat.id, now: now) { bytes.writeBytes(UnsafeRawBufferPointer(rebasing: $0.prefix(limit))) }
        // A refused client may have announced any version, so that what it is told can't be judged.
        guard let version = policy.version(of: seat.address) else { return }
        seat.take(&bytes, version, &problems)
    }
}
