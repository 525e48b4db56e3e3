import Foundation
import GarageConfiguration
import Testing

@Suite("What a running service takes up")
struct ReloadTests {
    /// Another value than the default, or than that of `needed`, for each key.
    private static let others: [Key: String] = [
        .data: "elsewhere", .mqttListen: "127.0.0.1:1", .mqttWebSocket: "off", .mqttPersistence: "off",
        .mqttQueueDrop: "oldest", .mqttTLSListen: "127.0.0.1:2", .mqttTLSWebSocket: "127.0.0.1:3",
        .mqttTLSCertificate: "other.pem", .mqttTLSKey: "other.key", .mqttTLSClientAuthority: "other-ca.pem",
        .mqttTLSClientCertificates: "required", .mqttTLSMinimumVersion: "1.3", .mqttUnix: "socket",
        .mqttProxyProtocol: "tcp", .mqttTrustedProxies: "10.0.0.6", .mqttLenient: "tcp",
        .mqttAllowedOrigins: "https://a.example", .mqttRetainAvailable: "false", .mqttMaximumQoS: "1",
        .mqttWildcardSubscriptions: "false", .mqttSharedSubscriptions: "false",
        .mqttSubscriptionIdentifiers: "false", .mqttResponseInformation: "a/", .mqttServerReference: "b:1",
        .mqttDraining: "true", .mqttAnyUserTakesOver: "true", .limitExemptAddresses: "10.0.0.0/8",
        .httpListen: "127.0.0.1:4", .httpFiles: "web", .httpProxyProtocol: "true", .httpTrustedProxies: "10.0.0.6",
        .httpTLSCertificate: "other.pem", .httpTLSKey: "other.key",
        .httpAllowedHosts: "a.example", .httpAllowedOrigins: "https://a.example",
        .httpSecurityContacts: "mailto:a@example.org", .limitHTTPExemptAddresses: "10.0.0.0/8",
        .accessRules: "allow anyone any a", .siteTimeZone: "America/Sao_Paulo", .devicesGarage: "casa",
        .devicesDiscoveryPrefix: "ha", .devicesCommandTopics: "a/b", .qualityJumps: "off",
        .homeAssistantDiscovery: "on", .homeAssistantPrefix: "ha", .webhookTheThingsStack: "0123456789abcdef",
        .webhookChirpStack: "0123456789abcdef", .gateUnattendedClose: "warn", .alertsNight: "off",
        .alertsWebhook: "http://127.0.0.1:5", .alertsWebhookSecret: "other", .logLevel: "debug", .logFormat: "json",
    ]
    /// What some keys can't be without.
    private static let needed: [Key: String] = [
        .data: "here", .mqttServerReference: "a:1", .mqttTrustedProxies: "10.0.0.5",
        .httpTrustedProxies: "10.0.0.5", .mqttTLSCertificate: "a.pem",
        .mqttTLSKey: "a.key", .mqttTLSClientAuthority: "ca.pem", .httpTLSCertificate: "a.pem", .httpTLSKey: "a.key",
    ]

    private func load(_ settings: [Key: String]) async throws -> ServiceConfiguration {
        try await ConfigurationLoader(file: nil, environment: [:], flags: settings).load()
    }

    @Test("Exactly the reloadable keys are adopted", arguments: Key.allCases)
    func key(_ key: Key) async throws {
        let before = try await load(Self.needed)
        // Every number takes one of these, and none has it as its default.
        var after = before
        for other in Self.others[key].map({ [$0] }) ?? ["7", "1500"] where after == before {
            after = (try? await load(Self.needed.merging([key: other]) { $1 })) ?? before
        }
        #expect(after != before, "no other value for \(key.rawValue)")
        #expect(before.adopting(after) == (key.isReloadable ? after : before))
    }

    @Test("Gates, bridges and mapping rules take a restart")
    func sections() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let sections = [
            "gates:\n  front:\n    type: toggle\n",
            "bridges:\n  house:\n    address: 127.0.0.1:1\n    topics:\n      - topic: a\n",
            "devices:\n  rules:\n    - topic: shop/t\n      property: temperature\n      name: shop\n",
        ]
        for section in sections {
            try Data(section.utf8).write(to: file)
            let after = try await ConfigurationLoader(file: file.path, environment: [:], flags: [:]).load()
            let before = ServiceConfiguration()
            #expect(after != before && before.adopting(after) == before)
        }
    }

    @Test("The broker alone has to do with the broker's keys only")
    func brokerKeys() {
        #expect(Key.limitSubscriptions.isOfBroker && Key.logLevel.isOfBroker && Key.httpAllowedHosts.isOfBroker)
        #expect(!Key.accessRules.isOfBroker && !Key.alertsNight.isOfBroker && !Key.limitHTTPBody.isOfBroker)
    }
}
