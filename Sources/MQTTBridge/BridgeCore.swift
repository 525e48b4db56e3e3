import DequeModule
import MQTTCodec
import NIOCore

/// One bridge as a pure state machine: what happens on both sides and time go in, what is to be done comes out.
///
/// What waits for the other broker waits in the bridge's own session on this one, which queues, bounds and stores it as for
/// any client that is away. So the bridge attaches to that session only while the other broker is there, and acknowledges
/// a message here when it was acknowledged there, in both directions: at least once, whoever fails.
struct BridgeCore {
    enum Phase: Equatable {
        case stopped
        /// CONNECT is on its way to the other broker.
        case connecting
        /// The other broker is there; the own session is being attached.
        case attaching(since: NIODeadline)
        case up(since: NIODeadline)
        case waiting(until: NIODeadline)
    }

    enum Effect: Equatable {
        /// Connect to the other broker.
        case connect(asBridge: Bool)
        /// Attach to the own session here, subscribe on both sides, and say `attached`.
        case attach
        /// Send it there, and say `sent` with this identifier.
        case send(Publish, UInt64)
        /// Publish it here, and say `published` with this identifier.
        case publish(Publish, UInt64)
        case acknowledgeHere(UInt16)
        case acknowledgeThere(UInt16)
        /// End both connections.
        case disconnect
        /// The other broker is there, or is no longer.
        case changed(isConnected: Bool, problem: String?)
        /// A try has failed.
        case failed(problem: String)
        case dropped(topic: String, BridgeDrop, detail: String?)
    }

    /// A message that crosses, in the order in which it came.
    private struct Crossing {
        let id: UInt64
        let packetID: UInt16?
        var isDone = false
    }

    /// A connection that lasted for so long shows that the other broker works.
    private static let provingTime = TimeAmount.seconds(10)
    /// Messages from there that may wait until the own session is attached.
    private static let heldMessages = 1000
    /// What comes in so soon after connecting may have waited there; so may what follows it without a break.
    private static let backlogTime = TimeAmount.seconds(5)
    private static let backlogGap = TimeAmount.milliseconds(100)
    private static let longestBacklog = TimeAmount.minutes(5)

    let settings: BridgeSettings
    private(set) var phase = Phase.stopped
    private(set) var status: BridgeStatus
    /// Of the connection under way: what an earlier one still says is ignored by it.
    private(set) var generation: UInt64 = 0
    private var pause: ReconnectPause
    private var loops: LoopGuard
    private var generator: any RandomNumberGenerator
    private var outgoing: Deque<Crossing> = []
    private var incoming: Deque<Crossing> = []
    /// Came before the own session was attached.
    private var held: Deque<(publish: Publish, packetID: UInt16?)> = []
    private var lastID: UInt64 = 0
    /// The other broker has refused the bridge bit.
    private var refusesBridgeBit = false
    private var isRefusalCertain = false
    /// Until when commands from there are too old to be obeyed, and when the last message came.
    private var backlogEnd = NIODeadline.uptimeNanoseconds(0)
    private var lastIncoming = NIODeadline.uptimeNanoseconds(0)
    private let isCommand: @Sendable (_ topic: String) -> Bool
    private var effects: [Effect] = []

    /// - Parameter isCommand: whether a message on a topic of this broker moves something.
    init(
        settings: BridgeSettings, identity: String, generator: any RandomNumberGenerator,
        isCommand: @escaping @Sendable (_ topic: String) -> Bool
    ) {
        self.settings = settings
        self.isCommand = isCommand
        self.generator = generator
        status = BridgeStatus(name: settings.name, address: "\(settings.host):\(settings.port)")
        pause = ReconnectPause(
            shortest: .seconds(Int64(settings.shortestPause)), longest: .seconds(Int64(settings.longestPause)))
        loops = LoopGuard(identity: identity)
    }

    /// What is to be done, in order; the caller does all of it.
    mutating func takeEffects() -> [Effect] {
        defer { effects.removeAll() }
        return effects
    }

    /// When `tick` has something to do.
    var deadline: NIODeadline? {
        if case .waiting(let until) = phase { until } else { nil }
    }

    // MARK: The link

    mutating func start() {
        guard phase == .stopped else { return }
        connect()
    }

    mutating func tick(_ now: NIODeadline) {
        guard case .waiting(let until) = phase, now >= until else { return }
        connect()
    }

