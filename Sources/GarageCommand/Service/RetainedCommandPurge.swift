import BrokerStore
import DeviceProfiles
import EventLog
import GarageDomain
import GarageEvents
import MQTTBroker

/// Takes retained commands out of the broker's store: an imported file may hold some, or one from before a topic was
/// named in `devices.command_topics`. Such a message would move a gate each time that its device connects.
struct RetainedCommandPurge {
    /// So many topics are named in events; the rest is counted.
    private static let mostEvents = 50

    let commands: CommandPositions
    let log: EventLog
    let now: Timestamp

    /// To be called before the broker takes its state. Each topic is recorded before its message is gone from the file.
    /// Throws an `AppendError`.
    func run(_ store: BrokerStore) async throws {
        let found = store.retainedAtStart.map(\.topic).filter { isCommand($0) }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        guard !found.isEmpty, let name = Name("home") else { return }
        let garage = Subject(garage: name, kind: .garage, name: name)
        let events = found.prefix(Self.mostEvents).enumerated().map { index, topic in
            let isLast = index == Self.mostEvents - 1 && found.count > Self.mostEvents
            let more = isLast ? " (and \(found.count - Self.mostEvents) more)" : ""
            let text =
                "retained message on \(String(decoding: topic.prefix(300), as: UTF8.self)), removed at the start\(more)"
            return EventCoding.encode(
                DomainEvent(garage, .accessDenied(AccessDenied(attempt: text, address: nil))),
                id: EventID.make(at: now.microseconds), time: now.microseconds,
                metadata: EventMetadata(actor: "garage", channel: "service"))
        }
        _ = try await log.append(AppendRequest(events: Array(events)))
        let commands = commands
        _ = store.removeRetained { topic in topic.withUnsafeBytes { commands.isCommand($0) } }
    }

    private func isCommand(_ topic: [UInt8]) -> Bool { topic.withUnsafeBytes { commands.isCommand($0) } }
}
