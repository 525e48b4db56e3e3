import ArgumentParser
import Foundation
import GarageConfiguration
import GarageDomain
import MQTTBridge
import MQTTServer

/// `garage config check|print`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Checks or prints the configuration.",
        subcommands: [Check.self, Print.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks the configuration file and environment; names the first mistake with its line.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let configuration = try await options.load()
            try ConfigurationCheck(configuration).run()
            print("The configuration is fine.")
        }
    }

    struct Print: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints every setting as it is in force, from file, environment and defaults.",
            discussion: """
                Passwords and secrets are never printed. --redacted leaves out more, so that the output can be shown to \
                anyone: who may be reached where, and what alerts are sent to.
                """)

        @OptionGroup var options: ConfigurationOptions

        @Flag(name: .long, help: "Hide addresses of people and services, too.")
        var redacted = false

        func run() async throws {
            let configuration = try await options.load()
            for (key, value) in configuration.values {
                let isHidden = redacted && Self.private.contains(key) && !value.isEmpty && value != "(none)"
                print("\(key.rawValue): \(isHidden ? "(hidden)" : value)")
            }
            for bridge in configuration.bridges {
                for (key, value) in bridge.values {
                    let isHidden = redacted && Self.privateOfBridge.contains { key.hasSuffix("." + $0) }
                    print("\(key): \(isHidden ? "(hidden)" : value)")
                }
            }
        }

        private static let privateOfBridge = ["address", "server_name", "user"]
        private static let `private`: Set<Key> = [
            .alertsWebhook, .httpSecurityContacts, .httpAllowedHosts, .httpAllowedOrigins,
        ]
    }
}

extension ServiceConfiguration {
    /// Each key with its value in force, in the order of ``Key``.
    var values: [(key: Key, value: String)] {
        let grouped = broker.values.merging(httpLimits.values) { value, _ in value }
        return Key.allCases.map { key in
            let value: String =
                switch key {
                case .data: dataDirectory
                case .mqttListen: HostPort.listing(mqtt)
                case .mqttWebSocket: HostPort.listing(mqttWebSocket)
                case .mqttEventLoops: String(mqttEventLoops)
                case .mqttReceiveMaximum: String(mqttReceiveMaximum)
                case .mqttMaximumPacketSize: String(mqttMaximumPacketSize)
                case .mqttMaximumConnections: String(mqttMaximumConnections)
                case .mqttPersistence: mqttPersistence == false ? "off" : "on"
                case .mqttQueueDrop: mqttQueueDrop.rawValue
                case .mqttMaximumQueuedMessages: String(mqttMaximumQueuedMessages)
                case .mqttMaximumQueuedBytes: String(mqttMaximumQueuedBytes)
                case .mqttTotalQueuedMessages: String(mqttTotalQueuedMessages)
                case .mqttTotalQueuedBytes: String(mqttTotalQueuedBytes)
                case .httpListen: http.description
                case .httpFiles: httpFiles ?? "(built in)"
                case .httpProxyProtocol: String(httpProxyProtocol)
                case .httpTrustedProxies:
                    httpTrustedProxies.isEmpty ? "(none)" : httpTrustedProxies.joined(separator: ", ")
                case .httpAllowedHosts: httpAllowedHosts.joined(separator: ", ")
                case .httpTLSCertificate: httpCertificate ?? "(none)"
                case .httpTLSKey: httpKey ?? "(none)"
                case .accessRules: accessRules.joined(separator: ", ")
                case .httpAllowedOrigins: httpAllowedOrigins.joined(separator: ", ")
                case .httpSecurityContacts: httpSecurityContacts.joined(separator: ", ")
                case .siteTimeZone: timeZone ?? TimeZone.current.identifier
                case .retentionTelemetryDays: String(telemetryDays)
                case .retentionHeadInterval: String(headInterval)
                case .devicesGarage: devicesGarage
                case .devicesDiscoveryPrefix: devicesDiscoveryPrefix
                case .devicesCommandTopics: devicesCommandTopics.joined(separator: ", ")
                case .qualityJumps: qualityJumps ? "on" : "off"
                case .qualityStuckHours: qualityStuckHours.map(String.init) ?? "(by the sensor's model)"
                case .qualitySilentMissed: String(qualitySilentMissed)
                case .qualitySilentSeconds: String(qualitySilentSeconds)
                case .homeAssistantDiscovery: homeAssistantDiscovery ? "on" : "off"
                case .homeAssistantPrefix: homeAssistantPrefix
                case .webhookTheThingsStack: theThingsStackSecret == nil ? "(not set)" : "(set)"
                case .webhookChirpStack: chirpStackSecret == nil ? "(not set)" : "(set)"
                case .gateCommandTimeout: String(gateCommandTimeout)
                case .gateUnattendedClose: gateUnattendedClose
                case .gateWarning: String(gateWarning)
                case .gateCommandsPerMinute: String(gateCommandsPerMinute)
                case .gateOpenTooLong: String(gateOpenTooLong)
                case .alertsNight: alertsNight
                case .alertsOverstay: String(alertsOverstay)
                case .alertsSilentSpot: String(alertsSilentSpot)
                case .alertsLostDevice: String(alertsLostDevice)
                case .alertsSilentDevice: String(alertsSilentDevice)
                case .alertsWebhook: alertsWebhook ?? "(none)"
                case .alertsWebhookSecret: alertsWebhookSecret == nil ? "(none)" : "(hidden)"
                case .logLevel: logLevel
                case .logFormat: logFormat.rawValue
                default: grouped[key] ?? "(unset)"
                }
            return (key, value)
        }
    }
}
