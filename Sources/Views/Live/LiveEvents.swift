import EventLog

/// Reads the events after a position, in order: first those already there, then new ones, without a seam.
///
/// It keeps nothing but its position, so a reader that falls behind costs no memory and misses nothing.
public struct LiveEvents: Sendable {
    /// Every event up to this position was delivered or does not match the filter.
    public private(set) var position: Int64
    private let filter: EventFilter
    private let views: Views

    init(views: Views, after position: Int64, filter: EventFilter) {
        self.views = views
        // So that there is always a next one to wait for.
        self.position = min(position, .max - 1)
        self.filter = filter
    }

    /// The next events that match, at most 500; empty if none came within `wait` or the task was cancelled.
    ///
    /// Throws a `CancellationError` after `Views.endLiveEvents()`.
    public mutating func next(waitingAtMost wait: Duration) async throws -> [EventRow] {
        let end = ContinuousClock.now.advanced(by: wait)
        while true {
            if views.areLiveEventsEnded { throw CancellationError() }
            let rows = try await available()
            if !rows.isEmpty { return rows }
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero, await views.waitUntilApplied(position + 1, within: left)
            else {
                if views.areLiveEventsEnded { throw CancellationError() }
                return []
            }
        }
    }

    /// Whether there are events after the position, also such that don't match; waits for one if there is none.
    ///
    /// Throws a `CancellationError` after `Views.endLiveEvents()`.
    public func isBehind(waitingAtMost wait: Duration) async throws -> Bool {
        let isBehind = await views.waitUntilApplied(position + 1, within: wait)
        if views.areLiveEventsEnded { throw CancellationError() }
        return isBehind
    }

    /// Passes over all events up to a position without reading them.
    public mutating func skip(through position: Int64) {
        self.position = max(self.position, min(position, .max - 1))
    }

    private mutating func available() async throws -> [EventRow] {
        if let recent = views.recent.rows(after: position) {
            var rows: [EventRow] = []
            for row in recent where rows.count < LiveEvents.batch {
                position = row.event.position
                if filter.matches(row) { rows.append(row) }
            }
            return rows
        }
        guard views.position() > position else { return [] }
        let page = try await views.events(
            filter, PageRequest(after: position, order: .ascending, limit: LiveEvents.batch)
        )
        position = page.hasMore ? page.rows.last?.event.position ?? position : max(position, page.head)
        return page.rows
    }

    private static let batch = 500
}
