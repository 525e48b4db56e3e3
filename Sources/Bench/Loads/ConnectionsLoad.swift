/// Connections that only are there, each with one subscription.
public struct ConnectionsLoad: Sendable, Hashable {
    /// 1 to ``maximum``.
    public var connections: Int

    /// About as many as one address of a machine can open to one port of another.
    public static let maximum = 25_000

    public init(connections: Int) { self.connections = connections }

    /// Why this load can't be run, or `nil` if it can.
    public var mistake: String? {
        (1...Self.maximum).contains(connections) ? nil : "1 to \(Self.maximum) connections"
    }
}

/// What a ``ConnectionsLoad`` came to.
public struct ConnectionsResult: Sendable, Hashable {
    public var load: ConnectionsLoad
    /// From the first connection attempt to the last CONNACK.
    public var seconds: Double
    /// Connections with a CONNACK.
    public var connected: Int
    /// Connections with their subscription granted.
    public var subscribed: Int
    /// Why the load ended early.
    public var fault: LoadFault?
    /// What the broker's process used, if it was watched.
    public var broker: ProcessUse?
    /// CPU seconds of the generator's own thread while connecting.
    public var generatorSeconds: Double

    /// Connections per second.
    public var rate: Double { seconds > 0 ? Double(connected) / seconds : 0 }

    /// What the broker's resident memory grew by for each connection with its subscription.
    public var residentBytesPerConnection: Double? {
        guard let broker, subscribed > 0 else { return nil }
        return Double(broker.residentGrowth) / Double(subscribed)
    }
}
