import Views

/// One page of a list of readings, read forwards or backwards.
struct ReadingsListPage {
    /// What the list is of, in the order in which it is shown.
    var wanted: ReadingsQuery
    /// Beside which point the page lies; `nil` for the first page.
    var place: ReadingsPlace?

    /// What to ask the views for. Backwards, the points come in the opposite order.
    var query: ReadingsQuery {
        var query = wanted
        guard let place else { return query }
        query.after = place.cursor
        if place.isBackward { query.order = wanted.order == .ascending ? .descending : .ascending }
        return query
    }

    /// The points in the list's order, and the places of the pages beside this one.
    func arrange(
        _ answer: ReadingsAnswer
    ) -> (points: [ReadingPoint], next: ReadingsPlace?, previous: ReadingsPlace?) {
        let isBackward = place?.isBackward ?? false
        let hasMore = answer.next != nil
        let (first, last) = isBackward ? (answer.last, answer.first) : (answer.first, answer.last)
        // A page that was reached by a cursor has the page it was reached from beside it.
        let next = isBackward || hasMore ? last : nil
        let previous = (isBackward ? hasMore : place != nil) ? first : nil
        return (
            isBackward ? answer.points.reversed() : answer.points,
            next.map { ReadingsPlace(cursor: $0) }, previous.map { ReadingsPlace(cursor: $0, isBackward: true) }
        )
    }
}

/// Where a page of readings begins or ends. Opaque to clients, so that it can change.
struct ReadingsPlace: Hashable {
    var cursor: ReadingsCursor
    /// Whether the page ends before the point, rather than beginning after it.
    var isBackward = false

    init(cursor: ReadingsCursor, isBackward: Bool = false) {
        self.cursor = cursor
        self.isBackward = isBackward
    }

    init?(_ text: String) {
        isBackward = text.hasPrefix("~")
        let parts = text.drop { $0 == "~" }.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0], radix: 36), let tie = Int64(parts[1], radix: 36) else {
            return nil
        }
        cursor = ReadingsCursor(time: time, tie: tie)
    }

    var text: String {
        (isBackward ? "~" : "") + String(cursor.time, radix: 36) + "." + String(cursor.tie, radix: 36)
    }
}
