public import MQTTBroker
public import MQTTCodec

/// How one bridge is set up.
public struct BridgeSettings: Sendable {
    /// How the connection is encrypted.
    public struct TLS: Sendable, Hashable {
        /// PEM file of the authorities that may have signed the server's certificate; `nil` takes the system's.
        public var authorityFile: String?
        /// PEM files of this bridge's own certificate and key, if the server asks for one.
        public var certificateFile: String?
        public var keyFile: String?
        /// The name that the server's certificate must be for; `nil` means the host that is connected to.
        public var serverName: String?

        public init(
            authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
            serverName: String? = nil
        ) {
            self.authorityFile = authorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.serverName = serverName
        }
    }

    /// Names the bridge in topics, logs and metrics: `[A-Za-z0-9_-]{1,64}`.
    public var name: String
    public var host: String
    public var port: Int
    public var version = ProtocolVersion.v5
    /// Under which the other broker knows this one.
    public var clientID: String
    public var userName: String?
    public var password: String?
    /// `nil` for a plain connection.
    public var tls: TLS?
    /// Seconds, from 1.
    public var keepAlive: UInt16 = 60
    /// The shortest and the longest pause before the next try to connect, in seconds.
    public var shortestPause = 1
    public var longestPause = 60
    public var routes: [BridgeRoute] = []
    /// Bounds of what waits while the other broker is away.
    public var maximumQueuedMessages = 100_000
    public var maximumQueuedBytes = 67_108_864
    public var queueDrop = QueueDrop.oldest
    /// Whether messages on command topics cross towards the other broker.
    public var sendsCommands = false

    public init(name: String, host: String, port: Int, clientID: String) {
        self.name = name
        self.host = host
        self.port = port
        self.clientID = clientID
    }

    /// The client identifier of the bridge on this broker, which no other client may use.
    public var localClientID: String { Self.localPrefix + name }
    /// What the local client identifier of every bridge begins with.
    public static let localPrefix = "bridge:"

    /// What the policy should grant the bridge's own client on this broker.
    public var terms: SessionTerms {
        SessionTerms(
            maximumQueuedMessages: maximumQueuedMessages, maximumQueuedBytes: maximumQueuedBytes, queueDrop: queueDrop,
            takesCommands: sendsCommands)
    }
}
