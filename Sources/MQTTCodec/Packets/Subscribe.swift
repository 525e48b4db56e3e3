/// SUBSCRIBE (MQTT 5.0 section 3.8).
public struct Subscribe: Sendable, Hashable {
    public var packetID: UInt16
    /// At least one.
    public var subscriptions: [Subscription]
    public var properties: Properties

    public init(packetID: UInt16, subscriptions: [Subscription], properties: Properties = Properties()) {
        self.packetID = packetID
        self.subscriptions = subscriptions
        self.properties = properties
    }
}

/// A topic filter with its subscription options (MQTT 5.0 section 3.8.3.1). MQTT 3.1 and 3.1.1 know only the quality
/// of service.
public struct Subscription: Sendable, Hashable {
    /// The filter as sent, `$share/name/` included; see `TopicFilter`.
    public var filter: String
    public var qos: QoS
    public var noLocal: Bool
    public var retainAsPublished: Bool
    public var retainHandling: RetainHandling

    public init(
        filter: String, qos: QoS, noLocal: Bool = false, retainAsPublished: Bool = false,
        retainHandling: RetainHandling = .send
    ) {
        self.filter = filter
        self.qos = qos
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
    }
}

/// Whether a subscription asks for retained messages when it is made.
public enum RetainHandling: UInt8, Sendable, Hashable {
    case send = 0
    case sendIfNew = 1
    case doNotSend = 2
}
