public import EventLog
public import Foundation
import GarageDomain
import Hummingbird
import HummingbirdCore
public import Ingest
public import Logging
public import NIOCore
public import NIOSSL
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
        public var allowedHosts: AllowedNames
        /// Origins whose pages may use the API from a browser, for example `https://panel.example`.
        public var allowedOrigins: AllowedNames
        /// Where weaknesses are to be reported at the moment, as URIs; without any there is no `security.txt`.
        public var securityContacts: @Sendable () -> [String]
        /// A Unix domain socket for the command line of the user who owns the service, which needs no other proof.
        public var controlSocket: String?
        /// What each new connection is encrypted with; `nil` for plain HTTP.
        public var tls: (@Sendable () -> NIOSSLContext)?
        /// Whether a balancer has this address. Then only balancers may connect, and each connection begins with a PROXY
        /// protocol (version 2) header that says whose it is. `nil` if clients connect themselves.
        public var isBalancer: (@Sendable (SocketAddress) -> Bool)?

        public init(
            host: String, port: Int, webRoot: String? = nil, timeZone: TimeZone = .current,
            idleTimeout: Duration = .seconds(75), allowedHosts: AllowedNames = AllowedNames(),
            allowedOrigins: AllowedNames = AllowedNames(),
            securityContacts: @escaping @Sendable () -> [String] = { [] },
            controlSocket: String? = nil, tls: (@Sendable () -> NIOSSLContext)? = nil,
            isBalancer: (@Sendable (SocketAddress) -> Bool)? = nil
        ) {
            self.host = host
            self.port = port
            self.webRoot = webRoot
            self.timeZone = timeZone
            self.idleTimeout = idleTimeout
            self.allowedHosts = allowedHosts
            self.allowedOrigins = allowedOrigins
            self.securityContacts = securityContacts
            self.controlSocket = controlSocket
            self.tls = tls
            self.isBalancer = isBalancer
        }
    }

    private let configuration: Configuration
    private let views: Views
    private let admission: HTTPAdmission
    private let responder: RouterResponder<WebContext>
    private let webSocket: (@Sendable (_ channel: any Channel, _ client: SocketAddress?) throws -> Void)?
    private let onBound: @Sendable (_ host: String, _ port: Int) async -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - devices: mapping rules and the webhooks of LoRaWAN servers; `nil` leaves both out.
    ///   - webhooks: what the senders of webhooks have to know at the moment; one without a secret is not there.
    ///   - status: the checks of the parts that the server does not know itself.
    ///   - metrics: writes what `GET /metrics` answers, by the request's `Accept` header; `nil` for no such page.
    ///   - webSocket: takes connections that begin with a request for the WebSocket at `/mqtt`, and their client's address,
    ///     on their event loop; their pipeline is empty. `nil` to have no such path.
    ///   - broker: how the MQTT broker is, for the page about it; `nil` if that can't be told.
    ///   - maintenance: what the control socket offers beside the API; `nil` for nothing.
    ///   - access: who may do what; `nil` lets everyone do everything.
    ///   - admission: bounds what clients may take.
    ///   - onBound: called once the port is bound, before the first request is answered.
    /// - Throws: if a template or a language file can't be read.
    public init(
        configuration: Configuration, views: Views, log: EventLog, door: any CommandDoor,
        devices: (any DeviceDoor)? = nil, webhooks: @escaping @Sendable () -> WebhookSecrets = { WebhookSecrets() },
        status: @escaping @Sendable () async -> ServiceStatus,
        metrics: (@Sendable (_ accept: String?) async -> MetricsText)? = nil,
        webSocket: (@Sendable (_ channel: any Channel, _ client: SocketAddress?) throws -> Void)? = nil,
        broker: @escaping @Sendable () async -> BrokerReport? = { nil }, maintenance: (any Maintenance)? = nil,
        access: AccessControl? = nil, admission: HTTPAdmission = HTTPAdmission(), logger: Logger,
        onBound: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) throws {
        self.configuration = configuration
        self.views = views
        self.admission = admission
        self.logger = logger
        self.webSocket = webSocket
        self.onBound = onBound
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            RequestMetrics()
            RequestLimits(admission: admission)
            TargetLimit()
            PathGuard()
            HostGuard(allowed: configuration.allowedHosts)
            CrossOrigin(allowed: configuration.allowedOrigins)
            Compression()
        }
        let files = configuration.webRoot.map { WebFiles(folder: $0) } ?? .embedded
        let journal = access.map { AccessJournal(now: Pages.systemTime, record: $0.record) }
        let door: any CommandDoor =
            if let access, let journal {
                GuardedDoor(door: door, access: access, journal: journal, now: Pages.systemTime)
            } else { door }
        let devices: (any DeviceDoor)? = access == nil ? devices : devices.map { GuardedDevices(devices: $0) }
        let pages = try Pages(
            views: views, door: door, files: files, timeZone: configuration.timeZone, broker: broker)
        if let access, let journal {
            router.addMiddleware {
                APIErrors()
                PageErrors(pages: pages)
                AccessMiddleware(access: access, journal: journal)
            }
            let signIn = SignInPages(pages: pages, access: access, journal: journal)
            signIn.addRoutes(to: router)
            SettingsPages(signIn: signIn).addRoutes(to: router)
        }
        router.addMiddleware { AcknowledgedFirst(views: views) }
        try API(
            views: views, door: door, devices: devices, journal: journal, webhooks: webhooks, log: log, files: files,
            clock: SiteClock(timeZone: configuration.timeZone),
            now: Pages.systemTime, status: status, metrics: metrics, securityContacts: configuration.securityContacts
        ).addRoutes(to: router)
        pages.addRoutes(to: router)
        if let maintenance {
            let templates = pages.templates
            ControlEndpoints(maintenance: maintenance) { templates.forgetRows() }.addRoutes(to: router)
        }
        if let devices { MappingPages(pages: pages, devices: devices).addRoutes(to: router) }
        PageMethods.close(router)
        responder = router.buildResponder()
    }

    /// HTTP, and the WebSocket if there is one, over TLS if there is a certificate.
    private var protocols: HTTPServerBuilder {
        let timeLimit: @Sendable () -> TimeAmount = { [admission] in .seconds(Int64(admission.limits.requestSeconds)) }
        // The limit in force is below this and answers; this bounds what is kept until then.
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadline(timeLimit: timeLimit)],
            idleTimeout: TimeAmount(configuration.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 64 * 1024, maxHeaderListSize: 80 * 1024, maxHeaderFieldCount: 100))
        let (webSocket, admission) = (webSocket, admission)
        let (tls, isBalancer) = (configuration.tls, configuration.isBalancer)
        return HTTPServerBuilder { responder in
            let plain = HTTP1Channel(responder: responder, configuration: http)
            /// The limits, and TLS if there is a certificate, in front of what serves a client's connections.
            func guarded(
                _ serve: @escaping @Sendable (_ client: SocketAddress?) -> some ServerChildChannel
            ) -> any ServerChildChannel {
                guard let tls else {
                    return ClientChannel(isBalancer: isBalancer, admission: admission, timeLimit: timeLimit) {
                        AdmittedChannel(base: serve($0), admission: admission, client: $0, isEncrypted: false)
                    }
                }
                return ClientChannel(isBalancer: isBalancer, admission: admission, timeLimit: timeLimit) {
                    AdmittedChannel(
                        base: TLSChannel(serve($0), context: tls), admission: admission, client: $0, isEncrypted: true)
                }
            }
            guard let webSocket else { return guarded { _ in plain } }
            return guarded { WebSocketSwitch(http: plain, upgrade: webSocket, client: $0, timeLimit: timeLimit) }
        }
    }

    /// Serves until the service is shut down: then it takes no new connection, ends the live streams, and returns when the
    /// requests under way are answered. Throws if the port can't be bound.
    public func run() async throws {
        let onBound = onBound
        let (bound, isBound) = AsyncStream<Void>.makeStream()
        let application = Application(
            responder: responder,
            server: protocols,
            configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { channel in
                guard let address = channel.localAddress, let port = address.port else { return }
                await onBound(address.ipAddress ?? "", port)
                isBound.yield()
            },
            logger: logger
        )
        try await withGracefulShutdownHandler {
            // A port that is taken ends the service, and must not find it serving the socket.
            async let control: Void = serveControl(after: bound)
            try await application.run()
            isBound.finish()
            try await control
        } onGracefulShutdown: { [views] in
            views.endLiveEvents()
        }
    }

    /// Serves the same on the control socket, once the port is bound. Without the socket the service runs all the same,
    /// so a path that can't be used is only logged.
    private func serveControl(after bound: AsyncStream<Void>) async throws {
        guard let path = configuration.controlSocket else { return }
        guard path.utf8.count < 104 else {
            logger.warning("the path of the control socket is too long", metadata: ["path": "\(path)"])
            return
        }
        for await _ in bound {
            // One process owns the data folder, so a socket that lies there is left over.
            try? FileManager.default.removeItem(atPath: path)
            try await Application(
                responder: responder, configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
                logger: logger
            ).run()
            return
        }
    }
}
