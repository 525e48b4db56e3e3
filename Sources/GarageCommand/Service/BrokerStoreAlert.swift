import BrokerStore
import EventLog
import GarageDomain
import GarageEvents
import Views

/// Records that the broker had to begin without its stored state, as an alert that stands until the next start with a
/// store that is whole.
struct BrokerStoreAlert {
    static let condition = "broker-store-set-aside"

    let log: EventLog
    let views: Views
    let now: Timestamp

    /// To be called before others append to the log; the views must have caught up. Throws an `AppendError`.
    func record(_ store: BrokerStore) async throws {
        let standing = try await views.openAlerts().contains { $0.condition == Self.condition }
        if let setAside = store.setAside {
            let text = """
                The broker's store could not be used (\(setAside.reason)); it is kept as \(setAside.path). Sessions, waiting \
                messages and retained messages of before are missing.
                """
            try await append(.alertRaised(Alert(condition: Self.condition, text: text)))
        } else if standing {
            try await append(.alertCleared(Alert(condition: Self.condition, text: "The broker's store is whole.")))
        }
    }

    private func append(_ body: EventBody) async throws {
        guard let name = Name("home") else { return }
        let event = EventCoding.encode(
            DomainEvent(Subject(garage: name, kind: .garage, name: name), body),
            id: EventID.make(at: now.microseconds), time: now.microseconds,
            metadata: EventMetadata(actor: "garage", channel: "service"))
        _ = try await log.append(AppendRequest(events: [event]))
    }
}
