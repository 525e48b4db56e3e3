public import MQTTBroker

extension MQTTServer {
    /// A host and port to listen on. Port 0 picks a free one.
    public struct HostPort: Sendable, Hashable, CustomStringConvertible {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// `127.0.0.1:1883`, `[::1]:1883`.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// How a listener carries MQTT. The raw value begins the listener's name, which policies see as
    /// `ConnectRequest.listener`: `tcp 127.0.0.1:1883`, `unix /run/garage/mqtt.sock`.
    public enum ListenerKind: String, Sendable, Hashable, CaseIterable {
        case tcp
        case tls
        case webSocket = "ws"
        case secureWebSocket = "wss"
        case unix

        /// Whether the bytes are encrypted, so that `Configuration.security` must be set.
        public var isSecure: Bool { self == .tls || self == .secureWebSocket }
    }

    /// What to listen on and the bounds that hold.
    public struct Configuration: Sendable {
        /// Plain TCP listeners.
        public var tcp: [HostPort]
        /// TLS listeners; they need `security`.
        public var tls: [HostPort] = []
        /// WebSocket listeners (subprotocols `mqtt` and `mqttv3.1`).
        public var webSocket: [HostPort]
        /// WebSocket listeners behind TLS; they need `security`.
        public var secureWebSocket: [HostPort] = []
        /// Paths of Unix domain sockets. A socket that nobody listens on is replaced; any other file is left alone and
        /// refuses the start. Owner and group may connect (mode 0660).
        public var unix: [String] = []
        /// Certificate, key and demands on client certificates of the listeners with TLS.
        public var security: TransportSecurity?
        /// Origins of web pages, such as `https://example.org`, that may connect by WebSocket besides pages of the host
        /// that the listener is reached by.
        public var allowedOrigins: [String]
        /// Names of this host, whose own pages may connect by WebSocket; `*` stands for every name. Pages that are reached
        /// by an address or as `localhost` always may.
        public var allowedHosts: [String] = []
        /// Listeners that expect a PROXY protocol version 2 header in front of every connection.
        public var proxyProtocol: Set<ListenerKind> = []
        /// Who may put a PROXY header in front; connections of others to those listeners are closed.
        public var trustedProxies: [AddressRange] = []
        /// What one address may do before it has said who it is.
        public var admission = AdmissionLimits()
        /// Listeners whose MQTT 5 clients are slowed down, as those of MQTT 3 are, instead of cut off when they exceed
        /// the Receive Maximum: there is firmware that does not count.
        public var lenient: Set<ListenerKind> = []
        /// As `lenient`: the addresses, as configured, of single listeners.
        public var lenientAddresses: Set<HostPort> = []
        /// Seconds between two publications of the `$SYS` topics; 0 publishes none.
        public var systemTopicsInterval: UInt32 = 0
        /// What `$SYS/broker/version` says.
        public var version = "garage"
        /// Serves unencrypted connections straight from the system's sockets where the platform has that: Linux. Other
        /// connections, and all of them without this, go through channels of the event loop group.
        public var usesSystemSockets = true
        /// Event loops that serve connections: 1 takes the group's first, more takes all that the group has. One is as
        /// fast until there are more than two processors.
        public var eventLoops: Int
        public var limits: BrokerLimits

        public init(
            tcp: [HostPort] = [HostPort(host: "127.0.0.1", port: 1883)], webSocket: [HostPort] = [],
            allowedOrigins: [String] = [], eventLoops: Int = 1, limits: BrokerLimits = BrokerLimits()
        ) {
            self.tcp = tcp
            self.webSocket = webSocket
            self.allowedOrigins = allowedOrigins
            self.eventLoops = eventLoops
            self.limits = limits
        }
    }

    /// Where the listeners ended up, in the order of the configuration.
    public struct BoundAddresses: Sendable, Hashable {
        public var tcp: [HostPort] = []
        public var tls: [HostPort] = []
        public var webSocket: [HostPort] = []
        public var secureWebSocket: [HostPort] = []
        public var unix: [String] = []

        public init() {}
    }

    /// Why a server did not start, or did not take new certificates.
    public enum StartError: Error, Sendable, Hashable, CustomStringConvertible {
        /// Another process listens there.
        case addressInUse(String)
        case cannotListen(String, reason: String)
        /// The certificate, key or authority can't be used; the reason names the file.
        case badCertificate(reason: String)
        case alreadyStarted

        public var description: String {
            switch self {
            case .addressInUse(let address): "address already in use: \(address)"
            case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
            case .badCertificate(let reason): reason
            case .alreadyStarted: "the MQTT server has been started already"
            }
        }
    }
}
