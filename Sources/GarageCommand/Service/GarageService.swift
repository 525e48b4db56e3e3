import Access
import BrokerStore
import DeviceProfiles
import EventLog
import Foundation
import GarageConfiguration
import GarageDomain
import Ingest
import Logging
import MQTTBroker
import MQTTServer
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Simulator
import UnixSignals
import Views
import Web

/// The whole service: opens the store, wires the parts along the way of the data, and runs them until a signal.
struct GarageService {
    let configuration: ServiceConfiguration
    let attachesDemo: Bool
    /// Reads the configuration anew.
    let reload: @Sendable () async throws -> ServiceConfiguration

    func run() async throws {
        LogSetup.bootstrap(configuration)
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        ServiceMetrics.bootstrap()
        let logger = Logger(label: "garage")
        let settings = try garageSettings(configuration)
        let folder = try DataFolder(path: configuration.dataDirectory)
        ListeningFile.remove(from: folder.path)
        let clock: @Sendable () -> Timestamp = { Timestamp(microseconds: WallClock.microseconds()) }

        let log = try open("the event log") {
            try EventLog.open(
                directory: folder.path, clock: { WallClock.microseconds() }, options: EventLogOptions(configuration))
        }
        if attachesDemo {
            do {
                try await DemoHistory.fill(
                    log, as: .demo(host: "", port: 0), settings: settings,
                    until: clock().adding(milliseconds: -1000))
            } catch { throw Failure("the event log can't be written: \(error)") }
        }
        let headKey = try open("the key of the event log") { try HeadKey.open(directory: folder.path) }
        let views = try open("the views") {
            try Views.open(directory: folder.path, log: log, logger: Logger(label: "views"))
        }
        try await catchUp(views, logger: logger)
        let inForce = ConfigurationInForce(configuration)
        let alerts = try open("the outbox") {
            try makeAlertPosts(log: log, views: views, folder: folder, inForce: inForce)
        }
        let store = configuration.mqttPersistence == false ? nil : try BrokerPersistence.open(in: folder)
        try await recordSetAside(store, alerts, SetAsideAlert(log: log, views: views, now: clock()))
        if let store {
            do {
                let commands = try ForeignDeviceSetup(configuration).commandPositions()
                try await RetainedCommandPurge(commands: commands, log: log, now: clock()).run(store)
            } catch let error as AppendError { throw Failure("the event log can't be written: \(error)") }
        }
        let demoPassword = attachesDemo ? EventID.make(at: clock().microseconds).description : nil
        let devices = try open("the list of devices") { try DeviceRegistry(folder: folder.path) }
        let certificate = try configuration.httpSecurity()
        let access = try makeAccess(folder: folder, log: log, views: views, devices: devices, clock: clock)
        let bridges = try Bridges(configuration)
        let topics = CurrentTopicAccess(
            rules: try TopicRules.read(configuration),
            commands: try ForeignDeviceSetup(configuration).commandPositions())
        let ingest = try open("the event log") {
            try makeIngest(
                log: log, access: access, devices: devices, topics: topics, clock: clock, demoPassword: demoPassword,
                settings: settings, bridges: bridges)
        }

        let announced = HomeAssistantAnnouncer.kept(in: store)
        if let store { ingest.recall(store.retainedAtStart.map { (topic: $0.topic, payload: $0.payload) }) }
        let server = try makeServer(policy: ingest, store: store)
        ingest.attach(server)
        let brokerAddresses = try await start { try await server.start() }
        let bridgeRecord = BridgeRecord(log: log, views: views, clock: clock, logger: Logger(label: "bridge"))
        try await start {
            try await bridges.prepare(
                on: server, identity: identity(of: log), record: bridgeRecord, folder: folder.path)
        }
        let manager = ServiceManager(
            environment: ProcessInfo.processInfo.environment, server: server, log: log,
            logger: Logger(label: "systemd"))
        let http = try HTTPGate(configuration, logger: Logger(label: "http"))
        LimitMetrics.report(configuration)
        let web = try makeWeb(
            log: log, views: views, ingest: ingest, server: server, store: store, access: access,
            certificate: certificate, bridges: bridges, gate: http, inForce: inForce
        ) { host, port in
            let listening = ListeningFile(
                mqtt: brokerAddresses.tcp.first?.description, mqttTLS: brokerAddresses.tls.first?.description,
                mqttWebSocket: brokerAddresses.webSocket.first?.description,
                mqttSecureWebSocket: brokerAddresses.secureWebSocket.first?.description,
                mqttUnix: brokerAddresses.unix.first,
                http: HostPort(host: host, port: port).description, pid: getpid())
            announce(listening, logger: logger)
            announceSetup(access, listening, logger: logger)
            manager?.ready()
            do {
                try listening.write(to: folder.path)
            } catch { logger.error("\(error)") }
        }

        // Stopped in reverse order: the devices first, the store last.
        var services: [any Service] = [
            StoreService(log: log), LogOmissions(), views, ingest, web, server,
            Reload(
                signals: hangUps, configuration: configuration, load: reload, server: server,
                garage: GarageReload(
                    certificate: certificate, topics: topics, http: http, ingest: ingest, log: log, inForce: inForce,
                    alerts: alerts, settings: garageSettings, record: access.record),
                logger: logger),
            RightsReview(devices: devices, registry: access.registry, server: server),
            EventBroadcast(views: views, server: server, logger: Logger(label: "broadcast")),
            GarageMetrics(views: views, logger: Logger(label: "metrics")),
            HeadPublisher(
                log: log, key: headKey, views: views, server: server, inForce: inForce,
                logger: Logger(label: "log")),
            BridgeRecordService(record: bridgeRecord), bridges,
        ]
        if let store { services.insert(BrokerStoreService(store: store), at: 0) }
        services.append(alerts)
        if let keeper = ingest.historyKeeper { services.append(keeper) }
        if let manager { services.append(manager) }
        services.append(
            HomeAssistantAnnouncer(
                views: views, server: server, ingest: ingest,
                prefix: configuration.homeAssistantDiscovery ? configuration.homeAssistantPrefix : nil,
                kept: announced, logger: Logger(label: "home-assistant")))
        if let demoPassword, let address = brokerAddresses.tcp.first {
            var options = SimulationOptions.demo(host: address.host, port: address.port)
            options.username = DeviceGatekeeper.demoUser
            options.password = demoPassword
            services.append(Fleet(options: options, logger: Logger(label: "demo")))
        }
        try await serve(services, logger: logger)
        ListeningFile.remove(from: folder.path)
        try? FileManager.default.removeItem(atPath: folder.path + "/garage.sock")
        logger.notice("stopped")
        withExtendedLifetime(folder) {}
    }

