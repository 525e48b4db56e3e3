import EventLog
import GarageDomain
import GarageEvents
import Logging
import Views

/// Appends `bridge.*` events, in the order in which they happen. They are about the garage as a whole.
struct BridgeRecord: Sendable {
    private let queue: AsyncStream<EventBody>.Continuation
    private let writer: Task<Void, Never>

    init(log: EventLog, views: Views, clock: @escaping @Sendable () -> Timestamp, logger: Logger) {
        let (bodies, queue) = AsyncStream.makeStream(of: EventBody.self, bufferingPolicy: .bufferingNewest(1000))
        self.queue = queue
        writer = Task {
            for await body in bodies {
                let garage = (try? await views.garages())?.first ?? Name(nearest: "home")
                let now = clock().microseconds
                let event = EventCoding.encode(
                    DomainEvent(Subject(garage: garage, kind: .garage, name: garage), body), id: EventID.make(at: now),
                    time: now, metadata: EventMetadata(actor: "garage", channel: "service"))
                do {
                    _ = try await log.append(AppendRequest(events: [event]))
                } catch {
                    logger.error("an event of a bridge could not be recorded", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    func append(_ body: EventBody) { queue.yield(body) }

    /// Writes what is left.
    func finish() async {
        queue.finish()
        await writer.value
    }
}
