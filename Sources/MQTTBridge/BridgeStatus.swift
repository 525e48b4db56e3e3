/// How a bridge is.
public struct BridgeStatus: Sendable, Hashable {
    public var name: String
    /// The other broker, `host:port`.
    public var address: String
    public var isConnected: Bool
    /// Why it is not connected, if a try has failed; without secrets.
    public var problem: String?
    /// Messages that the other broker has taken, since the start.
    public var sent = 0
    /// Messages that came from there and were taken here.
    public var received = 0
    /// Messages that were not passed on, by reason.
    public var dropped: [BridgeDrop: Int] = [:]
    /// How often it has connected.
    public var connects = 0
    /// Messages that wait for the other broker.
    public var queued = 0

    public init(name: String, address: String, isConnected: Bool = false) {
        self.name = name
        self.address = address
        self.isConnected = isConnected
    }
}

/// Why a message did not cross.
public enum BridgeDrop: String, Sendable, Hashable, CaseIterable {
    /// It had been on this broker before.
    case loop
    /// The other broker does not take it.
    case refusedThere = "refused_there"
    /// This broker does not take it.
    case refusedHere = "refused_here"
    /// No route is for it: a subscription of an earlier configuration.
    case noRoute = "no_route"
    /// A message of QoS 0 while the other side was not ready.
    case notReady = "not_ready"
    /// A command that may have waited on the other broker: sent twice, or soon after the connection was made.
    case staleCommand = "stale_command"
    /// The queue was full.
    case queueFull = "queue_full"
}
