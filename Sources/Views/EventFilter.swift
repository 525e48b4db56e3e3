public import GarageDomain

/// Which events a reader wants. Empty sets and `nil` mean "all".
public struct EventFilter: Sendable, Hashable {
    /// Event types, or groups of them ending in `.*` (for example `gate.*`).
    public var types: Set<String>
    public var excludedTypes: Set<String>
    public var kind: Subject.Kind?
    public var garage: Name?
    /// The subject's API id (`home.front`) or its bare name (`front`).
    public var subject: String?
    /// The name of the device that reported it.
    public var device: String?
    public var actor: String?
    /// A text that the subject, the actor or the data must contain, any case; the data of readings, which are numbers,
    /// are not searched.
    public var text: String?
    /// The state that the event reports: of a gate (`open`, `closed`, …, `obstructed`), a spot (`occupied`, `free`) or a
    /// device (`online`, `offline`). Another word matches no event.
    public var state: String?
    /// From this moment on, inclusive.
    public var from: Timestamp?
    /// Before this moment, exclusive.
    public var to: Timestamp?
    /// Whether `sensor.reading-recorded` is left out although no type filter says so.
    public var hidesReadings: Bool

    public init(
        types: Set<String> = [], excludedTypes: Set<String> = [], kind: Subject.Kind? = nil, garage: Name? = nil,
        subject: String? = nil, device: String? = nil, actor: String? = nil, text: String? = nil,
        state: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil, hidesReadings: Bool = false
    ) {
        self.types = types
        self.excludedTypes = excludedTypes
        self.kind = kind
        self.garage = garage
        self.subject = subject
        self.device = device
        self.actor = actor
        self.text = text
        self.state = state
        self.from = from
        self.to = to
        self.hidesReadings = hidesReadings
    }
}

/// One page of a list that is ordered by position.
public struct PageRequest: Sendable, Hashable {
    /// Where the page begins: only events beyond this position in reading direction; `nil` begins at the end nearest.
    public var after: Int64?
    public var order: Order
    /// 1 to 1000.
    public var limit: Int

    public enum Order: String, Sendable, Hashable, CaseIterable {
        /// Oldest first.
        case ascending = "asc"
        /// Newest first.
        case descending = "desc"
    }

    public init(after: Int64? = nil, order: Order = .descending, limit: Int = 100) {
        self.after = after
        self.order = order
        self.limit = limit
    }
}
