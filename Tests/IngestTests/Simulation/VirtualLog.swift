import EventLog
import GarageDomain
import GarageEvents
import Synchronization

/// An event log in memory that commits when it is told to, and fails when it is told to.
final class VirtualLog: Sendable {
    struct State: Sendable {
        var pending: [(request: AppendRequest, token: UInt64)] = []
        var stored: [Stored] = []
        var generation: UInt64 = 0
        var isFailing = false
    }

    /// An event as it is read back, with what the state of a garage takes from it.
    struct Stored: Sendable {
        var event: DomainEvent
        var time: Timestamp
        var clientID: String?
    }

    private let state = Mutex(State())

    var generation: UInt64 { state.withLock { $0.generation } }
    var hasPending: Bool { state.withLock { !$0.pending.isEmpty } }

    func append(_ request: AppendRequest, token: UInt64) { state.withLock { $0.pending.append((request, token)) } }

    func setFailing(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

    /// The power goes: what is not on disk is lost.
    func loseWhatIsPending() { state.withLock { $0.pending = [] } }

    /// Writes what waits, as one commit, and returns the results and the events that are now on disk.
    func commit() -> (completions: [AppendCompletion], events: [Stored]) {
        state.withLock { state in
            let batch = state.pending
            state.pending = []
            if state.isFailing {
                state.generation += 1
                return (batch.map { AppendCompletion(token: $0.token, result: .failure(.storage("full"))) }, [])
            }
            var completions: [AppendCompletion] = []
            var events: [Stored] = []
            for (request, token) in batch {
                if let generation = request.generation, generation != state.generation {
                    completions.append(AppendCompletion(token: token, result: .failure(.storage("stale"))))
                    continue
                }
                let first = Int64(state.stored.count) + 1
                let written = request.events.compactMap(VirtualLog.readBack)
                state.stored += written
                events += written
                let positions = request.events.indices.map { first + Int64($0) }
                completions.append(
                    AppendCompletion(
                        token: token,
                        result: .success(AppendReceipt(positions: positions, head: Int64(state.stored.count)))))
            }
            return (completions, events)
        }
    }

    /// The state of the garage as a new start of the service reads it.
    func replayed() -> GarageState {
        var garage = GarageState()
        for stored in state.withLock({ $0.stored }) {
            garage.evolve(stored.event, at: stored.time, clientID: stored.clientID)
        }
        return garage
    }

    private static func readBack(_ event: NewEvent) -> Stored? {
        guard let subject = Subject(stream: event.stream),
            let body = EventCoding.body(type: event.type, schema: event.schema, data: event.data)
        else { return nil }
        return Stored(
            event: DomainEvent(subject, body), time: Timestamp(microseconds: event.time),
            clientID: event.metadata.channel == "device" ? event.metadata.clientID : nil)
    }
}
