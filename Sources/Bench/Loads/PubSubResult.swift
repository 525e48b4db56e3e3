/// What a ``PubSubLoad`` came to.
public struct PubSubResult: Sendable, Hashable {
    public var load: PubSubLoad
    /// From the first message to the last delivery or acknowledgement.
    public var seconds: Double
    /// Messages handed to the sockets.
    public var published: Int
    /// Messages whose last acknowledgement came (QoS 1: PUBACK, QoS 2: PUBCOMP).
    public var acknowledged: Int
    /// Different messages that arrived, each once for each subscriber. Copies are not counted here.
    public var delivered: Int
    /// Further copies. QoS 2 allows none.
    public var duplicates: Int
    /// Messages that came behind a later one of the same publisher. None is allowed.
    public var reordered: Int
    /// Deliveries that nobody in this run sent.
    public var foreign: Int
    /// Why the load ended early; `nil` if all messages came.
    public var fault: LoadFault?
    /// For a load with a rate.
    public var latency: LatencySummary?
    /// What the broker's process used, if it was watched.
    public var broker: ProcessUse?
    /// CPU seconds of the generator's own thread. Near ``seconds``, the generator was the limit.
    public var generatorSeconds: Double
    /// Whether the broker kept the neighbour until the end; `nil` for a load without one.
    public var neighbourWasKept: Bool?

    /// Deliveries that should have come and did not.
    public var lost: Int { load.expectedDeliveries - delivered }

    /// Deliveries per second; for sensors, acknowledged messages per second.
    public var rate: Double {
        seconds > 0 ? Double(load.layout == .sensors ? acknowledged : delivered) / seconds : 0
    }

    /// The broker's CPU time for each message that went in or out.
    public var brokerMicrosecondsPerMessage: Double? {
        let count = published + delivered
        return broker.flatMap { count > 0 ? $0.cpuSeconds * 1_000_000 / Double(count) : nil }
    }
}
