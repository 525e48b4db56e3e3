import EventLog
import GarageDomain
import GarageEvents

/// Erases what the event log holds of a person, and has the log say so without the name.
enum Erasure {
    /// Returns `nil` if the log has no event of the actor.
    static func run(_ log: EventLog, actor: String) async throws(EventLogError) -> ErasureReceipt? {
        let garage = try garage(of: log)
        return try await log.erase(actor: actor) { record($0, garage: garage) }
    }

    /// The garage of the first event that names one.
    private static func garage(of log: EventLog) throws(EventLogError) -> Name {
        try log.read(after: 0, limit: 1000).lazy.compactMap { Subject(stream: $0.stream)?.garage }.first
            ?? Name(nearest: "home")
    }

    private static func record(_ events: Int, garage: Name) -> NewEvent {
        let now = WallClock.microseconds()
        return EventCoding.encode(
            DomainEvent(
                Subject(garage: garage, kind: .garage, name: garage), .dataErased(DataErased(events: Int64(events)))),
            id: .make(at: now), time: now, metadata: EventMetadata(actor: "garage", channel: "cli"))
    }
}
