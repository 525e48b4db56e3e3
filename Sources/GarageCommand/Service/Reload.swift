import GarageConfiguration
import Logging
import MQTTServer
import ServiceLifecycle
import UnixSignals

/// Reads certificates and configuration again on SIGHUP. Connections go on, as far as their rights do. What can only
/// change with a restart is said, a line for each key (``Key/isReloadable``).
struct Reload: Service {
    /// Of SIGHUP; made before anybody can know that the service runs, as one that comes earlier would end it.
    let signals: UnixSignalsSequence
    let configuration: ServiceConfiguration
    /// Reads the configuration anew, from the same file and with the same flags.
    let load: @Sendable () async throws -> ServiceConfiguration
    let server: MQTTServer
    /// `nil` for the broker alone, which has no use for most keys and says nothing about them.
    var garage: GarageReload?
    let logger: Logger

    func run() async throws {
        var inForce = configuration
        for await _ in signals.cancelOnGracefulShutdown() {
            reloadCertificates()
            do {
                let before = inForce.accessRules
                try apply(try await load(), over: &inForce)
                if inForce.accessRules != before { await garage?.recordChange(to: inForce.accessRules) }
            } catch {
                logger.error(
                    "the configuration can't be read again; what was in force stays so",
                    metadata: ["reason": "\(error)"])
            }
        }
    }

    private func reloadCertificates() {
        do {
            try server.reloadCertificates()
            try garage?.certificate?.reload()
        } catch {
            logger.error("the certificates can't be read again; the old ones stay in use: \(error)")
        }
    }

    /// All that can fail comes first, so that a mistake changes nothing.
    private func apply(_ new: ServiceConfiguration, over inForce: inout ServiceConfiguration) throws {
        let adopted = inForce.adopting(new)
        let broker = try MQTTServer.Configuration(adopted)
        let putGarage = try garage?.prepare(adopted)
        if adopted.mqttMaximumConnections > inForce.mqttMaximumConnections {
            OpenFileLimit.raise(forClients: adopted.mqttMaximumConnections, logger: logger)
        }
        server.adopt(broker)
        putGarage?()
        LogSetup.threshold.set(Logger.Level(rawValue: adopted.logLevel) ?? .info)
        server.setDraining(adopted.broker.advertised.isDraining)
        server.reviewRights()
        tell(of: new, after: inForce)
        inForce = adopted
        logger.notice("read the configuration again")
    }

    private func tell(of new: ServiceConfiguration, after inForce: ServiceConfiguration) {
        for key in new.keys(thatDifferFrom: inForce) where garage != nil || key.isOfBroker {
            if key.isReloadable {
                logger.notice("setting changed", metadata: ["key": "\(key.rawValue)"])
            } else {
                tellOfRestart("\(key.rawValue)")
            }
        }
        guard garage != nil else { return }
        if new.gates != inForce.gates { tellOfRestart("gates") }
        if new.bridges != inForce.bridges { tellOfRestart("bridges") }
        if new.deviceRules != inForce.deviceRules { tellOfRestart("devices.rules") }
    }

    private func tellOfRestart(_ key: String) {
        logger.warning("setting needs a restart", metadata: ["key": "\(key)"])
    }
}

extension ServiceConfiguration {
    /// The keys whose values are not the same, in the order of ``Key``.
    fileprivate func keys(thatDifferFrom other: ServiceConfiguration) -> [Key] {
        var different = Set(zip(values, other.values).filter { $0.value != $1.value }.map(\.0.key))
        // Listed without their values.
        if theThingsStackSecret != other.theThingsStackSecret { different.insert(.webhookTheThingsStack) }
        if chirpStackSecret != other.chirpStackSecret { different.insert(.webhookChirpStack) }
        if alertsWebhookSecret != other.alertsWebhookSecret { different.insert(.alertsWebhookSecret) }
        return Key.allCases.filter { different.contains($0) }
    }
}
