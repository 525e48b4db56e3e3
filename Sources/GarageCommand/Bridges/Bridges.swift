import DeviceProfiles
import GarageConfiguration
import GarageDomain
import Logging
import MQTTBridge
import MQTTBroker
import MQTTServer
import ServiceLifecycle
import Synchronization
import Web

/// The bridges of the service, as one service.
final class Bridges: Service {
    private let bridges = Mutex<[Bridge]>([])
    private let settings: [BridgeSettings]
    /// Where messages make devices act.
    private let commands: CommandPositions

    /// Throws a ``ConfigurationError`` for what can't be used.
    init(_ configuration: ServiceConfiguration) throws {
        settings = try BridgeSettings.all(configuration)
        commands = try ForeignDeviceSetup(configuration).commandPositions()
    }

    /// Makes the bridges, and the sessions in which messages wait for them; ends those of bridges that are no more.
    func prepare(on server: MQTTServer, identity: String, record: BridgeRecord, folder: String) async throws {
        let commands = commands
        try await Bridge.removeSessions(on: server, except: Set(settings.map(\.name)))
        for settings in settings {
            let address = HostPort(host: settings.host, port: settings.port).description
            let bridge = try Bridge(
                settings: settings, server: server, identity: identity,
                isCommand: { commands.isCommand($0) },
                subscriptions: try BridgeSubscriptions(
                    bridge: settings.name, folder: folder, logger: Logger(label: "bridge")),
                onChange: { isConnected, problem in
                    record.append(
                        isConnected
                            ? .bridgeConnected(BridgeConnected(bridge: settings.name, address: address))
                            : .bridgeDisconnected(BridgeDisconnected(bridge: settings.name, reason: problem)))
                },
                logger: Logger(label: "bridge"))
            try await bridge.prepare()
            bridges.withLock { $0.append(bridge) }
        }
    }

    private var all: [Bridge] { bridges.withLock { $0 } }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A service that ends would end all of them, also where there is no bridge.
            group.addTask { try? await gracefulShutdown() }
            for bridge in all { group.addTask { try await bridge.run() } }
            try await group.waitForAll()
        }
    }

    /// The broker had no room for messages in a bridge's queue.
    func noteOverflow(of clientID: String, count: Int) {
        guard clientID.hasPrefix(BridgeSettings.localPrefix) else { return }
        all.first { $0.settings.localClientID == clientID }?.noteOverflow(count: count)
    }

    /// For the readiness check. A bridge that is not connected does not make the service unready: it works without.
    var checks: [ServiceStatus.Check] {
        all.map { bridge in
            let status = bridge.currentStatus
            let detail =
                status.isConnected
                ? "connected to \(status.address)"
                : "not connected to \(status.address)" + (status.problem.map { ": \($0)" } ?? "")
            return ServiceStatus.Check(name: "bridge \(status.name)", isPassing: true, detail: detail)
        }
    }

    /// For the page about the broker.
    func report() async -> [BrokerReport.Bridge] {
        var report: [BrokerReport.Bridge] = []
        for bridge in all {
            let status = await bridge.status()
            report.append(
                .init(
                    name: status.name, address: status.address, isConnected: status.isConnected,
                    problem: status.problem, sent: status.sent, received: status.received, queued: status.queued,
                    dropped: status.dropped.values.reduce(0, +)))
        }
        return report
    }
}