    private func serve(_ services: [any Service], logger: Logger) async throws {
        // For debugging, the group writes down each service with all that it holds, secrets too.
        var logger = logger
        logger.logLevel = max(logger.logLevel, .info)
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        do {
            try await group.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure("address already in use: \(configuration.http)")
        } catch { throw Failure("\(error)") }
    }

    private func makeWeb(
        log: EventLog, views: Views, ingest: Ingest, server: MQTTServer, store: BrokerStore?, access: AccessControl,
        certificate: SecurityContext?, bridges: Bridges, gate: HTTPGate, inForce: ConfigurationInForce,
        onBound: @escaping @Sendable (_ host: String, _ port: Int) async -> Void
    ) throws -> WebServer {
        var contexts: (@Sendable () -> NIOSSLContext)?
        if let certificate { contexts = { certificate.context } }
        let reporter = BrokerReporter(server: server, views: views, bridges: bridges)
        return try WebServer(
            configuration: .init(
                host: configuration.http.host, port: configuration.http.port, webRoot: configuration.httpFiles,
                timeZone: access.timeZone, allowedHosts: gate.hosts, allowedOrigins: gate.origins,
                securityContacts: { inForce.current.httpSecurityContacts },
                controlSocket: configuration.dataDirectory + "/garage.sock",
                tls: contexts, isBalancer: gate.isBalancer),
            views: views, log: log, door: ingest,
            devices: ingest,
            webhooks: {
                let now = inForce.current
                return WebhookSecrets(theThingsStack: now.theThingsStackSecret, chirpStack: now.chirpStackSecret)
            },
            status: {
                let waits = ingest.waitsForStorage
                return ServiceStatus(
                    checks: [
                        .init(
                            name: "ingest", isPassing: !waits,
                            detail: waits ? "the event log can't be written; acknowledgements wait" : nil),
                        .init(brokerStore: store),
                    ] + bridges.checks)
            },
            metrics: ServiceMetrics(server: server).text, webSocket: { try server.serveWebSocket(on: $0, client: $1) },
            broker: { await reporter.report() },
            maintenance: ServiceMaintenance(log: log, views: views, snapshot: ingest.historyKeeper),
            access: access, admission: gate.admission,
            logger: Logger(label: "http"), onBound: onBound)
    }

