import Logging
import MQTTBroker
import MQTTClient
import MQTTCodec
import MQTTServer
import NIOCore

/// Does what a `BridgeCore` says: the connection to the other broker, the session on this one, the clock.
///
/// Unchecked: every member but the constants is used on `eventLoop` only, which `perform` asserts.
final class BridgeLink: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let settings: BridgeSettings
    private let server: MQTTServer
    private let security: BridgeSecurity?
    private let subscriptions: any SubscriptionMemory
    private let onChange: @Sendable (Bool, String?) -> Void
    private let logger: Logger
    private let figures: BridgeFigures

    private var core: BridgeCore
    private var client: MQTTClient?
    private var session: InProcessSession?
    /// Acknowledgements from before `session` was known.
    private var earlyAcknowledgements: [UInt16] = []
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private var logged: [BridgeDrop: NIODeadline] = [:]

    /// How many messages may cross at once in each direction.
    private static let window: UInt16 = 100
    /// A reason for dropping is logged no more often than this.
    private static let logPause = TimeAmount.seconds(10)

    init(
        core: BridgeCore, server: MQTTServer, security: BridgeSecurity?, subscriptions: any SubscriptionMemory,
        eventLoop: any EventLoop, figures: BridgeFigures, onChange: @escaping @Sendable (Bool, String?) -> Void,
        logger: Logger
    ) {
        self.core = core
        settings = core.settings
        self.server = server
        self.security = security
        self.subscriptions = subscriptions
        self.eventLoop = eventLoop
        self.figures = figures
        self.onChange = onChange
        self.logger = logger
    }

    static func sessionOptions(_ settings: BridgeSettings) -> InProcessSession.Options {
        var options = InProcessSession.Options(clientID: settings.localClientID)
        options.receiveMaximum = window
        return options
    }

    /// - Parameter sendsRetained: whether the other side is to get what is retained here. Never on a route that goes both
    ///   ways: what is there may be newer.
    static func localSubscription(_ route: BridgeRoute, sendsRetained: Bool) -> Subscription {
        Subscription(
            filter: route.localFilter, qos: route.qos, noLocal: true, retainAsPublished: true,
            retainHandling: sendsRetained && route.direction == .out && route.keepsRetain ? .send : .doNotSend)
    }

    func start() {
        tellState(false)
        perform { core, _ in core.start() }
    }

    /// Ends both connections and returns when they are closed.
    func stop() async {
        let open: (client: MQTTClient?, session: InProcessSession?) = await withCheckedContinuation { continuation in
            eventLoop.execute { [self] in
                let open = (client, session)
                perform { core, _ in core.stop() }
                continuation.resume(returning: open)
            }
        }
        await open.client?.closed()
        await open.session?.close()
    }

    /// Changes the core and does what comes of it.
    func perform(_ body: (inout BridgeCore, NIODeadline) -> Void) {
        eventLoop.assertInEventLoop()
        body(&core, .now())
        guard !isDraining else { return }
        isDraining = true
        while case let effects = core.takeEffects(), !effects.isEmpty {
            for effect in effects { carryOut(effect) }
        }
        isDraining = false
        figures.update(core.status)
        if let deadline = core.deadline {
            timer?.cancel()
            timer = eventLoop.scheduleTask(deadline: deadline) { [weak self] in
                self?.perform { core, now in core.tick(now) }
            }
        }
    }

    /// As `perform`, from anywhere, unless the connections that `generation` is about have ended.
    private func later(_ generation: UInt64, _ body: @escaping @Sendable (inout BridgeCore, NIODeadline) -> Void) {
        if eventLoop.inEventLoop {
            guard core.generation == generation else { return }
            perform(body)
        } else {
            eventLoop.execute { [self] in
                guard core.generation == generation else { return }
                perform(body)
            }
        }
    }

    private func carryOut(_ effect: BridgeCore.Effect) {
        switch effect {
        case .connect(let asBridge): connect(asBridge: asBridge)
        case .attach: attach()
        case .send(let publish, let id): send(publish, id)
        case .publish(let publish, let id):
            let generation = core.generation
            session?.publish(publish) { [self] reason in
                later(generation) { core, _ in core.published(id, reason, topic: publish.topic) }
            }
        case .acknowledgeHere(let packetID):
            if let session { session.acknowledge(packetID) } else { earlyAcknowledgements.append(packetID) }
        case .acknowledgeThere(let packetID): client?.acknowledge(packetID)
        case .disconnect: disconnect()
        case .changed(let isConnected, let problem):
            tellState(isConnected)
            if isConnected {
                logger.notice("the bridge is connected", metadata: ["address": "\(core.status.address)"])
            } else {
                logger.warning("the bridge has lost its connection", metadata: ["reason": "\(problem ?? "stopped")"])
            }
            onChange(isConnected, problem)
        case .failed(let problem):
            logger.warning(
                "the bridge can't connect", metadata: ["address": "\(core.status.address)", "reason": "\(problem)"])
        case .dropped(let topic, let reason, let detail): log(topic, reason, detail)
        }
    }

    /// Mosquitto's topic for the state of a bridge.
    private func tellState(_ isConnected: Bool) {
        server.post(
            LocalMessage(
                topic: "$SYS/broker/connection/\(settings.name)/state", text: isConnected ? "1" : "0",
                qos: .atLeastOnce,
                retain: true))
    }

    private func log(_ topic: String, _ reason: BridgeDrop, _ detail: String?) {
        let now = NIODeadline.now()
        let level: Logger.Level = reason == .loop ? .debug : .warning
        if let last = logged[reason], now - last < Self.logPause { return }
        logged[reason] = now
        logger.log(
            level: level, "a message did not cross the bridge",
            metadata: [
                "topic": "\(topic)", "reason": "\(reason.rawValue)", "detail": "\(detail ?? "")",
                "count": "\(core.status.dropped[reason] ?? 0)",
            ])
    }

    // MARK: The other broker

    private func connect(asBridge: Bool) {
        let generation = core.generation
        var options = MQTTClient.Options(host: settings.host, port: settings.port, clientID: settings.clientID)
        options.version = settings.version
        options.cleanStart = false
        options.keepAliveSeconds = settings.keepAlive
        options.userName = settings.userName
        options.password = settings.password
        options.isBridge = asBridge
        options.acknowledgesByHand = true
        if settings.version == .v5 {
            options.properties = [.sessionExpiryInterval(.max), .receiveMaximum(Self.window)]
        }
        if let security { options.prepareChannel = { try security.prepare($0) } }
        MQTTClient.connect(
            options, on: eventLoop,
            onMessage: { [self] message in
                let publish = Publish(
                    topic: message.topic, payload: message.payload, qos: message.qos, retain: message.retain,
                    dup: message.dup, properties: message.properties)
                let packetID = message.packetID
                later(generation) { core, now in core.takeIn(publish, packetID, now) }
            },
            onClose: { [self] error in
                later(generation) { core, now in core.lost("\(error ?? .closed)", now) }
            },
            completion: { [self] result in connected(result, generation) })
    }

    private func connected(_ result: Result<MQTTClient, MQTTClientError>, _ generation: UInt64) {
        guard core.generation == generation else {
            if case .success(let client) = result { client.abort() }
            return
        }
        switch result {
        case .success(let client):
            self.client = client
            perform { core, now in core.connected(now) }
        case .failure(let error):
            if core.usesBridgeBit {
                switch error {
                case .refused(.unsupportedProtocolVersion, _):
                    return perform { core, _ in core.bridgeBitRefused(isCertain: true) }
                case .connectionLost: return perform { core, _ in core.bridgeBitRefused(isCertain: false) }
                default: break
                }
            }
            perform { core, now in core.lost("\(error)", now) }
        }
    }

    private func send(_ publish: Publish, _ id: UInt64) {
        guard let client else { return }
        let generation = core.generation
        let topic = publish.topic
        let server = client.info.properties
        let qos = min(publish.qos, server.maximumQoS ?? .exactlyOnce)
        guard qos != .atMostOnce || client.isWritable else {
            return perform { core, _ in core.sent(id, .refused("the connection is too slow"), topic: topic) }
        }
        client.send(
            topic: topic, payload: publish.payload, qos: qos,
            retain: publish.retain && server.retainAvailable ?? true, properties: publish.properties
        ) { [self] result in
            later(generation) { core, now in
                switch result {
                case .success: core.sent(id, .done, topic: topic)
                case .failure(let error):
                    switch error {
                    case .publishRefused, .notAcceptedByServer, .invalid:
                        core.sent(id, .refused("\(error)"), topic: topic)
                    default: core.lost("\(error)", now)
                    }
                }
            }
        }
    }

    private func disconnect() {
        timer?.cancel()
        earlyAcknowledgements = []
        let (client, session) = (client, session)
        (self.client, self.session) = (nil, nil)
        Task {
            await session?.close()
            await client?.disconnect()
        }
    }

    // MARK: This broker

    private func attach() {
        guard let client else { return }
        let generation = core.generation
        Task { [self] in
            do {
                let session = try await server.openSession(
                    Self.sessionOptions(settings),
                    onMessage: { [self] publish in
                        later(generation) { core, now in core.takeOut(publish, now) }
                    },
                    onClose: { [self] in
                        later(generation) { core, now in core.lost("the session on this broker has ended", now) }
                    })
                guard await adopt(session, generation) else { return await session.close() }
                for route in settings.routes where route.direction != .in {
                    try await session.subscribe(Self.localSubscription(route, sendsRetained: true))
                }
                try await subscribe(client)
                later(generation) { core, now in core.attached(now) }
            } catch {
                later(generation) { core, now in core.lost("\(error)", now) }
            }
        }
    }

    /// Whether the session is still wanted.
    private func adopt(_ session: InProcessSession, _ generation: UInt64) async -> Bool {
        await withCheckedContinuation { continuation in
            eventLoop.execute { [self] in
                let isWanted = core.generation == generation
                if isWanted {
                    self.session = session
                    for packetID in earlyAcknowledgements { session.acknowledge(packetID) }
                    earlyAcknowledgements = []
                }
                continuation.resume(returning: isWanted)
            }
        }
    }

    private func subscribe(_ client: MQTTClient) async throws {
        let routes = settings.routes.filter { $0.direction != .out }
        let wanted = Set(routes.map(\.remoteFilter))
        let known = subscriptions.filters()
        // Kept before it is asked for: a crash between the two must not leave a subscription that nobody knows of.
        subscriptions.keep(known.union(wanted))
        let unwanted = known.subtracting(wanted)
        if !unwanted.isEmpty { _ = try await client.unsubscribe(unwanted.sorted()) }
        subscriptions.keep(wanted)
        guard !routes.isEmpty else { return }
        let isV5 = settings.version == .v5
        let answers = try await client.subscribe(
            routes.map { route in
                Subscription(
                    filter: route.remoteFilter, qos: route.qos, noLocal: isV5, retainAsPublished: isV5,
                    retainHandling: isV5 && route.qos > .atMostOnce ? .sendIfNew : .send)
            })
        for (route, answer) in zip(routes, answers) where answer.isError {
            logger.error(
                "the other broker refuses a subscription",
                metadata: ["filter": "\(route.remoteFilter)", "reason": "\(answer)"])
        }
    }
}
