import EventLog
import GarageConfiguration
import GarageDomain
import Logging
import MQTTServer
import ServiceLifecycle
import UnixSignals

/// Reads certificates and configuration again on SIGHUP. Connections go on, as far as their rights do. What can only
/// change with a restart is said, a line for each key.
struct Reload: Service {
    /// What can change while the service runs. Certificates under the same path are read again anyway.
    static let keys: Set<Key> = [
        .accessRules, .logLevel, .mqttDraining, .limitConnectionsPerAddress, .limitConnectionRate,
        .limitExemptAddresses,
    ]
    /// Beside these where there are pages.
    static let pageKeys = Set(HTTPLimitSettings().values.keys)

    let configuration: ServiceConfiguration
    /// Reads the configuration anew, from the same file and with the same flags.
    let load: @Sendable () async throws -> ServiceConfiguration
    let server: MQTTServer
    /// Of the pages, if they have one of their own.
    var pages: SecurityContext?
    /// `nil` where no rules are in force.
    var topics: CurrentTopicAccess?
    /// `nil` without pages.
    var http: HTTPGate?
    /// Records who may do what now; `nil` where no log is kept.
    var record: (@Sendable (EventBody, EventMetadata) async -> Void)?
    let logger: Logger

    func run() async throws {
        var inForce = configuration
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            reloadCertificates()
            do {
                let before = inForce.accessRules
                try apply(try await load(), over: &inForce)
                if inForce.accessRules != before { await record?(Self.change(to: inForce.accessRules), Self.origin) }
            } catch {
                logger.error(
                    "the configuration can't be read again; what was in force stays so",
                    metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Whoever may signal the process owns the service.
    private static let origin = EventMetadata(actor: "service", channel: "cli")

    private static func change(to rules: [String]) -> EventBody {
        let change = rules.isEmpty ? "no topic rules any more" : "topic rules: " + rules.joined(separator: ", ")
        return .accessChanged(AccessChanged(user: "*", change: String(change.prefix(2000))))
    }

    private func reloadCertificates() {
        do {
            try server.reloadCertificates()
            try pages?.reload()
        } catch {
            logger.error("the certificates can't be read again; the old ones stay in use: \(error)")
        }
    }

    /// All that can fail comes first, so that a mistake changes nothing.
    private func apply(_ new: ServiceConfiguration, over inForce: inout ServiceConfiguration) throws {
        let rules = try TopicRules.read(new.accessRules)
        let admission = try AdmissionLimits(new.broker.limits)
        try http?.replace(with: new.httpLimits)
        server.replaceAdmissionLimits(admission)
        let changed = new.keys(thatDifferFrom: inForce)
        topics?.replace(with: rules)
        LogSetup.threshold.set(Logger.Level(rawValue: new.logLevel) ?? .info)
        server.setDraining(new.broker.advertised.isDraining)
        server.reviewRights()
        inForce.accessRules = new.accessRules
        inForce.logLevel = new.logLevel
        inForce.broker.advertised.isDraining = new.broker.advertised.isDraining
        inForce.broker.limits.connectionsPerAddress = new.broker.limits.connectionsPerAddress
        inForce.broker.limits.connectionRatePerAddress = new.broker.limits.connectionRatePerAddress
        inForce.broker.limits.exemptAddresses = new.broker.limits.exemptAddresses
        if http != nil {
            inForce.httpLimits = new.httpLimits
            LimitMetrics.report(inForce)
        }
        for key in changed {
            if Self.keys.contains(key) || (http != nil && Self.pageKeys.contains(key)) {
                logger.notice("setting changed", metadata: ["key": "\(key.rawValue)"])
            } else {
                logger.warning("setting needs a restart", metadata: ["key": "\(key.rawValue)"])
            }
        }
        if new.gates != inForce.gates { logger.warning("setting needs a restart", metadata: ["key": "gates"]) }
        if new.bridges != inForce.bridges { logger.warning("setting needs a restart", metadata: ["key": "bridges"]) }
        if new.deviceRules != inForce.deviceRules {
            logger.warning("setting needs a restart", metadata: ["key": "devices.rules"])
        }
        logger.notice("read the configuration again")
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
