import Synchronization

/// The position that the views have reached, and those who wait for it to pass another one.
final class HeadSignal: Sendable {
    private struct State {
        var position: Int64 = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: (target: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var isClosed = false
        /// Waiters whose time was over before they began to wait.
        var expired: Set<UInt64> = []
    }

    private let state = Mutex(State())

    var position: Int64 { state.withLock { $0.position } }

    /// Whether nobody may wait any more.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Ends every wait, now and from now on.
    func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Moves the position and wakes those who waited for it.
    func publish(_ position: Int64) {
        let woken = state.withLock { state in
            state.position = position
            let reached = state.waiters.filter { $0.value.target <= position }
            for id in reached.keys { state.waiters[id] = nil }
            return reached.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns once the position is at least `target`, after `deadline`, or when the task is cancelled; tells whether the
    /// position is reached.
    func wait(for target: Int64, within deadline: Duration) async -> Bool {
        if position >= target { return true }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let timer = Task { [self] in
            try await Task.sleep(for: deadline)
            expire(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.position >= target || state.isClosed || state.expired.contains(id) { return true }
                    state.waiters[id] = (target, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            expire(id)
        }
        timer.cancel()
        return state.withLock { state in
            state.expired.remove(id)
            return state.position >= target
        }
    }

    /// Ends a wait. One that has not begun yet ends when it begins.
    private func expire(_ id: UInt64) {
        let continuation = state.withLock { state in
            if let waiter = state.waiters.removeValue(forKey: id) { return Optional(waiter.continuation) }
            state.expired.insert(id)
            return nil
        }
        continuation?.resume()
    }
}
