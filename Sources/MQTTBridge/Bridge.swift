public import Logging
import MQTTBroker
import MQTTCodec
public import MQTTServer
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Connects this broker with another one: carries the messages of the configured topics there and back.
///
/// Call `prepare` when the server has started, then `run`.
public final class Bridge: Service {
    public let settings: BridgeSettings
    private let link: BridgeLink
    private let eventLoop: any EventLoop
    private let server: MQTTServer
    private let figures: BridgeFigures

    /// - Parameters:
    ///   - identity: names this broker among all that a message may cross, and is the same for all its bridges.
    ///   - isCommand: whether a message on a topic of this broker moves something.
    ///   - subscriptions: keeps what is subscribed to there.
    ///   - onChange: is told when the other broker is there and when it is no longer, with the reason.
    /// - Throws: `BridgeSetupError` if a file of the settings can't be used.
    public init(
        settings: BridgeSettings, server: MQTTServer, identity: String,
        isCommand: @escaping @Sendable (_ topic: String) -> Bool, subscriptions: any SubscriptionMemory,
        onChange: @escaping @Sendable (_ isConnected: Bool, _ problem: String?) -> Void, logger: Logger
    ) throws(BridgeSetupError) {
        self.settings = settings
        self.server = server
        var logger = logger
        logger[metadataKey: "bridge"] = "\(settings.name)"
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        var security: BridgeSecurity?
        if let tls = settings.tls { security = try BridgeSecurity(tls, host: settings.host) }
        let core = BridgeCore(
            settings: settings, identity: identity, generator: SystemRandomNumberGenerator(), isCommand: isCommand)
        figures = BridgeFigures(core.status)
        link = BridgeLink(
            core: core, server: server, security: security, subscriptions: subscriptions, eventLoop: eventLoop,
            figures: figures, onChange: onChange, logger: logger)
    }

    /// How the bridge is now.
    public func status() async -> BridgeStatus {
        var status = figures.status
        let session = await server.clients().first { $0.clientID == settings.localClientID }
        status.queued = (session?.queuedMessages ?? 0) + (session?.inflightMessages ?? 0)
        return status
    }

    /// The same without the number of messages that wait, at once.
    public var currentStatus: BridgeStatus { figures.status }

    /// Counts messages that the broker had no room for in the bridge's queue.
    public func noteOverflow(count: Int) {
        eventLoop.execute { [link] in link.perform { core, _ in core.queueOverflowed(count: count) } }
    }

    /// Makes the session in which messages wait from now on, and ends the subscriptions that are no longer wanted.
    public func prepare() async throws {
        let session = try await server.openSession(BridgeLink.sessionOptions(settings))
        let wanted = Set(settings.routes.filter { $0.direction != .in }.map(\.localFilter))
        let client = await server.clients().first { $0.clientID == settings.localClientID }
        for filter in client?.subscriptions ?? [] where !wanted.contains(filter) {
            try await session.unsubscribe(filter)
        }
        for route in settings.routes where route.direction != .in {
            try await session.subscribe(BridgeLink.localSubscription(route, sendsRetained: false))
        }
        await session.close()
    }

    /// Ends the sessions of bridges that are configured no more: nobody would ever fetch what waits there.
    public static func removeSessions(on server: MQTTServer, except names: Set<String>) async throws {
        for client in await server.clients() where client.clientID.hasPrefix(BridgeSettings.localPrefix) {
            guard !names.contains(String(client.clientID.dropFirst(BridgeSettings.localPrefix.count))) else { continue }
            var options = InProcessSession.Options(clientID: client.clientID)
            options.cleanStart = true
            options.expiry = 0
            await (try server.openSession(options)).close()
        }
    }

    /// Keeps the connection until graceful shutdown.
    public func run() async throws {
        eventLoop.execute { [link] in link.start() }
        try? await gracefulShutdown()
        await link.stop()
    }
}
