import GarageDomain
import Views

extension QueryReader {
    /// The filter that the parameters of every list of events describe.
    mutating func eventFilter() throws -> EventFilter {
        var filter = EventFilter()
        filter.types = Set(list("type"))
        filter.excludedTypes = Set(list("type!"))
        filter.kind = try word("kind", Subject.Kind.self)
        if let garage = try text("garage") {
            guard let name = Name(garage) else { throw Problem.parameter("garage", "Not a garage's name.") }
            filter.garage = name
        }
        filter.subject = try text("subject")
        filter.device = try text("device")
        filter.actor = try text("actor")
        filter.text = try text("q")
        filter.from = try time("from")
        filter.to = try time("to")
        return filter
    }

    /// The page of a list that is ordered by position.
    mutating func page() throws -> PageRequest {
        let order = try word("order", PageRequest.Order.self)
        let limit = try number("limit", in: 1...1000) ?? 100
        var page = PageRequest(order: order ?? .descending, limit: Int(limit))
        guard let cursor = try text("cursor") else { return page }
        guard let place = EventCursor(cursor), order == nil || order == place.order else {
            throw Problem.parameter("cursor", "Not a cursor of this list. Take it from a `next` link as it stands.")
        }
        page.order = place.order
        page.after = place.position
        return page
    }
}

/// Where a page of the event log begins. Opaque to clients, so that it can change.
struct EventCursor {
    var order: PageRequest.Order
    var position: Int64

    init(order: PageRequest.Order, position: Int64) {
        self.order = order
        self.position = position
    }

    init?(_ text: String) {
        let order: PageRequest.Order
        switch text.first {
        case "a": order = .ascending
        case "d": order = .descending
        default: return nil
        }
        guard let position = Int64(text.dropFirst(), radix: 36), position >= 0 else { return nil }
        self.init(order: order, position: position)
    }

    var text: String { (order == .ascending ? "a" : "d") + String(position, radix: 36) }
}
