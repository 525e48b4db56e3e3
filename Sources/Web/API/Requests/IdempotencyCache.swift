import EventLog
import Synchronization

/// Remembers what became of writes that clients gave a key, for a day and at most the last 10000 of them.
///
/// It is kept in memory: after a restart a note that is sent again is written again. Gate commands have a memory of their
/// own in the event log.
final class IdempotencyCache: Sendable {
    /// One key of one caller.
    struct Key: Hashable {
        var actor: String
        var text: String
    }

    enum Answer: Equatable {
        /// Nobody has used the key; the caller now has to call `finish` or `forget`.
        case new
        /// The same request is being answered elsewhere just now.
        case underWay
        /// It became this position.
        case done(Int64)
        /// The key belongs to another request.
        case taken
    }

    private struct Entry {
        var request: [UInt8]
        var position: Int64?
        var expires: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var order: [Key] = []
    }

    private let state = Mutex(State())
    private static let most = 10_000
    private static let lifetime: Duration = .seconds(86_400)

    func begin(_ key: Key, _ request: [UInt8], at now: ContinuousClock.Instant = .now) -> Answer {
        state.withLock { state in
            let stale = state.order.prefix { state.entries[$0].map { $0.expires <= now } ?? true }.count
            let removed = max(stale, state.order.count - IdempotencyCache.most + 1)
            if removed > 0 {
                for key in state.order.prefix(removed) { state.entries[key] = nil }
                state.order.removeFirst(removed)
            }
            if let entry = state.entries[key] {
                guard entry.request == request else { return .taken }
                return entry.position.map { .done($0) } ?? .underWay
            }
            state.entries[key] = Entry(request: request, position: nil, expires: now + IdempotencyCache.lifetime)
            state.order.append(key)
            return .new
        }
    }

    func finish(_ key: Key, _ position: Int64) {
        state.withLock { $0.entries[key]?.position = position }
    }

    /// Nothing was written; the next try is a new one.
    func forget(_ key: Key) {
        state.withLock { state in
            state.entries[key] = nil
            state.order.removeAll { $0 == key }
        }
    }
}
