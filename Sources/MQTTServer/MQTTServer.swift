public import Logging
public import MQTTBroker
public import MQTTCodec
import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// An MQTT broker: listeners, connections and event loops around the deterministic `BrokerCore`. On Linux unencrypted
/// connections are served from the system's sockets; TLS and WebSocket, and other platforms, by SwiftNIO's channels.
///
/// Call `start()`, then `run()` (or hand the server to a `ServiceGroup`, which calls `run()`; that starts it if needed).
public final class MQTTServer: Service, Sendable {
    private struct State {
        var hasStarted = false
        var listeners: [OpenListener] = []
        /// Files of Unix domain sockets that are to go with their listeners.
        var socketFiles: [String] = []
        var security: SecurityContext?
    }

    let configuration: Configuration
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger
    private let hub: BrokerHub
    private let loops: [BrokerLoop]
    private let directory = LoopDirectory()
    private let store: (any DurableStore)?
    let gate: ConnectionGate
    let terms: ConnectionTerms
    private let handshakes: HandshakeGate
    private let metrics = Mutex(BrokerMetrics())
    private let state = Mutex(State())

    /// - Parameter store: keeps what must outlive the process; without it everything is in memory only.
    public init(
        configuration: Configuration, policy: any BrokerPolicy, eventLoopGroup: MultiThreadedEventLoopGroup,
        store: (any DurableStore)? = nil, logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.logger = logger
        group = eventLoopGroup
        gate = ConnectionGate(limits: configuration.admission, logger: logger)
        terms = ConnectionTerms(configuration)
        handshakes = HandshakeGate(limit: configuration.admission.maximumHandshakes)
        let eventLoops = Self.eventLoops(configuration, eventLoopGroup)
        hub = BrokerHub(shards: eventLoops.count, limits: configuration.limits, store: store)
        let (hub, directory) = (hub, directory)
        loops = eventLoops.enumerated().map { index, eventLoop in
            var generator = SystemRandomNumberGenerator()
            let core = BrokerCore(index: index, hub: hub, policy: policy) { generator.next() }
            return BrokerLoop(index: index, eventLoop: eventLoop, core: core) { directory.wake($0) }
        }
        directory.set(loops)
    }

    deinit {
        Self.abandon(loops)
        directory.set([])
    }

    /// Binds every listener, or none. Throws `StartError`.
    public func start() async throws -> BoundAddresses {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        guard isFirst else { throw StartError.alreadyStarted }
        if let store { await restore(from: store) }
        let security = try configuration.security.map { settings throws(StartError) in try SecurityContext(settings) }
        state.withLock { $0.security = security }
        do {
            return try await listen(security)
        } catch {
            await closeListeners()
            throw error
        }
    }

    /// Reads the files of `Configuration.security` again, for connections to come. Those under way keep going. Throws a
    /// `StartError`, and keeps the old certificates, if the files can't be used. Does nothing without TLS.
    public func reloadCertificates() throws(StartError) {
        guard let security = state.withLock({ $0.security }) else { return }
        try security.reload()
        logger.notice("the certificates have been read again")
    }

    /// Serves until graceful shutdown or cancellation, then closes the listeners and every connection and returns
    /// within 2 seconds.
    public func run() async throws {
        if !state.withLock({ $0.hasStarted }) { _ = try await start() }
        let reporting = Task { await publishSystemTopics() }
        defer { reporting.cancel() }
        // Throws on cancellation, which is just another way to be told to stop.
        try? await gracefulShutdown()
        await stop()
    }

    /// Publishes to every loop and returns the number of connected subscribers that it was handed to.
    public func publish(_ message: LocalMessage) async -> Int {
        var live = await onLoop(loops[0]) { core, now in core.publish(message, now: now) }
        for loop in loops.dropFirst() {
            live += await onLoop(loop) { core, now in
                message.neverQueued ? core.publish(message, now: now) : core.countReceivers(of: message.topic)
            }
        }
        return live
    }

    /// Whether any session, connected or not, would get a message with this topic now: for what is costly to write and
    /// often for nobody.
    public func hasReceivers(of topic: String) async -> Bool {
        for loop in loops where await onLoop(loop, { core, _ in core.hasReceivers(of: topic) }) { return true }
        return false
    }

    /// Publishes without waiting for the outcome. Messages of one thread keep their order.
    public func post(_ message: LocalMessage) {
        for loop in message.neverQueued ? loops[...] : loops[..<1] {
            loop.eventLoop.execute {
                _ = loop.withCore { core, now in core.publish(message, now: now) }
            }
        }
    }

