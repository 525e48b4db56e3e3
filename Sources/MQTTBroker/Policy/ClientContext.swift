public import MQTTCodec

/// Who a client is, as the policy's `authenticate` decided.
public struct Principal: Sendable, Hashable {
    /// The name under which the client's actions are recorded; `nil` for an anonymous client.
    public var name: String?
    /// By what the policy knows the client, in the policy's own words, so that its rights can end with that; `nil` for an
    /// anonymous client, and for the will of one that was stored before a restart.
    public var credential: String?
    /// What holds for the client's session in place of the broker's limits.
    public var terms: SessionTerms?

    /// A client that gave no credentials.
    public static let anonymous = Principal(name: nil)

    /// Whose a session is: the name, or nothing for clients without one.
    var owner: String { name ?? "" }

    public init(name: String?, credential: String? = nil, terms: SessionTerms? = nil) {
        self.name = name
        self.credential = credential
        self.terms = terms
    }
}

/// What is known of one connection for as long as it lasts. A new connection of the same client gets a new context.
public final class ClientContext: Sendable {
    /// The client identifier, also when the server assigned it.
    public let clientID: String
    /// Whether the server chose the client identifier, because the client left it empty.
    public let hasAssignedID: Bool
    public let principal: Principal
    /// The user name of the CONNECT packet, if it had one.
    public let userName: String?
    /// The peer's address and port as text, e.g. `192.0.2.7:50312`.
    public let remoteAddress: String
    /// The listener that accepted the connection, e.g. `tcp 127.0.0.1:1883`.
    public let listener: String
    public let version: ProtocolVersion
    /// The keep-alive in seconds that holds for the connection; 0 means none.
    public let keepAlive: UInt16
    public let cleanStart: Bool
    /// The event loop that serves the connection.
    public let shard: Int
    /// When the client was let in, in nanoseconds of the broker's monotonic clock; 0 if that is not known.
    public let connectedAt: UInt64

    public init(
        clientID: String, principal: Principal = .anonymous, userName: String? = nil, remoteAddress: String = "",
        listener: String = "", version: ProtocolVersion = .v5, keepAlive: UInt16 = 0, cleanStart: Bool = true,
        shard: Int = 0, hasAssignedID: Bool = false, connectedAt: UInt64 = 0
    ) {
        self.connectedAt = connectedAt
        self.hasAssignedID = hasAssignedID
        self.clientID = clientID
        self.principal = principal
        self.userName = userName
        self.remoteAddress = remoteAddress
        self.listener = listener
        self.version = version
        self.keepAlive = keepAlive
        self.cleanStart = cleanStart
        self.shard = shard
    }
}
