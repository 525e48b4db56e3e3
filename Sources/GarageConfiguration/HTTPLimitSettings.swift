/// Bounds on what HTTP clients may take that hold under attack.
public struct HTTPLimitSettings: Sendable, Hashable {
    /// At one time, of all clients together.
    public var connections = 1000
    /// At one time; 0 for any number.
    public var connectionsPerAddress = 200
    /// New connections per second; 0 for any number.
    public var connectionRatePerAddress = 100
    /// Networks that are not counted.
    public var exemptAddresses = ["127.0.0.0/8", "::1"]
    /// Seconds until a whole request head has come.
    public var requestSeconds = 75
    public var headerBytes = 32_768
    public var bodyBytes = 16_384
    public var bodySeconds = 15
    /// Live streams at one time, of all clients together.
    public var streams = 500
    /// At one time; 0 for any number.
    public var streamsPerAddress = 100

    public init() {}

    /// The value in force of each key that these settings hold, as text.
    public var values: [Key: String] {
        [
            .limitHTTPConnections: String(connections),
            .limitHTTPConnectionsPerAddress: String(connectionsPerAddress),
            .limitHTTPConnectionRate: String(connectionRatePerAddress),
            .limitHTTPExemptAddresses: exemptAddresses.isEmpty ? "(none)" : exemptAddresses.joined(separator: ", "),
            .limitHTTPRequestTime: String(requestSeconds),
            .limitHTTPHeader: String(headerBytes),
            .limitHTTPBody: String(bodyBytes),
            .limitHTTPBodyTime: String(bodySeconds),
            .limitHTTPStreams: String(streams),
            .limitHTTPStreamsPerAddress: String(streamsPerAddress),
        ]
    }

    static func read(from settings: SettingReader) throws(ConfigurationError) -> HTTPLimitSettings {
        var limits = HTTPLimitSettings()
        try settings.number(.limitHTTPConnections, in: 1...100_000) { limits.connections = $0 }
        try settings.number(.limitHTTPConnectionsPerAddress, in: 0...100_000) { limits.connectionsPerAddress = $0 }
        try settings.number(.limitHTTPConnectionRate, in: 0...100_000) { limits.connectionRatePerAddress = $0 }
        try settings.list(.limitHTTPExemptAddresses) { limits.exemptAddresses = $0 }
        try settings.number(.limitHTTPRequestTime, in: 1...75) { limits.requestSeconds = $0 }
        try settings.number(.limitHTTPHeader, in: 1024...65_536) { limits.headerBytes = $0 }
        try settings.number(.limitHTTPBody, in: 1024...1_048_576) { limits.bodyBytes = $0 }
        try settings.number(.limitHTTPBodyTime, in: 1...600) { limits.bodySeconds = $0 }
        try settings.number(.limitHTTPStreams, in: 0...100_000) { limits.streams = $0 }
        try settings.number(.limitHTTPStreamsPerAddress, in: 0...100_000) { limits.streamsPerAddress = $0 }
        return limits
    }
}
