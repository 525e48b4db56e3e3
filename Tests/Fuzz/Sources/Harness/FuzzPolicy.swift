import MQTTBroker
import MQTTCodec
import Synchronization

/// A host that says something else for each kind of topic, and keeps the tickets of what it holds.
final class FuzzPolicy: BrokerPolicy {
    private struct State {
        var tickets: [HoldTicket] = []
        /// By the name that a connection has as its remote address.
        var versions: [String: ProtocolVersion] = [:]
    }

    private let state = Mutex(State())

    /// The version that a connection was let in with.
    func version(of address: String) -> ProtocolVersion? { state.withLock { $0.versions[address] } }

    /// Takes one of the tickets that are held.
    func takeTicket(_ index: Int) -> HoldTicket? {
        state.withLock { state in
            guard !state.tickets.isEmpty else { return nil }
            return state.tickets.remove(at: index % state.tickets.count)
        }
    }

    func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
        filter.hasPrefix("refuse") ? .notAuthorized : nil
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        _ = publish.properties
        let topic = publish.topicName
        switch topic.split(separator: "/").first {
        case "hold":
            let ticket = publish.ticket
            if publish.qos != .atMostOnce, !publish.isWill { state.withLock { $0.tickets.append(ticket) } }
            return topic == "hold/1" ? .hold(retained: false) : .holdOnly
        case "refuse": return .refuse(.notAuthorized)
        case "consume": return .consume(.success)
        default: return .forward
        }
    }

    func isVolatile(topic: String) -> Bool { topic.hasPrefix("volatile") }

    func observe(_ event: SessionEvent) {
        guard case .connected(let context) = event else { return }
        state.withLock { $0.versions[context.remoteAddress] = context.version }
    }
}
