import EventLog
import GarageDomain
import GarageEvents
import Logging
import Views

/// Appends `access.*` events. They are about the garage as a whole.
struct AccessRecord: Sendable {
    let log: EventLog
    let views: Views
    let clock: @Sendable () -> Timestamp
    let logger: Logger

    @Sendable func append(_ body: EventBody, _ metadata: EventMetadata) async {
        let garage = (try? await views.garages())?.first ?? Name(nearest: "home")
        let now = clock().microseconds
        let event = EventCoding.encode(
            DomainEvent(Subject(garage: garage, kind: .garage, name: garage), body), id: EventID.make(at: now),
            time: now, metadata: metadata)
        do {
            _ = try await log.append(AppendRequest(events: [event]))
        } catch {
            logger.error("an access event could not be recorded", metadata: ["reason": "\(error)"])
        }
    }
}