    /// The other broker has accepted the connection.
    mutating func connected(_ now: NIODeadline) {
        guard phase == .connecting else { return }
        isRefusalCertain = refusesBridgeBit
        phase = .attaching(since: now)
        backlogEnd = now + Self.backlogTime
        lastIncoming = now
        effects.append(.attach)
    }

    /// The other broker refused the protocol level with the bridge bit, or broke the connection off without a word, which
    /// may have the same reason.
    mutating func bridgeBitRefused(isCertain: Bool) {
        guard phase == .connecting, usesBridgeBit else { return }
        refusesBridgeBit = true
        isRefusalCertain = isCertain
        held.removeAll()
        connect()
    }

    var usesBridgeBit: Bool { settings.version < .v5 && !refusesBridgeBit }

    /// The own session is attached and everything is subscribed to.
    mutating func attached(_ now: NIODeadline) {
        guard case .attaching(let since) = phase else { return }
        phase = .up(since: since)
        status.isConnected = true
        status.problem = nil
        status.connects += 1
        effects.append(.changed(isConnected: true, problem: nil))
        while let (publish, packetID) = held.popFirst() { takeIn(publish, packetID, now) }
    }

    /// Either connection could not be made, or has ended.
    mutating func lost(_ problem: String, _ now: NIODeadline) {
        switch phase {
        case .stopped, .waiting: return
        case .connecting, .attaching, .up: break
        }
        if phase == .connecting, refusesBridgeBit, !isRefusalCertain { refusesBridgeBit = false }
        if case .up(let since) = phase, now - since >= Self.provingTime { pause.reset() }
        let wasConnected = status.isConnected
        let isNew = status.problem != problem
        leave()
        status.problem = problem
        phase = .waiting(until: now + pause.next(using: &generator))
        effects.append(.disconnect)
        if wasConnected {
            effects.append(.changed(isConnected: false, problem: problem))
        } else if isNew {
            effects.append(.failed(problem: problem))
        }
    }

    mutating func stop() {
        let wasConnected = status.isConnected
        leave()
        phase = .stopped
        effects.append(.disconnect)
        if wasConnected { effects.append(.changed(isConnected: false, problem: nil)) }
    }

    private mutating func connect() {
        generation &+= 1
        phase = .connecting
        effects.append(.connect(asBridge: usesBridgeBit))
    }

    private mutating func leave() {
        generation &+= 1
        status.isConnected = false
        // Neither side got an acknowledgement, so both send it again.
        outgoing.removeAll()
        incoming.removeAll()
        held.removeAll()
    }

    // MARK: From here to there

    /// The own session brought a message.
    mutating func takeOut(_ publish: Publish, _ now: NIODeadline) {
        switch phase {
        case .attaching, .up: break
        case .stopped, .connecting, .waiting: return
        }
        guard let (route, topic) = route(from: publish.topic, { $0.remoteTopic(of: publish.topic) }) else {
            return skip(publish, .noRoute)
        }
        if loops.isLoop(publish.properties) { return skip(publish, .loop) }
        let properties = settings.version == .v5 ? loops.marked(passedOn(publish.properties)) : Properties()
        let message = Publish(
            topic: topic, payload: publish.payload, qos: min(publish.qos, route.qos),
            retain: publish.retain && route.keepsRetain, properties: properties)
        if watchesForEchoes, route.comesIn { loops.noteSent(topic, publish.payload, now) }
        let id = begin(\.outgoing, publish.packetID)
        effects.append(.send(message, id))
    }

    /// What became of a message that was to be sent there.
    enum Outcome {
        case done
        /// The other broker takes no such message; another try would change nothing.
        case refused(String)
    }

    mutating func sent(_ id: UInt64, _ outcome: Outcome, topic: String) {
        guard finish(id, in: \.outgoing) else { return }
        switch outcome {
        case .done: status.sent += 1
        case .refused(let why): drop(topic, .refusedThere, why)
        }
        acknowledgeOutgoing()
    }

    private mutating func skip(_ publish: Publish, _ reason: BridgeDrop) {
        drop(publish.topic, reason, nil)
        let id = begin(\.outgoing, publish.packetID)
        if finish(id, in: \.outgoing) { acknowledgeOutgoing() }
    }

    private mutating func acknowledgeOutgoing() {
        while let first = outgoing.first, first.isDone {
            outgoing.removeFirst()
            if let packetID = first.packetID { effects.append(.acknowledgeHere(packetID)) }
        }
    }

