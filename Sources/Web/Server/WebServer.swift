public import EventLog
public import Foundation
import Hummingbird
import HummingbirdCore
public import Ingest
public import Logging
public import NIOCore
public import ServiceLifecycle
public import Views

/// The HTTP server: the pages, the JSON API and the health checks on one port.
public struct WebServer: Service {
    /// Where to listen and what to show.
    public struct Configuration: Sendable {
        public var host: String
        /// 0 picks a free port.
        public var port: Int
        /// A folder that takes the place of the built-in files of `web/`.
        public var webRoot: String?
        /// The zone by whose days the pages are divided.
        public var timeZone: TimeZone
        /// A connection without a request is closed after this time.
        public var idleTimeout: Duration
        /// Names by which the service may be reached beside addresses and `localhost`; `*` stands for every name.
        public var allowedHosts: [String]
        /// Origins whose pages may use the API from a browser, for example `https://panel.example`.
        public var allowedOrigins: [String]

        public init(
            host: String, port: Int, webRoot: String? = nil, timeZone: TimeZone = .current,
            idleTimeout: Duration = .seconds(75), allowedHosts: [String] = [], allowedOrigins: [String] = []
        ) {
            self.host = host
            self.port = port
            self.webRoot = webRoot
            self.timeZone = timeZone
            self.idleTimeout = idleTimeout
            self.allowedHosts = allowedHosts
            self.allowedOrigins = allowedOrigins
        }
    }

    private let configuration: Configuration
    private let views: Views
    private let responder: RouterResponder<WebContext>
    private let webSocket: (@Sendable (any Channel) throws -> Void)?
    private let onBound: @Sendable (_ host: String, _ port: Int) async -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - status: the checks of the parts that the server does not know itself.
    ///   - metrics: writes what `GET /metrics` answers, by the request's `Accept` header; `nil` for no such page.
    ///   - webSocket: takes connections that begin with a request for the WebSocket at `/mqtt`, on their event loop;
    ///     their pipeline is empty. `nil` to have no such path.
    ///   - broker: how the MQTT broker is, for the page about it; `nil` if that can't be told.
    ///   - onBound: called once the port is bound, before the first request is answered.
    /// - Throws: if a template or a language file can't be read.
    public init(
        configuration: Configuration, views: Views, log: EventLog, door: any CommandDoor,
        status: @escaping @Sendable () async -> ServiceStatus,
        metrics: (@Sendable (_ accept: String?) async -> MetricsText)? = nil,
        webSocket: (@Sendable (any Channel) throws -> Void)? = nil,
        broker: @escaping @Sendable () async -> BrokerReport? = { nil }, logger: Logger,
        onBound: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) throws {
        self.configuration = configuration
        self.views = views
        self.logger = logger
        self.webSocket = webSocket
        self.onBound = onBound
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            RequestMetrics()
            TargetLimit()
            HostGuard(configuration.allowedHosts)
            CrossOrigin(configuration.allowedOrigins)
            Compression()
        }
        let files = configuration.webRoot.map { WebFiles(folder: $0) } ?? .embedded
        try API(
            views: views, door: door, log: log, files: files, clock: SiteClock(timeZone: configuration.timeZone),
            now: Pages.systemTime, status: status, metrics: metrics
        ).addRoutes(to: router)
        try Pages(
            views: views, door: door, files: files, timeZone: configuration.timeZone, broker: broker
        ).addRoutes(to: router)
        responder = router.buildResponder()
    }

    /// HTTP, and the WebSocket if there is one.
    private var protocols: HTTPServerBuilder {
        let timeLimit = TimeAmount(configuration.idleTimeout)
        let http = HTTP1Channel.Configuration(
            idleTimeout: timeLimit,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))
        guard let webSocket else { return .http1(configuration: http) }
        return HTTPServerBuilder { responder in
            WebSocketSwitch(
                http: HTTP1Channel(responder: responder, configuration: http), upgrade: webSocket, timeLimit: timeLimit)
        }
    }

    /// Serves until the service is shut down: then it takes no new connection, ends the live streams, and returns when the
    /// requests under way are answered. Throws if the port can't be bound.
    public func run() async throws {
        let onBound = onBound
        let application = Application(
            responder: responder,
            server: protocols,
            configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { channel in
                guard let address = channel.localAddress, let port = address.port else { return }
                await onBound(address.ipAddress ?? "", port)
            },
            logger: logger
        )
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: { [views] in
            views.endLiveEvents()
        }
    }
}
