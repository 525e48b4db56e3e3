import Configuration

/// Reads the configuration from flags, the environment and a YAML file, the first of them that sets a key winning.
public struct ConfigurationLoader: Sendable {
    private let file: String?
    private let environment: [String: String]
    private let flags: [Key: String]

    /// - Parameters:
    ///   - file: The path of `garage.yaml`; `nil` reads none.
    ///   - environment: The process's environment variables.
    ///   - flags: What the command line sets.
    public init(file: String?, environment: [String: String], flags: [Key: String]) {
        self.file = file
        self.environment = environment
        self.flags = flags
    }

    /// The settings, each checked. Throws a ``ConfigurationError`` that names the key and where it was set.
    public func load() async throws -> ServiceConfiguration {
        var sources: [Source] = [Source(name: "the command line", reader: ConfigReader(provider: flagProvider))]
        sources.append(
            Source(
                name: "the environment",
                reader: ConfigReader(
                    provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "garage")
                )
            ))
        if let file, try UnknownKeyCheck(file: file).run() {
            sources.append(try FileSettings(file: file).source())
        }
        var configuration = try configuration(from: SettingReader(sources: sources))
        if let file {
            configuration.gates = try GateSection(file: file).read()
            configuration.bridges = try BridgeSection(file: file, environment: environment).read()
            configuration.deviceRules = try DeviceRuleReader(file: file).read()
        }
        return configuration
    }

    private var flagProvider: InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in flags {
            values[AbsoluteConfigKey(ConfigKey(key.rawValue))] = ConfigValue(.string(value), isSecret: false)
        }
        return InMemoryProvider(values: values)
    }

    private func configuration(from settings: SettingReader) throws(ConfigurationError) -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.places = SettingPlaces(settings)
        try settings.text(.data) {
            configuration.dataDirectory = $0
            configuration.namesDataDirectory = true
        }
        try settings.addresses(.mqttListen) { configuration.mqtt = $0 }
        try settings.addresses(.mqttWebSocket) { configuration.mqttWebSocket = $0 }
        try settings.number(.mqttEventLoops, in: 1...64) { configuration.mqttEventLoops = $0 }
        try settings.number(.mqttReceiveMaximum, in: 1...65_535) { configuration.mqttReceiveMaximum = $0 }
        try settings.number(.mqttMaximumPacketSize, in: 128...268_435_455) { configuration.mqttMaximumPacketSize = $0 }
        try settings.number(.mqttMaximumConnections, in: 1...1_000_000) { configuration.mqttMaximumConnections = $0 }
        try loadQueues(from: settings, into: &configuration)
        configuration.broker = try broker(from: settings)
        try checkLenient(configuration, settings)
        try settings.address(.httpListen) { configuration.http = $0 }
        configuration.httpLimits = try HTTPLimitSettings.read(from: settings)
        try settings.text(.httpFiles) { configuration.httpFiles = $0 }
        try loadProxies(from: settings, into: &configuration)
        try settings.list(.httpAllowedHosts) { configuration.httpAllowedHosts = $0 }
        try settings.text(.httpTLSCertificate) { configuration.httpCertificate = $0 }
        try settings.text(.httpTLSKey) { configuration.httpKey = $0 }
        if (configuration.httpCertificate == nil) != (configuration.httpKey == nil) {
            let (set, missing): (Key, Key) =
                configuration.httpKey == nil ? (.httpTLSCertificate, .httpTLSKey) : (.httpTLSKey, .httpTLSCertificate)
            throw ConfigurationError("\(settings.name(set)) needs \(missing.rawValue) beside it")
        }
        try settings.list(.accessRules) { configuration.accessRules = $0 }
        try settings.list(.httpAllowedOrigins) { configuration.httpAllowedOrigins = $0 }
        try settings.list(.httpSecurityContacts) { configuration.httpSecurityContacts = $0 }
        try checkContacts(configuration.httpSecurityContacts, settings.name(.httpSecurityContacts))
        try settings.text(.siteTimeZone) { configuration.timeZone = $0 }
        try settings.number(.retentionTelemetryDays, in: 0...36_500) { configuration.telemetryDays = $0 }
        try settings.number(.retentionHeadInterval, in: 1...86_400) { configuration.headInterval = $0 }
        try settings.text(.devicesGarage) { configuration.devicesGarage = $0 }
        try settings.text(.devicesDiscoveryPrefix) { configuration.devicesDiscoveryPrefix = $0 }
        try settings.list(.devicesCommandTopics) { configuration.devicesCommandTopics = $0 }
        try loadQuality(from: settings, into: &configuration)
        try settings.choice(.homeAssistantDiscovery, of: ["on", "off"]) {
            configuration.homeAssistantDiscovery = $0 == "on"
        }
        try settings.text(.homeAssistantPrefix) { configuration.homeAssistantPrefix = $0 }
        try settings.secret(.webhookTheThingsStack) { configuration.theThingsStackSecret = $0 }
        try settings.secret(.webhookChirpStack) { configuration.chirpStackSecret = $0 }
        try settings.number(.gateCommandTimeout, in: 1...600) { configuration.gateCommandTimeout = $0 }
        try readGates(settings, into: &configuration)
        try settings.choice(.logLevel, of: ["trace", "debug", "info", "notice", "warning", "error", "critical"]) {
            configuration.logLevel = $0
        }
        try settings.choice(.logFormat, of: ServiceConfiguration.LogFormat.allCases.map(\.rawValue)) {
            configuration.logFormat = ServiceConfiguration.LogFormat(rawValue: $0) ?? .logfmt
        }
        return configuration
    }

    private func loadQueues(
        from settings: SettingReader, into configuration: inout ServiceConfiguration
    ) throws(ConfigurationError) {
        let bytes = 1024...1_099_511_627_776
        try settings.choice(.mqttPersistence, of: ["on", "off"]) { configuration.mqttPersistence = $0 == "on" }
        try settings.choice(.mqttQueueDrop, of: ServiceConfiguration.QueueDrop.allCases.map(\.rawValue)) {
            configuration.mqttQueueDrop = ServiceConfiguration.QueueDrop(rawValue: $0) ?? .newest
        }
        try settings.number(.mqttMaximumQueuedMessages, in: 1...10_000_000) {
            configuration.mqttMaximumQueuedMessages = $0
        }
        try settings.number(.mqttMaximumQueuedBytes, in: bytes) { configuration.mqttMaximumQueuedBytes = $0 }
        try settings.number(.mqttTotalQueuedMessages, in: 1...1_000_000_000) {
            configuration.mqttTotalQueuedMessages = $0
        }
        try settings.number(.mqttTotalQueuedBytes, in: bytes) { configuration.mqttTotalQueuedBytes = $0 }
    }
}

