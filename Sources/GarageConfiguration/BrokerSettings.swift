/// What can be set about the broker beside its plain addresses, with the defaults of the service.
public struct BrokerSettings: Sendable, Hashable {
    /// Certificate, key and demands on clients' certificates.
    public struct TLS: Sendable, Hashable {
        /// MQTT over TLS; `nil` switches it off.
        public var listen: [HostPort] = []
        /// MQTT over WebSocket behind TLS; `nil` switches it off.
        public var webSocket: [HostPort] = []
        /// PEM files.
        public var certificate: String?
        public var key: String?
        public var clientAuthority: String?
        /// `none`, `optional` or `required`; `nil` means `optional` where there is an authority, else `none`.
        public var clientCertificates: String?
        /// `1.2` or `1.3`.
        public var minimumVersion = "1.2"

        public init() {}
    }

    public var tls = TLS()
    /// The path of a Unix domain socket; `nil` for none.
    public var unix: String?
    /// Seconds between two publications of `$SYS`, 0 for none.
    public var systemTopicsInterval = 10
    /// Kinds of listeners (`tcp`, `tls`, `ws`, `wss`, `unix`) that expect a PROXY protocol header.
    public var proxyProtocol: [String] = []
    /// Addresses and networks that may send it.
    public var trustedProxies: [String] = []
    /// Kinds of listeners whose clients may exceed the Receive Maximum.
    public var lenient: [String] = []
    /// Origins of pages that may connect by WebSocket.
    public var allowedOrigins: [String] = []
    /// Whether a client may take over the session of another user's client.
    public var anyUserTakesOver = false
    public var advertised = Advertised()
    public var limits = Limits()

    /// The kinds of listeners that a list may name.
    public static let listenerKinds = ["tcp", "tls", "ws", "wss", "unix"]

    /// What CONNACK says of the broker.
    public struct Advertised: Sendable, Hashable {
        public var sendMaximum = 1024
        public var topicAliasMaximum = 64
        /// Longest keep-alive in seconds, 0 for any.
        public var serverKeepAlive = 0
        /// Longest life of a session without a connection, in seconds; 4294967295 for ever.
        public var sessionExpiryMaximum = 4_294_967_295
        public var retainAvailable = true
        public var maximumQoS = 2
        public var wildcardSubscriptions = true
        public var sharedSubscriptions = true
        public var subscriptionIdentifiers = true
        public var responseInformation: String?
        public var serverReference: String?
        /// New clients are sent to `serverReference`.
        public var isDraining = false

        public init() {}
    }

    /// Bounds that hold under attack.
    public struct Limits: Sendable, Hashable {
        public var connectionsPerAddress = 500
        /// New connections per second.
        public var connectionRatePerAddress = 50
        /// TLS handshakes of MQTT clients at one time.
        public var tlsHandshakes = 64
        /// Networks that are not counted.
        public var exemptAddresses = ["127.0.0.0/8", "::1"]
        /// Seconds that a connection may take to log in.
        public var connectTimeout = 10
        /// Bytes of a CONNECT.
        public var connectPacketSize = 65_536
        public var topicLength = 1024
        public var topicLevels = 64
        public var subscriptionsPerClient = 10_000
        public var retainedMessages = 100_000
        public var retainedBytes = 268_435_456
        public var sessions = 100_000
        /// Messages per second and client, 0 for any number.
        public var publishRate = 0
        /// Seconds for which a receiver that does not read may slow its publishers down.
        public var stalledReceiver = 5

        public init() {}
    }

    public init() {}
}
