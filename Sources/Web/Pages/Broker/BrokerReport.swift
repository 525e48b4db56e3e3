public import GarageDomain

/// How the MQTT broker is, for the page about it.
public struct BrokerReport: Sendable, Hashable {
    /// A client that is connected, or whose session is kept.
    public struct Client: Sendable, Hashable {
        public var id: String
        public var username: String?
        /// For example `5.0`.
        public var version: String?
        /// Its end of the connection; `nil` if it is not connected.
        public var address: String?
        public var isConnected: Bool
        public var connectedAt: Timestamp?
        /// Its topic filters; those of a shared subscription as `$share/NAME/FILTER`.
        public var subscriptions: [String]
        /// Messages that wait for it.
        public var queued: Int

        public init(
            id: String, username: String? = nil, version: String? = nil, address: String? = nil, isConnected: Bool,
            connectedAt: Timestamp? = nil, subscriptions: [String] = [], queued: Int = 0
        ) {
            self.id = id
            self.username = username
            self.version = version
            self.address = address
            self.isConnected = isConnected
            self.connectedAt = connectedAt
            self.subscriptions = subscriptions
            self.queued = queued
        }
    }

    /// A message that new subscribers get.
    public struct Retained: Sendable, Hashable {
        public var topic: String
        /// Its first bytes as text.
        public var payload: String

        public init(topic: String, payload: String) {
            self.topic = topic
            self.payload = payload
        }
    }

    /// One figure, for example messages received each second.
    public struct Figure: Sendable, Hashable {
        /// A name as Mosquitto has it below `$SYS/broker/`, for example `messages/received`.
        public var name: String
        public var value: Double

        public init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// How often something was refused.
    public struct Refusal: Sendable, Hashable {
        /// `connect`, `connect-timeout`, `publish`, `throttled`, `dropped`, `command/` with the reason of a refused command,
        /// or what was tried in plain words.
        public var reason: String
        public var count: Int
        public var last: Timestamp?

        public init(reason: String, count: Int, last: Timestamp? = nil) {
            self.reason = reason
            self.count = count
            self.last = last
        }
    }

    /// A bridge to another broker.
    public struct Bridge: Sendable, Hashable {
        public var name: String
        /// The other broker, `host:port`.
        public var address: String
        public var isConnected: Bool
        /// Why it is not connected.
        public var problem: String?
        public var sent: Int
        public var received: Int
        public var queued: Int
        public var dropped: Int

        public init(
            name: String, address: String, isConnected: Bool, problem: String? = nil, sent: Int = 0, received: Int = 0,
            queued: Int = 0, dropped: Int = 0
        ) {
            self.name = name
            self.address = address
            self.isConnected = isConnected
            self.problem = problem
            self.sent = sent
            self.received = received
            self.queued = queued
            self.dropped = dropped
        }
    }

    /// Sorted by identifier.
    public var clients: [Client]
    /// Sorted by topic; `nil` if there are too many to look at.
    public var retained: [Retained]?
    public var figures: [Figure]
    public var refusals: [Refusal]
    public var bridges: [Bridge]

    public init(
        clients: [Client] = [], retained: [Retained]? = [], figures: [Figure] = [], refusals: [Refusal] = [],
        bridges: [Bridge] = []
    ) {
        self.bridges = bridges
        self.clients = clients
        self.retained = retained
        self.figures = figures
        self.refusals = refusals
    }
}
