/// Many subscriptions with wildcards, and publishes whose topics have to be matched against them.
public struct SubscriptionsLoad: Sendable, Hashable {
    /// How many subscriptions each publish fits.
    public enum Target: Sendable, Hashable {
        /// None: what is measured is the search.
        case nobody
        /// One, of another connection each time.
        case one
    }

    /// In all, dealt out to the connections. 1 to ``maximum``.
    public var subscriptions: Int
    public var connections: Int
    /// QoS 1, each with a topic that differs from those of the thousands before it.
    public var publishes: Int
    public var target: Target

    public static let maximum = 5_000_000

    public init(subscriptions: Int, connections: Int, publishes: Int, target: Target) {
        self.subscriptions = subscriptions
        self.connections = connections
        self.publishes = publishes
        self.target = target
    }

    /// Why this load can't be run, or `nil` if it can.
    public var mistake: String? {
        if !(1...Self.maximum).contains(subscriptions) { return "1 to \(Self.maximum) subscriptions" }
        if !(1...min(subscriptions, 10_000)).contains(connections) {
            return "1 to 10000 connections, each with a subscription"
        }
        return publishes < 1 ? "a load needs a message" : nil
    }
}

/// What a ``SubscriptionsLoad`` came to.
public struct SubscriptionsResult: Sendable, Hashable {
    public var load: SubscriptionsLoad
    public var subscribed: Int
    /// CPU seconds of the broker for the subscriptions.
    public var subscribing: ProcessUse?
    /// From the first publish to the last acknowledgement.
    public var seconds: Double
    public var acknowledged: Int
    public var delivered: Int
    public var publishing: ProcessUse?
    public var fault: LoadFault?
    /// CPU seconds of the generator's own thread while publishing.
    public var generatorSeconds: Double

    /// Acknowledged publishes per second.
    public var rate: Double { seconds > 0 ? Double(acknowledged) / seconds : 0 }

    /// What the broker's resident memory grew by for each subscription, its part of the connections included.
    public var residentBytesPerSubscription: Double? {
        guard let subscribing, subscribed > 0 else { return nil }
        return Double(subscribing.residentGrowth) / Double(subscribed)
    }
}