extension ConfigurationLoader {
    private func loadQuality(
        from settings: SettingReader, into configuration: inout ServiceConfiguration
    ) throws(ConfigurationError) {
        try settings.choice(.qualityJumps, of: ["on", "off"]) { configuration.qualityJumps = $0 == "on" }
        try settings.number(.qualityStuckHours, in: 0...8_784) { configuration.qualityStuckHours = $0 }
        try settings.number(.qualitySilentMissed, in: 0...1000) { configuration.qualitySilentMissed = $0 }
        try settings.number(.qualitySilentSeconds, in: 1...604_800) { configuration.qualitySilentSeconds = $0 }
    }

    private func loadProxies(
        from settings: SettingReader, into configuration: inout ServiceConfiguration
    ) throws(ConfigurationError) {
        try settings.flag(.httpProxyProtocol) { configuration.httpProxyProtocol = $0 }
        try settings.list(.httpTrustedProxies) { configuration.httpTrustedProxies = $0 }
        if configuration.httpProxyProtocol, configuration.httpTrustedProxies.isEmpty {
            throw ConfigurationError(
                "\(settings.name(.httpProxyProtocol)) needs http.trusted_proxies: the addresses of the balancers that may say whose a "
                    + "connection is")
        }
    }

    private func readGates(
        _ settings: SettingReader, into configuration: inout ServiceConfiguration
    ) throws(ConfigurationError) {
        try settings.choice(.gateUnattendedClose, of: ["off", "warn", "device-warns"]) {
            configuration.gateUnattendedClose = $0
        }
        try settings.number(.gateWarning, in: 5...60) { configuration.gateWarning = $0 }
        try settings.number(.gateCommandsPerMinute, in: 0...10_000) { configuration.gateCommandsPerMinute = $0 }
        try settings.number(.gateOpenTooLong, in: 0...10_080) { configuration.gateOpenTooLong = $0 }
        try settings.text(.alertsNight) { configuration.alertsNight = $0 }
        try settings.number(.alertsOverstay, in: 0...8_784) { configuration.alertsOverstay = $0 }
        try settings.number(.alertsSilentSpot, in: 0...8_784) { configuration.alertsSilentSpot = $0 }
        try settings.number(.alertsLostDevice, in: 0...10_080) { configuration.alertsLostDevice = $0 }
        try settings.number(.alertsSilentDevice, in: 0...10_080) { configuration.alertsSilentDevice = $0 }
        try settings.text(.alertsWebhook) { configuration.alertsWebhook = $0 }
        try settings.text(.alertsWebhookSecret) { configuration.alertsWebhookSecret = $0 }
    }
}

/// One place that settings come from.
struct Source: Sendable {
    let name: String
    let reader: ConfigReader
    /// The lines of a file's keys.
    var lines: [String: Int] = [:]

    /// Where it sets a key, for its writer.
    func place(of key: Key) -> String { lines[key.rawValue].map { "\(name):\($0)" } ?? name }
}