    /// Lets held acknowledgements go. Success acknowledges; a code of 0x80 and above tells an MQTT 5 client that the
    /// publish failed. For MQTT 3, which cannot be told, a failure closes the connection so that the client sends again.
    public func release(_ releases: [(HoldTicket, ReasonCode)]) {
        for loop in loops {
            let own = releases.filter { Int($0.0.shard) == loop.index }
            guard !own.isEmpty else { continue }
            loop.eventLoop.execute {
                loop.withCore { core, now in
                    for (ticket, reason) in own { core.release(ticket, reason, now: now) }
                }
            }
        }
    }

    /// The loop that serves what belongs to no socket.
    var firstLoop: BrokerLoop { loops[0] }

    /// Reports the broker's figures through swift-metrics, as metrics whose names begin with `mqtt.`. Counters are moved
    /// on by what has come since the last report, so call this before the metrics are read.
    public func reportMetrics() async {
        let figures = await statistics()
        metrics.withLock { $0.report(figures, gate.figures, handshakes.figures) }
    }

    /// Publishes `$SYS` now and then until it is cancelled. Looks every second whether it is time, as the interval may
    /// change.
    private func publishSystemTopics() async {
        var topics = SystemTopics(version: configuration.version)
        let start = ContinuousClock.now
        var last: ContinuousClock.Instant?
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let interval = Duration.seconds(Int64(terms.current.systemTopicsInterval))
            if interval > .zero, last.map({ now - $0 >= interval }) ?? true {
                let messages = topics.update(
                    await statistics(), uptime: Int((now - start).components.seconds),
                    interval: (now - (last ?? start)) / .seconds(1), memory: ProcessMemory.resident())
                last = now
                for message in messages { post(message) }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Figures over all loops.
    public func statistics() async -> BrokerStatistics {
        var total = BrokerStatistics()
        for loop in loops { total += await onLoop(loop) { core, _ in core.statistics() } }
        return total
    }

    /// Every session, sorted by client identifier.
    public func clients() async -> [ClientInfo] {
        var all: [ClientInfo] = []
        for loop in loops { all += await onLoop(loop) { core, _ in core.clients() } }
        return all.sorted { $0.clientID < $1.clientID }
    }

    /// The retained messages, sorted by topic, at most `limit`; `nil` if there are too many to look at: more than 20000.
    public func retainedMessages(limit: Int) async -> [RetainedInfo]? {
        guard let loop = loops.first else { return [] }
        return await onLoop(loop) { core, now in core.retainedMessages(limit: limit, now: now) }
    }

    /// Closes a client's connection, if it has one; MQTT 5 clients are told 0x98 (administrative action).
    public func disconnect(clientID: String) {
        for loop in loops {
            loop.eventLoop.execute {
                _ = loop.withCore { core, now in core.disconnect(clientID: clientID, now: now) }
            }
        }
    }

    /// Asks the policy again about every subscription of the connected clients, after rights were taken away. A client that
    /// would not be granted one of them now is disconnected, and its session ends.
    public func reviewRights() {
        for loop in loops {
            loop.eventLoop.execute { loop.withCore { core, now in core.reviewRights(now: now) } }
        }
    }

    /// Takes up what can change while the server runs: `limits`, `admission`, `allowedOrigins`, `allowedHosts`,
    /// `trustedProxies`, `lenient`, `lenientAddresses` and `systemTopicsInterval`. All else in the configuration is passed
    /// over.
    ///
    /// It binds what comes next. Connections that are there stay, and are held to what their CONNACK has said; nothing
    /// that waits for a client or is retained is lost because a limit is lower now.
    public func adopt(_ new: Configuration) {
        gate.replaceLimits(new.admission)
        handshakes.replaceLimit(new.admission.maximumHandshakes)
        terms.replace(with: new)
        hub.replaceLimits(new.limits)
        for loop in loops {
            loop.eventLoop.execute { loop.withCore { core, _ in core.replaceLimits(new.limits) } }
        }
    }

    /// Whether new clients are sent to `BrokerLimits.serverReference` with 0x9C (use another server), for the time
    /// before an update for example. Without a reference it changes nothing.
    public func setDraining(_ drains: Bool) { hub.setDraining(drains) }

    // MARK: Durability

    /// Brings back what an earlier run left behind. Every loop has its part before anything that is due happens.
    private func restore(from store: any DurableStore) async {
        store.setReceiver { [loops] shard, number in
            guard shard < loops.count else { return }
            let loop = loops[shard]
            loop.eventLoop.execute { loop.withCore { core, now in core.committed(number, now: now) } }
        }
        let state = store.takeState(now: NIODeadline.now().uptimeNanoseconds)
        for loop in loops { await onLoop(loop) { core, now in core.restore(state, now: now) } }
        for loop in loops { await onLoop(loop) { core, now in core.expire(now: now) } }
    }

    // MARK: Listening

    private func listen(_ security: SecurityContext?) async throws -> BoundAddresses {
        var bound = BoundAddresses()
        for address in configuration.tcp { bound.tcp.append(try await listen(on: address, .tcp, nil)) }
        for address in configuration.tls { bound.tls.append(try await listen(on: address, .tls, security)) }
        for address in configuration.webSocket {
            bound.webSocket.append(try await listen(on: address, .webSocket, nil))
        }
        for address in configuration.secureWebSocket {
            bound.secureWebSocket.append(try await listen(on: address, .secureWebSocket, security))
        }
        for path in configuration.unix {
            _ = try await listen(.unix, .path(path), name: path, nil)
            state.withLock { $0.socketFiles.append(path) }
            bound.unix.append(path)
        }
        return bound
    }

    private func listen(
        on address: HostPort, _ kind: ListenerKind, _ security: SecurityContext?
    ) async throws -> HostPort {
        if kind.isSecure, security == nil {
            throw StartError.cannotListen("\(address)", reason: "TLS needs a certificate and its key")
        }
        let listener = try await listen(kind, .address(address), name: "\(address)", security)
        return HostPort(host: address.host, port: listener.port ?? address.port)
    }

    private func listen(
        _ kind: ListenerKind, _ place: Listener.Place, name: String, _ security: SecurityContext?
    ) async throws -> OpenListener {
        let listener = Listener(
            kind: kind, place: place, configuration: configuration, loops: loops, security: security, gate: gate,
            terms: terms, handshakes: handshakes)
        do {
            let open = try await listener.open(group: group)
            state.withLock { $0.listeners.append(open) }
            var metadata: Logger.Metadata = ["listener": "\(kind.rawValue)", "address": "\(name)"]
            if let port = open.port { metadata["port"] = "\(port)" }
            logger.info("listening for MQTT", metadata: metadata)
            return open
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw StartError.addressInUse(name)
        } catch SocketFile.Problem.inUse {
            throw StartError.addressInUse(name)
        } catch {
            throw StartError.cannotListen(name, reason: "\(error)")
        }
    }

    private func closeListeners() async {
        let (listeners, files) = state.withLock { state in
            defer {
                state.listeners = []
                state.socketFiles = []
            }
            return (state.listeners, state.socketFiles)
        }
        for listener in listeners { await listener.close() }
        for file in files { SocketFile.remove(file) }
    }

    private func stop() async {
        await closeListeners()
        for loop in loops { await onLoop(loop) { core, now in core.shutdown(now: now) } }
        // Clients get a moment to read their farewell.
        for _ in 0..<30 where await openConnections() > 0 {
            try? await Task.sleep(for: .milliseconds(50))
        }
        for loop in loops {
            try? await loop.eventLoop.submit {
                loop.closeAll()
                loop.stopTimer()
            }.get()
        }
    }

    private func openConnections() async -> Int {
        var count = 0
        for loop in loops {
            count += (try? await loop.eventLoop.submit { loop.connectionCount }.get()) ?? 0
        }
        return count
    }

    private func onLoop<Result: Sendable>(
        _ loop: BrokerLoop, _ body: @escaping @Sendable (BrokerCore, _ now: UInt64) -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            loop.eventLoop.execute { continuation.resume(returning: loop.withCore(body)) }
        }
    }
}

/// Lets loops wake each other; filled once they all exist.
private final class LoopDirectory: Sendable {
    private let loops = Mutex<[BrokerLoop]>([])

    func set(_ loops: [BrokerLoop]) {
        self.loops.withLock { $0 = loops }
    }

    func wake(_ index: Int) {
        guard let loop = loops.withLock({ index < $0.count ? $0[index] : nil }) else { return }
        loop.eventLoop.execute { loop.withCore { core, now in core.deliverMail(now: now) } }
    }
}
