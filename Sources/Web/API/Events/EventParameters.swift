import EventLog
import GarageDomain
import Views

extension QueryReader {
    /// The filter that the parameters of every list of events describe.
    mutating func eventFilter() throws -> EventFilter {
        var filter = EventFilter()
        let types = Set(try list("type"))
        filter.types = EventState.types(try word("state", EventState.self), among: types)
        filter.excludedTypes = Set(try list("type!"))
        filter.kind = try word("kind", Subject.Kind.self)
        filter.garage = try garage()
        filter.subject = try text("subject")
        filter.device = try text("device")
        filter.actor = try text("actor")
        filter.text = try text("q")
        filter.from = try time("from")
        filter.to = try time("to")
        return filter
    }

    /// The page of a list that is ordered by position.
    mutating func page(order standard: PageRequest.Order = .descending) throws -> EventListPage {
        let order = try word("order", PageRequest.Order.self)
        let limit = Int(try number("limit", in: 1...1000) ?? 100)
        guard let text = try text("cursor") else { return EventListPage(order: order ?? standard, limit: limit) }
        guard let cursor = EventCursor(text), order == nil || order == cursor.order else {
            throw Problem.parameter(
                "cursor", "Not a cursor of this list. Take it from a `next` or `prev` link as it stands.")
        }
        return EventListPage(order: cursor.order, limit: limit, cursor: cursor)
    }
}

/// One page of a list of events, read forwards or backwards.
struct EventListPage {
    var order: PageRequest.Order
    var limit: Int
    var cursor: EventCursor?

    /// What to ask the views for. Backwards, the rows come in the opposite order.
    var request: PageRequest {
        guard let cursor, cursor.isBackward else {
            return PageRequest(after: cursor?.position, order: order, limit: limit)
        }
        return PageRequest(after: cursor.position, order: order == .ascending ? .descending : .ascending, limit: limit)
    }

    /// The rows in the list's order, and the cursors of the pages beside this one.
    func arrange(_ answer: EventPage) -> (rows: [EventRow], next: EventCursor?, previous: EventCursor?) {
        let isBackward = cursor?.isBackward ?? false
        let rows = isBackward ? answer.rows.reversed() : answer.rows
        func at(_ row: EventRow?, isBackward: Bool) -> EventCursor? {
            row.map { EventCursor(order: order, position: $0.event.position, isBackward: isBackward) }
        }
        // A page that was reached by a cursor has the page it was reached from beside it.
        let hasNext = isBackward || answer.hasMore
        let hasPrevious = isBackward ? answer.hasMore : cursor != nil
        return (
            rows, hasNext ? at(rows.last, isBackward: false) : nil, hasPrevious ? at(rows.first, isBackward: true) : nil
        )
    }
}

/// Where a page of the event log begins. Opaque to clients, so that it can change.
struct EventCursor {
    /// The order in which the list is shown.
    var order: PageRequest.Order
    /// The event beside which the page lies.
    var position: Int64
    /// Whether the page ends before that event, rather than beginning after it.
    var isBackward = false

    init(order: PageRequest.Order, position: Int64, isBackward: Bool = false) {
        self.order = order
        self.position = position
        self.isBackward = isBackward
    }

    init?(_ text: String) {
        let (order, isBackward): (PageRequest.Order, Bool)
        switch text.first {
        case "a": (order, isBackward) = (.ascending, false)
        case "d": (order, isBackward) = (.descending, false)
        case "A": (order, isBackward) = (.ascending, true)
        case "D": (order, isBackward) = (.descending, true)
        default: return nil
        }
        guard let position = Int64(text.dropFirst(), radix: 36), position >= 0 else { return nil }
        self.init(order: order, position: position, isBackward: isBackward)
    }

    var text: String {
        let letter = order == .ascending ? "a" : "d"
        return (isBackward ? letter.uppercased() : letter) + String(position, radix: 36)
    }
}
