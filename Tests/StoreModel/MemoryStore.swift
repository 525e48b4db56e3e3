public import MQTTBroker
import Synchronization

/// A store in memory: what is written waits until the test has it committed, so that the process can die at any point. A
/// store made of another one's `committed` is what a restart after a power loss finds.
public final class MemoryStore: DurableStore {
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
    public let isQuick: Bool
    private let state: Mutex<State>

    public init(_ committed: StateModel = StateModel(), isQuick: Bool = false) {
        self.isQuick = isQuick
        state = Mutex(State(committed: committed))
    }

    public var committed: StateModel { state.withLock { $0.committed } }
    public var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Commits up to so many batches, and says which are committed.
    public func commit(_ limit: Int = .max) -> [(shard: Int, number: UInt64)] {
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

    public func takeState(now: UInt64) -> DurableState { committed.state }

    public func setReceiver(_ committed: @escaping @Sendable (_ shard: Int, _ number: UInt64) -> Void) {}

    public func write(_ changes: [StateChange], shard: Int, number: UInt64) {
        state.withLock { $0.waiting.append(Batch(shard: shard, number: number, changes: changes)) }
    }
}
