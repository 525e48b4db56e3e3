import MQTTBroker
import Synchronization

/// A store in memory: what is written waits until the test has it committed. A store made of another one's `committed`
/// is what a restart after a power loss finds.
final class TestStore: DurableStore {
    private struct Batch {
        var shard: Int
        var number: UInt64
        var changes: [StateChange]
    }

    private struct State {
        var committed: StateModel
        var waiting: [Batch] = []
        var held = HeldChanges()
    }

    /// Commits by itself.
    let isQuick: Bool
    private let state: Mutex<State>

    init(_ committed: StateModel = StateModel(), isQuick: Bool = false) {
        self.isQuick = isQuick
        state = Mutex(State(committed: committed))
    }

    var committed: StateModel { state.withLock { $0.committed } }
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Commits up to so many batches, and says which are committed.
    func commit(_ limit: Int = .max) -> [(shard: Int, number: UInt64)] {
        state.withLock { state in
            let batches = state.waiting.prefix(limit)
            state.waiting.removeFirst(batches.count)
            for batch in batches {
                for change in state.held.admit(batch.changes, shard: batch.shard, number: batch.number) {
                    state.committed.apply(change)
                }
            }
            return state.held.takeWhole().sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    // MARK: DurableStore

    func takeState(now: UInt64) -> DurableState { committed.state }

    func setReceiver(_ committed: @escaping @Sendable (_ shard: Int, _ number: UInt64) -> Void) {}

    func write(_ changes: [StateChange], shard: Int, number: UInt64) {
        state.withLock { $0.waiting.append(Batch(shard: shard, number: number, changes: changes)) }
    }
}

/// What the changes add up to, worked out in the plainest way.
struct StateModel: Sendable {
    private(set) var sessions: [SessionKey: DurableState.Session] = [:]
    private(set) var messages: [Int64: DurableMessage] = [:]
    private(set) var retained: [[UInt8]: DurableRetained] = [:]

    mutating func apply(_ change: StateChange) {
        switch change {
        case .session(let session):
            sessions[session.key, default: DurableState.Session(session: session)].session = session
        case .sessionEnded(let key): sessions[key] = nil
        case .subscribed(let key, let filter, let options):
            sessions[key]?.subscriptions.removeAll { $0.filter == filter }
            sessions[key]?.subscriptions.append(DurableSubscription(filter: filter, options: options))
        case .unsubscribed(let key, let filter): sessions[key]?.subscriptions.removeAll { $0.filter == filter }
        case .message(let message): messages[message.id] = message
        case .delivery(let delivery): sessions[delivery.session]?.deliveries.append(delivery)
        case .sent(let key, let order, let packetID): self.change(key, order) { $0.packetID = packetID }
        case .released(let key, let order, let sequence):
            self.change(key, order) {
                $0.released = sequence
                $0.message = nil
            }
        case .delivered(let key, let order): sessions[key]?.deliveries.removeAll { $0.order == order }
        case .received(let key, let packetID): sessions[key]?.received.insert(packetID)
        case .forgotten(let key, let packetID): sessions[key]?.received.remove(packetID)
        case .retained(let message): retained[message.topic] = message
        case .retainedRemoved(let topic): retained[topic] = nil
        case .held, .settled, .barrier: break
        }
    }

    var state: DurableState {
        var state = DurableState()
        state.sessions = sessions.values.sorted { $0.session.key < $1.session.key }
        let used = Set(state.sessions.flatMap { $0.deliveries.compactMap(\.message) })
        state.messages = messages.filter { used.contains($0.key) }
        state.retained = retained.values.sorted { $0.topic.lexicographicallyPrecedes($1.topic) }
        return state
    }

    private mutating func change(_ key: SessionKey, _ order: Int64, _ body: (inout DurableDelivery) -> Void) {
        guard let index = sessions[key]?.deliveries.firstIndex(where: { $0.order == order }),
            var delivery = sessions[key]?.deliveries[index]
        else { return }
        body(&delivery)
        sessions[key]?.deliveries[index] = delivery
    }
}
