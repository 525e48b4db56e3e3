import Foundation
import GarageConfiguration
import GarageDomain
import MQTTBridge
import MQTTServer

/// Everything that can be wrong with a configuration and can be told without starting: what the loader can't judge, as
/// it takes the parts that use the settings, and the files that they name.
struct ConfigurationCheck {
    let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) { self.configuration = configuration }

    /// Throws the first mistake.
    func run() throws {
        try AddressCheck(configuration).run()
        let broker = try MQTTServer.Configuration(configuration)
        if let security = broker.security {
            do { _ = try SecurityContext(security) } catch { throw ConfigurationError("mqtt.tls: \(error)") }
        }
        _ = try AdmissionLimits(http: configuration)
        _ = try Balancers(configuration)
        _ = try configuration.httpSecurity()
        _ = try TopicRules.read(configuration)
        _ = try GarageSettings(configuration, timeZone: try configuration.zone())
        let devices = ForeignDeviceSetup(configuration)
        _ = try devices.settings()
        _ = try devices.mappings()
        _ = try BridgeSettings.all(configuration)
        try checkWebhook()
    }

    private func checkWebhook() throws {
        guard let text = configuration.alertsWebhook else { return }
        let url = URL(string: text)
        guard ["http", "https"].contains(url?.scheme), url?.host?.isEmpty == false else {
            // It may have a secret in it.
            throw ConfigurationError(
                "\(configuration.places.name(.alertsWebhook)) takes an address such as https://example.org/alerts")
        }
    }
}

extension ServiceConfiguration {
    /// The time zone that days begin in. Throws a ``ConfigurationError`` for one that does not exist.
    func zone() throws -> TimeZone {
        guard let name = timeZone else { return .current }
        guard let named = TimeZone(identifier: name) else {
            throw ConfigurationError(
                "\(places.name(.siteTimeZone)) is '\(name)'; it takes an IANA name such as America/Sao_Paulo")
        }
        return named
    }

    /// What the pages are encrypted with, if that is configured. Throws a ``ConfigurationError`` for files that can't be
    /// used.
    func httpSecurity() throws -> SecurityContext? {
        guard let certificate = httpCertificate, let key = httpKey else { return nil }
        do {
            return try SecurityContext(TransportSecurity(certificateFile: certificate, keyFile: key))
        } catch { throw ConfigurationError("\(places.name(.httpTLSCertificate)): \(error)") }
    }
}
