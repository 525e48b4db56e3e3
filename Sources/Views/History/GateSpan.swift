public import GarageDomain

/// A stretch of time that a gate spent in one state.
public struct GateSpan: Sendable, Hashable {
    public var state: GateState
    public var start: Timestamp
    /// When the next state began; `nil` while it lasts.
    public var end: Timestamp?
    /// The event that began it.
    public var position: Int64
    /// The person or program whose command caused it, or else the reporting device.
    public var actor: String
    public var channel: String
    /// The command that caused it.
    public var commandID: String?
    /// The gate's very first report, which says how it stands and not that it moved.
    public var isFirstReport: Bool

    public init(
        state: GateState, start: Timestamp, end: Timestamp?, position: Int64, actor: String, channel: String,
        commandID: String?, isFirstReport: Bool
    ) {
        self.state = state
        self.start = start
        self.end = end
        self.position = position
        self.actor = actor
        self.channel = channel
        self.commandID = commandID
        self.isFirstReport = isFirstReport
    }

    /// How long it lasted in milliseconds; `nil` while it lasts.
    public var milliseconds: Int64? { end?.milliseconds(since: start) }
}

/// The states of a gate over a range of time.
public struct GateTimeline: Sendable, Hashable {
    /// Oldest first. The first one may have begun before the range, the last one may end after it.
    public var spans: [GateSpan]
    /// Whether older spans of the range were left out because there are too many.
    public var isCut: Bool

    public init(spans: [GateSpan], isCut: Bool) {
        self.spans = spans
        self.isCut = isCut
    }
}

/// How a gate was used in one interval, for example a local day.
public struct GateUsage: Sendable, Hashable {
    public var from: Timestamp
    public var to: Timestamp
    /// Milliseconds in which the gate was anything but closed.
    public var openMilliseconds: Int64
    /// Milliseconds before its first report, or in the future.
    public var unknownMilliseconds: Int64
    /// How often it left the closed state.
    public var openings: Int

    public init(
        from: Timestamp, to: Timestamp, openMilliseconds: Int64, unknownMilliseconds: Int64, openings: Int
    ) {
        self.from = from
        self.to = to
        self.openMilliseconds = openMilliseconds
        self.unknownMilliseconds = unknownMilliseconds
        self.openings = openings
    }
}
