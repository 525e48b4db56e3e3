import MQTTBroker
import MQTTCodec
import Synchronization

/// Lets in everyone but the user `stranger`, and refuses messages and filters below `forbidden/`.
final class StrictPolicy: BrokerPolicy {
    /// What a publish below `forbidden/` is answered.
    static let refusal = ReasonCode.notAuthorized

    func authenticate(_ request: ConnectRequest) -> Authentication {
        request.userName == "stranger" ? .refused(.badUserNameOrPassword) : .accepted(.anonymous)
    }

    func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
        filter.hasPrefix("forbidden/") ? .notAuthorized : nil
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        publish.topicName.hasPrefix("forbidden/") ? .refuse(Self.refusal) : .forward
    }
}

/// Keeps every acknowledgement until the test lets it go.
final class HoldingPolicy: BrokerPolicy {
    private let held = Mutex<[HoldTicket]>([])

    /// Takes the tickets of what was published until now.
    func takeTickets() -> [HoldTicket] {
        held.withLock { tickets in
            defer { tickets = [] }
            return tickets
        }
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        guard publish.qos != .atMostOnce else { return .forward }
        let ticket = publish.ticket
        held.withLock { $0.append(ticket) }
        return .hold(retained: false)
    }
}
