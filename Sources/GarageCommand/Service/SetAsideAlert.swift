import EventLog
import GarageDomain
import GarageEvents
import Views

/// A file that could not be used at the start, and what it is called now.
struct SetAsideFile: Error {
    var path: String
    var reason: String
}

/// Records that a part of the service had to begin without its file, as an alert that stands until the next start with
/// one that is whole.
struct SetAsideAlert {
    /// What can be set aside without keeping the service from its work.
    enum Part: String {
        case brokerStore = "broker-store-set-aside"
        case outbox = "outbox-set-aside"

        fileprivate var name: String {
            switch self {
            case .brokerStore: "The broker's store"
            case .outbox: "The outbox of the webhook"
            }
        }

        fileprivate var loss: String {
            switch self {
            case .brokerStore: "Sessions, waiting messages and retained messages of before are missing."
            case .outbox: "Alerts that waited in it are not posted."
            }
        }
    }

    let log: EventLog
    let views: Views
    let now: Timestamp

    /// To be called before others append to the log; the views must have caught up. Throws an `AppendError`.
    func record(_ part: Part, _ file: Result<Void, SetAsideFile>) async throws {
        let standing = try await views.openAlerts().contains { $0.condition == part.rawValue }
        switch file {
        case .failure(let file):
            let text = "\(part.name) could not be used (\(file.reason)); it is kept as \(file.path). \(part.loss)"
            try await append(.alertRaised(Alert(condition: part.rawValue, text: text)))
        case .success where standing:
            try await append(.alertCleared(Alert(condition: part.rawValue, text: "\(part.name) is whole.")))
        case .success: break
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
