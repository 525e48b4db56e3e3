import EventLog
import Synchronization

/// The last rows that were applied, so that live readers close to the head need not read them from disk.
final class RecentEvents: Sendable {
    private struct State {
        /// In order of position, without gaps.
        var rows: [EventRow] = []
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    func append(_ rows: [EventRow]) {
        state.withLock { state in
            if let last = state.rows.last, let first = rows.first, last.event.position >= first.event.position {
                state.rows = []
            }
            state.rows.append(contentsOf: rows.suffix(capacity))
            // Cut rarely, so that the copying is spread over many appends.
            if state.rows.count > 2 * capacity { state.rows.removeFirst(state.rows.count - capacity) }
        }
    }

    /// The rows after a position, or `nil` if not all of them are kept any more.
    func rows(after position: Int64) -> ArraySlice<EventRow>? {
        state.withLock { state in
            guard let first = state.rows.first, first.event.position <= position &+ 1 else { return nil }
            let index = state.rows.partitioningIndex { $0.event.position > position }
            return state.rows[index...]
        }
    }
}
