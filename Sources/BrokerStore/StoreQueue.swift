import Dispatch
import MQTTBroker
import Synchronization

/// The batches that wait for the writer, in order. Producers never wait; the writer's thread does.
final class StoreQueue: Sendable {
    struct Batch {
        var shard: Int
        var number: UInt64
        var changes: [StateChange]
    }

    enum Arrival {
        case batches([Batch])
        case timedOut
        /// Closed, and nothing is left.
        case closed
    }

    private struct State {
        var batches: [Batch] = []
        var isClosed = false
        var isWriterWaiting = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    func push(_ batch: Batch) {
        let mustWake = state.withLock { state in
            guard !state.isClosed else { return false }
            state.batches.append(batch)
            defer { state.isWriterWaiting = false }
            return state.isWriterWaiting
        }
        if mustWake { wake.signal() }
    }

    /// What has arrived since the last time, without waiting.
    func take() -> [Batch] {
        state.withLock { state in
            defer { state.batches = [] }
            return state.batches
        }
    }

    /// Waits until something arrives, the queue is closed or the time is over. For the writer's thread only.
    func wait(until deadline: DispatchTime) -> Arrival {
        while true {
            let arrival: Arrival? = state.withLock { state in
                if !state.batches.isEmpty {
                    defer { state.batches = [] }
                    return .batches(state.batches)
                }
                if state.isClosed { return .closed }
                state.isWriterWaiting = true
                return nil
            }
            if let arrival { return arrival }
            if wake.wait(timeout: deadline) == .timedOut { return .timedOut }
        }
    }

    /// Takes no more batches; the writer still gets those that are there.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }
}