    /// Names this broker among all that a message may cross on its way over bridges.
    private func identity(of log: EventLog) -> String {
        log.identity.bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// What a configuration means for the garage.
    @Sendable private func garageSettings(_ configuration: ServiceConfiguration) throws -> GarageSettings {
        var settings = try GarageSettings(configuration, timeZone: configuration.zone())
        // The simulated openers warn by themselves, as far as anyone could tell.
        if attachesDemo { settings.everyGate.unattendedClose = .deviceWarns }
        return settings
    }

    private func makeAccess(
        folder: DataFolder, log: EventLog, views: Views, devices: DeviceRegistry,
        clock: @escaping @Sendable () -> Timestamp
    ) throws -> AccessControl {
        let registry = try open("the list of people") {
            try AccessRegistry(folder: folder.path) { clock().microseconds / 1_000_000 }
        }
        let record = AccessRecord(log: log, views: views, clock: clock, logger: Logger(label: "access"))
        return AccessControl(
            registry: registry, isOnLoopback: configuration.http.isLoopback && !configuration.httpProxyProtocol,
            isSecure: configuration.httpCertificate != nil,
            timeZone: try configuration.zone(), devices: devices, record: record.append)
    }

    /// Says where the first person is made, as long as there is none.
    private func announceSetup(_ access: AccessControl, _ listening: ListeningFile, logger: Logger) {
        guard let code = access.registry.setupCode(), let http = listening.http else { return }
        let scheme = configuration.httpCertificate == nil ? "http" : "https"
        let address = "\(scheme)://\(http)/setup?code=\(code)"
        if isatty(STDOUT_FILENO) != 0 {
            print("Setup:  \(address)\n        (once; makes the first account)")
        } else {
            // Not through the logger, which may be told to be silent: without this line nobody gets in. What reads JSON
            // would trip over a line for people.
            let line =
                configuration.logFormat == .json
                ? LogSetup.form(configuration).line(
                    .notice, component: "garage", "first account", [("address", address)])
                : "first account: \(address)\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
    }

    private func makeIngest(
        log: EventLog, access: AccessControl, devices: DeviceRegistry, topics: CurrentTopicAccess,
        clock: @escaping @Sendable () -> Timestamp, demoPassword: String?, settings: GarageSettings, bridges: Bridges
    ) throws -> Ingest {
        let foreign = ForeignDeviceSetup(configuration)
        let gatekeeper = DeviceGatekeeper(
            devices: devices, registry: access.registry,
            topics: topics,
            mayPersonMove: { access.mayMove($1, $0, at: clock()) }, bridges: try BridgeGate(configuration),
            demoPassword: demoPassword)
        return try Ingest(
            log: log,
            options: .init(
                settings: settings, clock: clock, uptime: { SteadyClock.microseconds() }, gatekeeper: gatekeeper,
                foreign: try foreign.settings(), mappings: try foreign.mappings(),
                snapshot: JournalSnapshot.file(in: configuration.dataDirectory),
                onDrop: { bridges.noteOverflow(of: $0, count: $1) }),
            logger: Logger(label: "ingest"))
    }

    private func makeServer(policy: Ingest, store: BrokerStore?) throws -> MQTTServer {
        let serverConfiguration = try MQTTServer.Configuration(configuration)
        let logger = Logger(label: "broker")
        OpenFileLimit.raise(forClients: serverConfiguration.limits.maximumConnections, logger: logger)
        return MQTTServer(
            configuration: serverConfiguration, policy: policy,
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: serverConfiguration.eventLoops),
            store: store, logger: logger)
    }

    private func catchUp(_ views: Views, logger: Logger) async throws {
        do {
            try await views.catchUp { position, head in
                logger.info("rebuilding the views", metadata: ["position": "\(position)", "of": "\(head)"])
            }
        } catch { throw Failure("the views can't be built: \(error)") }
    }

    private func announce(_ listening: ListeningFile, logger: Logger) {
        var metadata: Logger.Metadata = [:]
        metadata["mqtt"] = listening.mqtt.map { "\($0)" }
        metadata["mqtt_tls"] = listening.mqttTLS.map { "\($0)" }
        metadata["mqtt_wss"] = listening.mqttSecureWebSocket.map { "\($0)" }
        metadata["mqtt_unix"] = listening.mqttUnix.map { "\($0)" }
        metadata["mqtt_ws"] = listening.mqttWebSocket.map { "\($0)" }
        metadata["http"] = listening.http.map { "\($0)" }
        logger.notice("listening", metadata: metadata)
        guard let http = listening.http, isatty(STDOUT_FILENO) != 0 else { return }
        print("Pages:  http://\(http)/\nMQTT:   \(listening.mqtt ?? "off")\nStop with Ctrl-C.")
    }

    private func open<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch { throw Failure("\(what) in '\(configuration.dataDirectory)' can't be opened: \(error)") }
    }

    private func start<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch { throw Failure("\(error)") }
    }
}

/// Writes the last events of the bridges when these have stopped.
private struct BridgeRecordService: Service {
    let record: BridgeRecord

    func run() async throws {
        try? await gracefulShutdown()
        await record.finish()
    }
}

/// Closes the event log when every other service has stopped.
private struct StoreService: Service {
    let log: EventLog

    func run() async throws {
        try? await gracefulShutdown()
        await log.close()
    }
}
