public import MQTTBroker

/// What the changes add up to, worked out in the plainest way.
public struct StateModel: Sendable {
    private struct Session: Sendable {
        var session: DurableSession
        var subscriptions: [DurableSubscription] = []
        var deliveries: [Int64: DurableDelivery] = [:]
        var received: Set<UInt16> = []
    }

    private var sessions: [SessionKey: Session] = [:]
    private var messages: [Int64: DurableMessage] = [:]
    /// By topic.
    public private(set) var retained: [[UInt8]: DurableRetained] = [:]

    public init() {}

    public mutating func apply(_ change: StateChange) {
        switch change {
        case .session(let session):
            sessions[session.key, default: Session(session: session)].session = session
        case .sessionEnded(let key): sessions[key] = nil
        case .subscribed(let key, let filter, let options):
            sessions[key]?.subscriptions.removeAll { $0.filter == filter }
            sessions[key]?.subscriptions.append(DurableSubscription(filter: filter, options: options))
        case .unsubscribed(let key, let filter): sessions[key]?.subscriptions.removeAll { $0.filter == filter }
        case .message(let message): messages[message.id] = message
        case .delivery(let delivery): sessions[delivery.session]?.deliveries[delivery.order] = delivery
        case .sent(let key, let order, let packetID): sessions[key]?.deliveries[order]?.packetID = packetID
        case .released(let key, let order, let sequence):
            sessions[key]?.deliveries[order]?.released = sequence
            sessions[key]?.deliveries[order]?.message = nil
        case .delivered(let key, let order): sessions[key]?.deliveries[order] = nil
        case .received(let key, let packetID): sessions[key]?.received.insert(packetID)
        case .forgotten(let key, let packetID): sessions[key]?.received.remove(packetID)
        case .retained(let message): retained[message.topic] = message
        case .retainedRemoved(let topic): retained[topic] = nil
        case .held, .settled, .barrier: break
        }
    }

    /// Forgets contents that no delivery names any longer.
    public mutating func compact() {
        let used = Set(sessions.values.flatMap { $0.deliveries.values.compactMap(\.message) })
        messages = messages.filter { used.contains($0.key) }
    }

    public var state: DurableState {
        var state = DurableState()
        state.sessions = sessions.values.sorted { $0.session.key < $1.session.key }.map { entry in
            var session = DurableState.Session(session: entry.session)
            session.subscriptions = entry.subscriptions
            session.deliveries = entry.deliveries.values.sorted { $0.order < $1.order }
            session.received = entry.received
            return session
        }
        var compacted = self
        compacted.compact()
        state.messages = compacted.messages
        state.retained = retained.values.sorted { $0.topic.lexicographicallyPrecedes($1.topic) }
        return state
    }
}
