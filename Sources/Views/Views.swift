public import GarageDomain

/// The read models projected from the event log, and every query behind a page or an endpoint.
///
/// They live in `views.db`, which is disposable: what it holds follows from the log alone.
public final class Views: Sendable {
    init() {}

    /// The position of the last event that the views have applied; 0 if none.
    public func position() -> Int64 { 0 }

    /// Returns once the event at `position` is applied, or after `deadline`; tells whether it is applied.
    @discardableResult
    public func waitUntilApplied(_ position: Int64, within deadline: Duration = .seconds(2)) async -> Bool { false }

    /// The events after a position as they are applied: first those already there, then live ones, without a seam.
    public func liveEvents(after position: Int64, filter: EventFilter = EventFilter()) -> LiveEvents {
        LiveEvents(position: position)
    }

    public func events(_ filter: EventFilter, _ page: PageRequest) async throws -> EventPage { throw ViewsError.closed }
    public func event(at position: Int64) async throws -> EventRow? { throw ViewsError.closed }
    public func gates() async throws -> [GateRow] { throw ViewsError.closed }
    public func gate(_ id: Subject) async throws -> GateRow? { throw ViewsError.closed }
    /// The commands of a gate, newest first.
    public func commands(of gate: Subject, limit: Int) async throws -> [CommandRow] { throw ViewsError.closed }
    public func command(gate: Subject, id: String) async throws -> CommandRow? { throw ViewsError.closed }
    public func spots() async throws -> [SpotRow] { throw ViewsError.closed }
    public func sensors() async throws -> [SensorRow] { throw ViewsError.closed }
    public func sensor(_ id: Subject) async throws -> SensorRow? { throw ViewsError.closed }
    public func devices() async throws -> [DeviceRow] { throw ViewsError.closed }
    public func readings(_ query: ReadingsQuery) async throws -> ReadingsAnswer { throw ViewsError.closed }
    /// The lowest and highest reading in a range of time; of equal ones the earliest. `nil` if there is none.
    public func extremes(
        of sensor: Subject, quantity: Quantity, from: Timestamp, to: Timestamp
    ) async throws -> (minimum: ReadingPoint, maximum: ReadingPoint)? { throw ViewsError.closed }
    /// The garages that any event names, by name.
    public func garages() async throws -> [Name] { throw ViewsError.closed }
}

/// Why the views could not answer.
public enum ViewsError: Error, Sendable, Hashable {
    case closed
}

/// Reads the events after a position, in order, and waits for new ones.
public struct LiveEvents: Sendable {
    /// The position up to which everything was delivered or did not match the filter.
    public private(set) var position: Int64

    init(position: Int64) { self.position = position }

    /// The next events, at most 500; empty if none came in time.
    public mutating func next(waitingAtMost wait: Duration) async throws -> [EventRow] { throw ViewsError.closed }
}
