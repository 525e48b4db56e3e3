import Synchronization

/// Lets a limited number of devices connect at the same time, first come, first served.
///
/// A broker queues about a hundred connections that it has not accepted yet; a fleet of thousands that comes all at
/// once would run into timeouts instead of coming in as fast as the broker can take it.
final class ConnectionSlots: Sendable {
    private struct State: Sendable {
        var free: Int
        /// Waiting devices, and how many of them have had their turn.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var served = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Runs `body` when there is a free slot.
    func withSlot<Value, Failure>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await acquire()
        defer { release() }
        return try await body()
    }

    private func acquire() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state -> Bool in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.served < state.waiters.count else {
                state.waiters.removeAll()
                state.served = 0
                state.free += 1
                return nil
            }
            state.served += 1
            return state.waiters[state.served - 1]
        }
        next?.resume()
    }
}
