import Dispatch
public import Logging
public import MQTTBroker
import Synchronization

/// The broker's durable state in `broker.db`: sessions that outlive their connections, with what waits for them, and
/// retained messages.
///
/// One thread owns the only connection. It commits whatever has come while the last commit waited for the disk, with
/// `synchronous=FULL`; changes that cancel each other out before that never reach the disk. When the disk takes
/// nothing, changes are kept, nothing is reported as committed, and it is tried again.
public final class BrokerStore: DurableStore {
    public static let fileName = "broker.db"

    /// A file of an earlier run that could not be used and was renamed.
    public struct SetAside: Sendable, Hashable {
        /// Where it is now.
        public var path: String
        public var reason: String
    }

    /// The file that this run could not use and so began without; `nil` if all is well.
    public let setAside: SetAside?
    private let queue: StoreQueue
    private let status: StoreStatus
    private let loaded: Mutex<DurableState?>
    private let end: Latch

    private init(_ started: StoreThread.Started, queue: StoreQueue, status: StoreStatus, end: Latch) {
        setAside = started.setAside
        loaded = Mutex(started.state)
        self.queue = queue
        self.status = status
        self.end = end
    }

    /// Opens the store in a folder that this process owns, and makes it if there is none. A file that is damaged or can't
    /// be read is renamed and a new one begun.
    ///
    /// Throws if the folder can't be written, or if a newer version of the program has written the file.
    public static func open(
        directory: String, options: StoreOptions = StoreOptions(), logger: Logger
    ) throws(BrokerStoreError) -> BrokerStore {
        let queue = StoreQueue()
        let status = StoreStatus()
        let end = Latch()
        let started = try StoreThread.start(
            directory: directory, options: options, logger: logger, queue: queue, status: status, end: end)
        return BrokerStore(started, queue: queue, status: status, end: end)
    }

    /// Why the disk takes nothing at present; `nil` while all is well.
    public var failure: String? { status.failure }

    /// Writes what is left and closes the file. Nothing is taken afterwards.
    public func close() async {
        queue.close()
        await end.wait()
    }

    // MARK: DurableStore

    /// The retained messages with which the broker will begin; empty once `takeState` was called.
    public var retainedAtStart: [DurableRetained] { loaded.withLock { $0?.retained ?? [] } }

    func takeRetained(where isUnwanted: (_ topic: [UInt8]) -> Bool) -> [[UInt8]] {
        loaded.withLock { state in
            let removed = (state?.retained ?? []).map(\.topic).filter(isUnwanted)
            if !removed.isEmpty {
                let topics = Set(removed)
                state?.retained.removeAll { topics.contains($0.topic) }
            }
            return removed
        }
    }

    public func takeState(now: UInt64) -> DurableState {
        loaded.withLock { state in
            defer { state = nil }
            return state ?? DurableState()
        }
    }

    public func setReceiver(_ committed: @escaping @Sendable (_ shard: Int, _ number: UInt64) -> Void) {
        status.setReceiver(committed)
    }

    public func write(_ changes: [StateChange], shard: Int, number: UInt64) {
        queue.push(StoreQueue.Batch(shard: shard, number: number, changes: changes))
    }
}

/// What the writer shares with others.
final class StoreStatus: Sendable {
    private struct State {
        var failure: String?
        var receiver: (@Sendable (Int, UInt64) -> Void)?
    }

    private let state = Mutex(State())

    var failure: String? { state.withLock { $0.failure } }

    func setFailure(_ reason: String?) {
        state.withLock { $0.failure = reason }
    }

    func setReceiver(_ receiver: @escaping @Sendable (Int, UInt64) -> Void) {
        state.withLock { $0.receiver = receiver }
    }

    func report(_ committed: [Int: UInt64]) {
        guard let receiver = state.withLock({ $0.receiver }) else { return }
        for (shard, number) in committed { receiver(shard, number) }
    }
}
