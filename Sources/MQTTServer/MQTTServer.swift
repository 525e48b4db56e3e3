public import Logging
public import MQTTBroker
public import MQTTCodec
import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// An MQTT broker on SwiftNIO: listeners, connections and event loops around the deterministic `BrokerCore`.
///
/// Call `start()`, then `run()` (or hand the server to a `ServiceGroup`, which calls `run()`; that starts it if needed).
public final class MQTTServer: Service, Sendable {
    private struct State {
        var hasStarted = false
        var listeners: [any Channel] = []
    }

    private let configuration: Configuration
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger
    private let loops: [BrokerLoop]
    private let store: (any DurableStore)?
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
        let all = Array(eventLoopGroup.makeIterator())
        let eventLoops = configuration.eventLoops > 1 ? all : Array(all.prefix(1))
        let hub = BrokerHub(shards: eventLoops.count, limits: configuration.limits, store: store)
        let directory = LoopDirectory()
        loops = eventLoops.enumerated().map { index, eventLoop in
            var generator = SystemRandomNumberGenerator()
            let core = BrokerCore(index: index, hub: hub, policy: policy) { generator.next() }
            return BrokerLoop(index: index, eventLoop: eventLoop, core: core) { directory.wake($0) }
        }
        directory.set(loops)
    }

    /// Binds every listener, or none. Throws `StartError`.
    public func start() async throws -> BoundAddresses {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        guard isFirst else { throw StartError.alreadyStarted }
        if let store { await restore(from: store) }
        var bound = BoundAddresses()
        do {
            for address in configuration.tcp { bound.tcp.append(try await listen(on: address, kind: .tcp)) }
            for address in configuration.webSocket {
                bound.webSocket.append(try await listen(on: address, kind: .webSocket))
            }
        } catch {
            await closeListeners()
            throw error
        }
        return bound
    }

    /// Serves until graceful shutdown or cancellation, then closes the listeners and every connection and returns
    /// within 2 seconds.
    public func run() async throws {
        if !state.withLock({ $0.hasStarted }) { _ = try await start() }
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

    /// Closes a client's connection, if it has one; MQTT 5 clients are told 0x98 (administrative action).
    public func disconnect(clientID: String) {
        for loop in loops {
            loop.eventLoop.execute {
                _ = loop.withCore { core, now in core.disconnect(clientID: clientID, now: now) }
            }
        }
    }

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

    private func listen(on address: HostPort, kind: Listener.Kind) async throws -> HostPort {
        let listener = Listener(kind: kind, address: address, configuration: configuration, loops: loops)
        do {
            let channel = try await listener.bind(group: group)
            state.withLock { $0.listeners.append(channel) }
            let bound = HostPort(host: address.host, port: channel.localAddress?.port ?? address.port)
            logger.info("listening for MQTT", metadata: ["listener": "\(kind)", "address": "\(bound)"])
            return bound
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw StartError.addressInUse(address)
        } catch {
            throw StartError.cannotListen(address, reason: "\(error)")
        }
    }

    private func closeListeners() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { try? await listener.close().get() }
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
