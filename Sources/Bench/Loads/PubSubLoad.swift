public import MQTTCodec

/// Messages from publishers to subscribers.
public struct PubSubLoad: Sendable, Hashable {
    /// Who gets whose messages.
    public enum Layout: String, Sendable, Hashable, CaseIterable {
        /// Publisher i to subscriber i, each pair with a topic of its own. As many subscribers as publishers.
        case pairs
        /// Each publisher has a topic of its own; every subscriber gets all of them through a wildcard.
        case fanIn
        /// All publishers use one topic, to which every subscriber subscribes.
        case fanOut
        /// Each publisher is a sensor that sends readings to a garage service; there are no subscribers.
        case sensors
    }

    public var layout: Layout
    public var publishers: Int
    public var subscribers: Int
    /// For publishing and subscribing.
    public var qos: QoS
    /// Sent by each publisher.
    public var messages: Int
    /// At least ``minimumPayload``: a message carries its number. Readings have their own five bytes.
    public var payloadBytes: Int
    /// How many messages a publisher has unacknowledged at most (QoS 1, 2), or sends in one burst (QoS 0).
    public var window: Int
    /// Messages per second and publisher. `nil` means as fast as the broker goes; with a rate, latency is measured.
    public var rate: Double?
    /// Who else is at the broker meanwhile.
    public var neighbour: Neighbour?

    public static var minimumPayload: Int { Stamp.size }

    public init(
        _ layout: Layout, publishers: Int, subscribers: Int, qos: QoS, messages: Int, payloadBytes: Int = 64,
        window: Int? = nil, rate: Double? = nil, neighbour: Neighbour? = nil
    ) {
        self.layout = layout
        self.publishers = publishers
        self.subscribers = subscribers
        self.qos = qos
        self.messages = messages
        self.payloadBytes = payloadBytes
        self.window = window ?? (qos == .atMostOnce ? 256 : 64)
        self.rate = rate
        self.neighbour = neighbour
    }

    /// How many deliveries there are when nothing is lost.
    public var expectedDeliveries: Int {
        switch layout {
        case .pairs: publishers * messages
        case .fanIn, .fanOut: publishers * messages * subscribers
        case .sensors: 0
        }
    }

    /// Why this load can't be run, or `nil` if it can.
    public var mistake: String? {
        if publishers < 1 || messages < 1 { return "a load needs a publisher and a message" }
        if publishers > 20_000 || subscribers > 20_000 { return "at most 20000 publishers and subscribers" }
        if messages > 1_000_000_000 { return "at most 1000000000 messages for each publisher" }
        if payloadBytes < Self.minimumPayload || payloadBytes > 1 << 20 {
            return "a payload has \(Self.minimumPayload) to \(1 << 20) bytes"
        }
        if !(1...PublisherTraffic.maximumWindow).contains(window) { return "a window of 1 to 60000 messages" }
        if let rate, !(rate > 0 && rate <= 1_000_000) { return "a rate above 0" }
        switch layout {
        case .pairs: return publishers == subscribers ? nil : "pairs need as many subscribers as publishers"
        case .fanIn, .fanOut: return subscribers < 1 ? "a load needs a subscriber" : nil
        case .sensors:
            if subscribers != 0 { return "sensors have no subscribers" }
            return qos == .atMostOnce ? "sensors are measured by their acknowledgements, so QoS 1 or 2" : nil
        }
    }
}
