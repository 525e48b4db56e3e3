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

    /// What to listen on and the bounds that hold.
    public struct Configuration: Sendable {
        /// Plain TCP listeners.
        public var tcp: [HostPort]
        /// WebSocket listeners (subprotocols `mqtt` and `mqttv3.1`).
        public var webSocket: [HostPort]
        /// Origins of web pages, such as `https://example.org`, that may connect by WebSocket besides pages of the host
        /// that the listener is reached by.
        public var allowedOrigins: [String]
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
        public var tcp: [HostPort]
        public var webSocket: [HostPort]

        public init(tcp: [HostPort] = [], webSocket: [HostPort] = []) {
            self.tcp = tcp
            self.webSocket = webSocket
        }
    }

    /// Why a server did not start.
    public enum StartError: Error, Sendable, Hashable, CustomStringConvertible {
        /// Another process listens there.
        case addressInUse(HostPort)
        case cannotListen(HostPort, reason: String)
        case alreadyStarted

        public var description: String {
            switch self {
            case .addressInUse(let address): "address already in use: \(address)"
            case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
            case .alreadyStarted: "the MQTT server has been started already"
            }
        }
    }
}
