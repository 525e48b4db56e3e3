import MQTTBroker
import MQTTCodec
import Synchronization

/// A policy whose answers a test sets, and which remembers what it was asked and told.
final class TestPolicy: BrokerPolicy {
    /// What the policy saw of one publish.
    struct Seen: Sendable {
        var topic: String
        var payload: String
        var isWill: Bool
        var isDuplicate: Bool
        var clientID: String
        var ticket: HoldTicket
        var properties: Properties
    }

    struct State: Sendable {
        var authentication: @Sendable (ConnectRequest) -> Authentication = { _ in .accepted(.anonymous) }
        var subscribe: @Sendable (String) -> ReasonCode? = { _ in nil }
        var verdict: @Sendable (Seen) -> PublishVerdict = { _ in .forward }
        var rewrite: @Sendable (Seen) -> Rewrite? = { _ in nil }
        /// By topic and client.
        var forbidden: Set<[String]> = []
        var volatileTopics: Set<String> = []
        var commandTopics: Set<String> = []
        var isCongested = false
        var seen: [Seen] = []
        var events: [String] = []
    }

    private let state = Mutex(State())

    func set(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    var seen: [Seen] { state.withLock { $0.seen } }

    /// Takes the events told since the last time, as short texts.
    func takeEvents() -> [String] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    func authenticate(_ request: ConnectRequest) -> Authentication {
        state.withLock { $0.authentication }(request)
    }

    func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
        state.withLock { $0.subscribe }(filter)
    }

    let authorizesDeliveries: Bool

    init(authorizesDeliveries: Bool = false) {
        self.authorizesDeliveries = authorizesDeliveries
    }

    func authorizeDelivery(of topic: String, to clientID: String, user: String?) -> Bool {
        state.withLock { !$0.forbidden.contains([topic, clientID]) }
    }

    func rewrite(_ publish: borrowing PublishInspection) -> Rewrite? {
        state.withLock { $0.rewrite }(Self.seen(publish))
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        let seen = Self.seen(publish)
        let verdict = state.withLock { state in
            state.seen.append(seen)
            return state.verdict
        }
        return verdict(seen)
    }

    private static func seen(_ publish: borrowing PublishInspection) -> Seen {
        Seen(
            topic: publish.topicName, payload: String(decoding: publish.payload, as: UTF8.self),
            isWill: publish.isWill, isDuplicate: publish.duplicate, clientID: publish.client.clientID,
            ticket: publish.ticket, properties: publish.properties)
    }

    var isCongested: Bool { state.withLock { $0.isCongested } }

    func isVolatile(topic: String) -> Bool { state.withLock { $0.volatileTopics.contains(topic) } }

    func isCommand(topic: String) -> Bool { state.withLock { $0.commandTopics.contains(topic) } }

    func observe(_ event: SessionEvent) {
        let text =
            switch event {
            case .connected(let context): "connected \(context.clientID)"
            case .disconnected(let context, let cause): "disconnected \(context.clientID) \(Self.text(cause))"
            case .sessionEnded(let clientID, let cause, let count): "ended \(clientID) \(cause) \(count)"
            case .refused(_, let clientID, let reason): "refused \(clientID): \(reason)"
            case .refusedLogin(let clientID, let userName, _, let reason):
                "refused login of \(userName ?? "nobody") as \(clientID): \(reason)"
            case .refusedTakeover(let context): "refused takeover of \(context.clientID)"
            case .dropped(let clientID, let topic, let count, let reason):
                "dropped \(clientID) \(topic ?? "-") \(count) \(reason)"
            }
        state.withLock { $0.events.append(text) }
    }

    private static func text(_ cause: DisconnectCause) -> String {
        switch cause {
        case .clientDisconnect: "client"
        case .connectionLost: "lost"
        case .keepAliveTimeout: "keep-alive"
        case .takenOver: "taken over"
        case .protocolError(let reason, _): "error \(reason)"
        case .administrative: "administrative"
        case .serverShutdown: "shutdown"
        }
    }
}
