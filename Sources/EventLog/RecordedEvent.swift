/// An event as it stands in the log.
public struct RecordedEvent: Sendable, Hashable {
    /// Its place in the whole log, from 1, without gaps.
    public var position: Int64
    public var id: EventID
    public var stream: String
    /// Its place in its stream, from 1, without gaps.
    public var version: Int64
    public var chain: Chain
    public var type: String
    public var schema: Int
    /// When it happened: microseconds since 1970.
    public var time: Int64
    /// When it was written: microseconds since 1970.
    public var recorded: Int64
    public var metadata: EventMetadata
    /// A JSON object, UTF-8.
    public var data: [UInt8]
    /// Its SHA-256 link in its chain, 32 bytes.
    public var hash: [UInt8]

    /// Whether its actor, client id and data were erased. A whole event's data is never empty.
    public var isErased: Bool { data.isEmpty }

    public init(
        position: Int64, id: EventID, stream: String, version: Int64, chain: Chain, type: String, schema: Int,
        time: Int64, recorded: Int64, metadata: EventMetadata, data: [UInt8], hash: [UInt8]
    ) {
        self.position = position
        self.id = id
        self.stream = stream
        self.version = version
        self.chain = chain
        self.type = type
        self.schema = schema
        self.time = time
        self.recorded = recorded
        self.metadata = metadata
        self.data = data
        self.hash = hash
    }
}