    // MARK: From there to here

    /// The other broker sent a message. `packetID` is what it wants acknowledged.
    mutating func takeIn(_ publish: Publish, _ packetID: UInt16?, _ now: NIODeadline) {
        switch phase {
        case .up: break
        case .connecting, .attaching:
            noteIncoming(now)
            if packetID == nil, held.count >= Self.heldMessages { return drop(publish.topic, .notReady, nil) }
            held.append((publish, packetID))
            return
        case .stopped, .waiting: return
        }
        noteIncoming(now)
        guard let (route, topic) = route(from: publish.topic, { $0.localTopic(of: publish.topic) }) else {
            return skipIncoming(publish, packetID, .noRoute)
        }
        if isCommand(topic), publish.dup || now < backlogEnd { return skipIncoming(publish, packetID, .staleCommand) }
        let isEcho =
            watchesForEchoes && route.goesOut && !publish.retain
            && loops.takeEcho(publish.topic, publish.payload, now)
        if isEcho || loops.isLoop(publish.properties) { return skipIncoming(publish, packetID, .loop) }
        let message = Publish(
            topic: topic, payload: publish.payload, qos: packetID == nil ? .atMostOnce : .atLeastOnce,
            retain: publish.retain && route.keepsRetain, properties: passedOn(publish.properties))
        let id = begin(\.incoming, packetID)
        effects.append(.publish(message, id))
    }

    /// A backlog comes without breaks, however long it is.
    private mutating func noteIncoming(_ now: NIODeadline) {
        defer { lastIncoming = now }
        guard now < backlogEnd, now - lastIncoming < Self.backlogGap, case .up(let since) = phase else { return }
        backlogEnd = max(backlogEnd, min(now + .seconds(1), since + Self.longestBacklog))
    }

    /// This broker has answered for a message from there; `nil` when its connection has ended before.
    mutating func published(_ id: UInt64, _ reason: ReasonCode?, topic: String) {
        guard let reason, finish(id, in: \.incoming) else { return }
        if reason.isError {
            drop(topic, .refusedHere, "\(reason)")
        } else {
            status.received += 1
        }
        acknowledgeIncoming()
    }

    private mutating func skipIncoming(_ publish: Publish, _ packetID: UInt16?, _ reason: BridgeDrop) {
        drop(publish.topic, reason, nil)
        let id = begin(\.incoming, packetID)
        if finish(id, in: \.incoming) { acknowledgeIncoming() }
    }

    private mutating func acknowledgeIncoming() {
        while let first = incoming.first, first.isDone {
            incoming.removeFirst()
            if let packetID = first.packetID { effects.append(.acknowledgeThere(packetID)) }
        }
    }

    // MARK: Both

    /// The queue of the own session lost messages.
    mutating func queueOverflowed(count: Int) { status.dropped[.queueFull, default: 0] += count }

    /// Whether the other broker may send our own messages back without a mark.
    private var watchesForEchoes: Bool { settings.version < .v5 && refusesBridgeBit }

    private func route(
        from topic: String, _ rename: (BridgeRoute) -> String?
    ) -> (BridgeRoute, String)? {
        for route in settings.routes {
            if let renamed = rename(route) { return (route, renamed) }
        }
        return nil
    }

    /// What concerns the message and not the one hop that it came by.
    private func passedOn(_ properties: Properties) -> Properties {
        var properties = properties
        properties.remove(.topicAlias)
        properties.remove(.subscriptionIdentifier)
        return properties
    }

    private mutating func begin(
        _ crossings: WritableKeyPath<BridgeCore, Deque<Crossing>>, _ packetID: UInt16?
    ) -> UInt64 {
        lastID &+= 1
        self[keyPath: crossings].append(Crossing(id: lastID, packetID: packetID))
        return lastID
    }

    /// Whether the message was still under way.
    private mutating func finish(_ id: UInt64, in crossings: WritableKeyPath<BridgeCore, Deque<Crossing>>) -> Bool {
        guard let index = self[keyPath: crossings].firstIndex(where: { $0.id == id }) else { return false }
        self[keyPath: crossings][index].isDone = true
        return true
    }

    private mutating func drop(_ topic: String, _ reason: BridgeDrop, _ detail: String?) {
        status.dropped[reason, default: 0] += 1
        effects.append(.dropped(topic: topic, reason, detail: detail))
    }
}
