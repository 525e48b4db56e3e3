import MQTTBroker
import Synchronization

/// A store that keeps nothing and says at once that everything is on disk.
final class StubStore: DurableStore {
    /// By shard the last batch that has not been told; 0 for none.
    private let last: Mutex<[UInt64]>

    init(shards: Int) {
        last = Mutex(Array(repeating: 0, count: shards))
    }

    var hasWritten: Bool { last.withLock { $0.contains { $0 != 0 } } }

    func takeLast(of shard: Int) -> UInt64? {
        last.withLock { last in
            defer { last[shard] = 0 }
            return last[shard] == 0 ? nil : last[shard]
        }
    }

    func takeState(now: UInt64) -> DurableState { DurableState() }

    func setReceiver(_ committed: @escaping @Sendable (_ shard: Int, _ number: UInt64) -> Void) {}

    func write(_ changes: [StateChange], shard: Int, number: UInt64) {
        last.withLock { $0[shard] = number }
    }
}
