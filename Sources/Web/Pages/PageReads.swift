import GarageDomain
import Views

/// What the pages ask of the views.
protocol PageReads: Sendable {
    func position() -> Int64
    /// How the views follow the log, and which of them stopped.
    func status() -> ViewsStatus
    @discardableResult func waitUntilApplied(_ position: Int64, within deadline: Duration) async -> Bool
    func feed(after position: Int64, filter: EventFilter) -> any RowFeed
    func events(_ filter: EventFilter, _ page: PageRequest) async throws -> EventPage
    func event(at position: Int64) async throws -> EventRow?
    /// Everything that belongs to the same undertaking as an event, oldest first, itself included.
    func related(to position: Int64) async throws -> [EventRow]
    /// The events of the same stream just before and just after one, each oldest first.
    func neighbours(of position: Int64, count: Int) async throws -> (before: [EventRow], after: [EventRow])
    func gates() async throws -> [GateRow]
    func gate(_ id: Subject) async throws -> GateRow?
    func commands(of gate: Subject, limit: Int) async throws -> [CommandRow]
    func command(gate: Subject, id: String) async throws -> CommandRow?
    func spots() async throws -> [SpotRow]
    func sensors() async throws -> [SensorRow]
    func sensor(_ id: Subject) async throws -> SensorRow?
    func devices() async throws -> [DeviceRow]
    /// The alerts that stand, newest first.
    func openAlerts() async throws -> [AlertRow]
    func readings(_ query: ReadingsQuery) async throws -> ReadingsAnswer
    func extremes(
        of sensor: Subject, quantity: Quantity, from: Timestamp, to: Timestamp
    ) async throws -> (minimum: ReadingPoint, maximum: ReadingPoint)?
    func garages() async throws -> [Name]
    func timeline(of gate: Subject, from: Timestamp, to: Timestamp, limit: Int) async throws -> GateTimeline
    func usage(of gate: Subject, boundaries: [Timestamp], now: Timestamp) async throws -> [GateUsage]
    func stays(garage: Name?, spot: Subject?, before: Int64?, limit: Int) async throws -> StayPage
    func parkingSummary(
        garage: Name?, spot: Subject?, from: Timestamp, to: Timestamp, now: Timestamp
    ) async throws -> ParkingSummary
    func occupancyPattern(
        garage: Name?, spot: Subject?, from: Timestamp, to: Timestamp, now: Timestamp,
        offset: @escaping @Sendable (Timestamp) -> Int
    ) async throws -> OccupancyPattern
    func summaries(
        of sensor: Subject, quantity: Quantity, boundaries: [Timestamp]
    ) async throws -> [ReadingSummary]
    /// Why events can't be stored now; `nil` if they can.
    func trouble() -> String?
}

extension PageReads {
    func trouble() -> String? { nil }
}

/// Events as they come in.
protocol RowFeed: Sendable {
    var position: Int64 { get }
    mutating func next(waitingAtMost wait: Duration) async throws -> [EventRow]
}

extension LiveEvents: RowFeed {}

extension Views: PageReads {
    func feed(after position: Int64, filter: EventFilter) -> any RowFeed {
        liveEvents(after: position, filter: filter)
    }
}
