import Access
import BrokerStore
import Foundation
import GarageConfiguration
import Ingest
import Logging
import MQTTBroker
import MQTTServer
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// The broker without the garage: `garage broker`.
struct BrokerService {
    let configuration: ServiceConfiguration
    /// Reads the configuration anew.
    let reload: @Sendable () async throws -> ServiceConfiguration

    func run() async throws {
        LogSetup.bootstrap(configuration)
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let logger = Logger(label: "broker")
        let devices: DeviceRegistry
        do {
            devices = try DeviceRegistry(folder: configuration.dataDirectory)
        } catch { throw Failure("\(error)") }
        var store: BrokerStore?
        var folder: DataFolder?
        if configuration.mqttPersistence ?? configuration.namesDataDirectory {
            let owned = try DataFolder(path: configuration.dataDirectory)
            store = try BrokerPersistence.open(in: owned)
            folder = owned
        }
        defer { withExtendedLifetime(folder) {} }
        let serverConfiguration = try MQTTServer.Configuration(configuration)
        OpenFileLimit.raise(forClients: serverConfiguration.limits.maximumConnections, logger: logger)
        let server = MQTTServer(
            configuration: serverConfiguration,
            policy: BrokerOnlyPolicy(gatekeeper: DeviceGatekeeper(devices: devices), logger: logger),
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: serverConfiguration.eventLoops),
            store: store, logger: logger)
        let addresses: MQTTServer.BoundAddresses
        do {
            addresses = try await server.start()
        } catch { throw Failure("\(error)") }
        for address in addresses.tcp { logger.notice("listening", metadata: ["mqtt": "\(address)"]) }
        for address in addresses.tls { logger.notice("listening", metadata: ["mqtt_tls": "\(address)"]) }
        for address in addresses.secureWebSocket { logger.notice("listening", metadata: ["mqtt_wss": "\(address)"]) }
        for path in addresses.unix { logger.notice("listening", metadata: ["mqtt_unix": "\(path)"]) }
        for address in addresses.webSocket { logger.notice("listening", metadata: ["mqtt_ws": "\(address)"]) }
        // Stopped in reverse order: the store last.
        var services: [any Service] = [
            LogOmissions(), server,
            Reload(signals: hangUps, configuration: configuration, load: reload, server: server, logger: logger),
        ]
        if let store { services.insert(BrokerStoreService(store: store), at: 0) }
        try await ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger)
        ).run()
    }
}

/// Forwards every message of the clients that may connect.
final class BrokerOnlyPolicy: BrokerPolicy {
    private let gatekeeper: any Gatekeeper
    private let logger: Logger

    init(gatekeeper: any Gatekeeper, logger: Logger) {
        self.gatekeeper = gatekeeper
        self.logger = logger
    }

    func authenticate(_ request: ConnectRequest) -> Authentication { gatekeeper.admit(request) }

    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? {
        gatekeeper.beginAuthentication(method: method, request)
    }

    func observe(_ event: SessionEvent) {
        switch event {
        case .refused(let address, let clientID, let reason):
            logger.notice(
                "connection closed",
                metadata: ["address": "\(address)", "client_id": "\(clientID)", "reason": "\(reason)"])
        case .refusedTakeover(let client):
            logger.notice(
                "refused a client that asked for the session of another user",
                metadata: ["client_id": "\(client.clientID)", "user": "\(client.principal.name ?? "")"])
        case .dropped(let clientID, let topic, let count, let reason):
            // The broker tells of the first and then of a thousand at a time.
            logger.warning(
                "messages dropped",
                metadata: [
                    "client_id": "\(clientID)", "topic": "\(topic ?? "")", "count": "\(count)",
                    "reason": "\(reason.rawValue)",
                ])
        case .sessionEnded(let clientID, .expired, let unacknowledged) where unacknowledged > 0:
            logger.warning(
                "a session has expired with messages in it",
                metadata: ["client_id": "\(clientID)", "unacknowledged": "\(unacknowledged)"])
        case .connected, .disconnected, .sessionEnded, .refusedLogin: break
        }
    }
}
