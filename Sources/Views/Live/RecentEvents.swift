import EventLog
import Synchronization

/// The last rows that were applied, so that live readers close to the head need not read them from disk.
final class RecentEvents: Sendable {
    private struct State {
        /// In order of position, without gaps.
        var rows: [EventRow] = []
        /// The pages for which rows are still worth keeping since someone last asked for them.
        var wantedPages = 0
    }

    /// The rows that are kept.
    static let capacity = 1024

    /// Readers who wait for the head ask again after each page; one that has not asked for so many is gone.
    private static let patience = 64

    private let state = Mutex(State())

    /// Whether someone reads along, so that the rows of the next page are worth making.
    func wantsPage() -> Bool {
        state.withLock { state in
            guard state.wantedPages > 0 else { return false }
            state.wantedPages -= 1
            return true
        }
    }

    func append(_ rows: [EventRow]) {
        state.withLock { state in
            // Far behind the head pages have no rows, and what is kept would have a gap.
            if let last = state.rows.last, last.event.position + 1 != rows.first?.event.position { state.rows = [] }
            state.rows.append(contentsOf: rows.suffix(RecentEvents.capacity))
            // Cut rarely, so that the copying is spread over many appends.
            if state.rows.count > 2 * RecentEvents.capacity {
                state.rows.removeFirst(state.rows.count - RecentEvents.capacity)
            }
        }
    }

    /// Forgets all rows, because they may tell what the log no longer does.
    func clear() { state.withLock { $0.rows = [] } }

    /// The rows after a position, or `nil` if not all of them are kept any more.
    func rows(after position: Int64) -> ArraySlice<EventRow>? {
        state.withLock { state in
            state.wantedPages = RecentEvents.patience
            guard let first = state.rows.first, first.event.position <= position &+ 1 else { return nil }
            let index = state.rows.partitioningIndex { $0.event.position > position }
            return state.rows[index...]
        }
    }
}
