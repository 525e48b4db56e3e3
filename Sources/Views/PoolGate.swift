import GRDB
import Synchronization

/// Holds the connections that are in use, and lets them be exchanged for others: a file must not be replaced under an open
/// connection, which would later remove what SQLite keeps beside the new one.
///
/// Whoever uses them during an exchange waits, which takes milliseconds.
final class PoolGate: Sendable {
    private enum Phase {
        case open
        case exchanging
        case broken(String)
        case closed
    }

    private struct State {
        var pool: DatabasePool
        var phase = Phase.open
        /// How many use the pool now.
        var users = 0
        /// Those who wait for the end of an exchange.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Whoever exchanges, while others still use the pool.
        var exchanger: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(_ pool: DatabasePool) { state = Mutex(State(pool: pool)) }

    /// Runs a body with the connections, which stay open meanwhile.
    func use<Value: Sendable>(_ body: (DatabasePool) async throws -> Value) async throws -> Value {
        let pool = try await enter()
        defer { leave() }
        return try await body(pool)
    }

    private func enter() async throws -> DatabasePool {
        while true {
            let pool: DatabasePool? = try state.withLock { state in
                switch state.phase {
                case .open:
                    state.users += 1
                    return state.pool
                case .exchanging: return nil
                case .broken(let reason): throw ViewsError.storage(reason)
                case .closed: throw ViewsError.closed
                }
            }
            if let pool { return pool }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard case .exchanging = state.phase else { return false }
                    state.waiting.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    private func leave() {
        let exchanger = state.withLock { state in
            state.users -= 1
            guard state.users == 0 else { return CheckedContinuation<Void, Never>?.none }
            return state.exchanger.take()
        }
        exchanger?.resume()
    }

    /// Waits until nobody uses the connections, and puts in their place what `body` returns, which closes them. If it throws,
    /// there are none from then on. Only one exchange at a time.
    func exchange(_ body: (DatabasePool) async throws -> DatabasePool) async throws {
        let pool = try state.withLock { state in
            switch state.phase {
            case .open: break
            case .exchanging: throw ViewsError.busy
            case .broken(let reason): throw ViewsError.storage(reason)
            case .closed: throw ViewsError.closed
            }
            state.phase = .exchanging
            return state.pool
        }
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.users > 0 else { return false }
                state.exchanger = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
        do {
            let new = try await body(pool)
            // Closed meanwhile: then nobody else will close the new ones.
            if try !finish(.open, new) { try new.close() }
        } catch {
            _ = try finish(.broken("\(error)"), nil)
            throw error
        }
    }

    /// Ends an exchange; `false` if the gate was closed meanwhile.
    private func finish(_ phase: Phase, _ pool: DatabasePool?) throws -> Bool {
        let (isOpen, waiting) = state.withLock { state in
            defer { state.waiting = [] }
            if let pool { state.pool = pool }
            guard case .exchanging = state.phase else { return (false, state.waiting) }
            state.phase = phase
            return (true, state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return isOpen
    }

    /// Closes the connections. Uses after this throw ``ViewsError/closed``.
    func close() throws {
        let pool = state.withLock { state in
            defer { state.phase = .closed }
            if case .exchanging = state.phase { return DatabasePool?.none }
            return state.pool
        }
        try pool?.close()
    }
}
