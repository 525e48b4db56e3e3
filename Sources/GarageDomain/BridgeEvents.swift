/// A bridge has reached the other broker.
public struct BridgeConnected: Hashable, Sendable, Codable {
    /// The bridge's name in the configuration.
    public var bridge: String
    /// The other broker, `host:port`.
    public var address: String

    public init(bridge: String, address: String) {
        self.bridge = bridge
        self.address = address
    }
}

/// A bridge has lost the other broker, or was stopped.
public struct BridgeDisconnected: Hashable, Sendable, Codable {
    /// The bridge's name in the configuration.
    public var bridge: String
    /// Why, in English; `nil` if the service stopped.
    public var reason: String?

    public init(bridge: String, reason: String?) {
        self.bridge = bridge
        self.reason = reason
    }
}
