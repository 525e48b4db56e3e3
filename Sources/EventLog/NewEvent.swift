/// An event to append. The log gives it its position, version and recording time.
public struct NewEvent: Sendable, Hashable {
    public var id: EventID
    /// The stream it belongs to, for example `gate/home.front`; 1 to 200 bytes.
    public var stream: String
    public var chain: Chain
    /// The event type, for example `gate.opened`; 1 to 100 bytes.
    public var type: String
    /// The version of the shape of `data` for this type, from 1.
    public var schema: Int
    /// When it happened: microseconds since 1970 by the service's clock.
    public var time: Int64
    public var metadata: EventMetadata
    /// A JSON object, UTF-8.
    public var data: [UInt8]

    public init(
        id: EventID, stream: String, chain: Chain, type: String, schema: Int, time: Int64, metadata: EventMetadata,
        data: [UInt8]
    ) {
        self.id = id
        self.stream = stream
        self.chain = chain
        self.type = type
        self.schema = schema
        self.time = time
        self.metadata = metadata
        self.data = data
    }
}

/// The hash chain that an event belongs to, which also decides how long it is kept.
public enum Chain: Int, Sendable, Hashable, CaseIterable {
    /// Kept for ever.
    case journal = 1
    /// Pruned by age, as a prefix.
    case telemetry = 2
}

/// Who and what an event comes from.
public struct EventMetadata: Sendable, Hashable {
    /// Who caused it: a user's, program's or device's name; `anonymous`, or `garage` for the service itself.
    public var actor: String
    /// How it came in: `mqtt`, `http`, `page`, `cli`, `device` or `service`.
    public var channel: String
    /// The MQTT client identifier, if it came over MQTT.
    public var clientID: String?
    /// The id shared by all events of one undertaking, for example the request event of a gate command.
    public var correlation: EventID?
    /// The id of the event that directly led to this one.
    public var causation: EventID?
    /// The distributed trace that it belongs to. The log does not keep it apart: who encodes the event puts it into `data`,
    /// and so it is `nil` in what is read back.
    public var trace: TraceContext?

    public init(
        actor: String, channel: String, clientID: String? = nil, correlation: EventID? = nil, causation: EventID? = nil,
        trace: TraceContext? = nil
    ) {
        self.trace = trace
        self.actor = actor
        self.channel = channel
        self.clientID = clientID
        self.correlation = correlation
        self.causation = causation
    }
}
