import GarageDomain
import Hummingbird
import Views

/// What the event log page is asked to show, as it stands in the page's URL.
struct EventQuery: Sendable, Hashable {
    var type: String?
    var kind: Subject.Kind?
    var subject: String?
    var device: String?
    var actor: String?
    /// The state that an event brought about.
    var state: EventState?
    var text: String?
    var period: Period = .any
    /// Times as typed, in the site's time zone; they count only in the period `custom`.
    var from: LocalTime?
    var to: LocalTime?
    var showsReadings = false
    /// Older events than this position; at most one of `before` and `after` is set.
    var before: Int64?
    /// Newer events than this position.
    var after: Int64?

    enum Period: String, Sendable, Hashable, CaseIterable {
        case any
        case hour
        case today
        case yesterday
        /// Seven days.
        case week
        /// Between two times.
        case custom
    }

    init() {}

    /// Reads a URL's query. A value that means nothing is left out, because the page then shows what it does show.
    init(_ fields: [(name: String, value: String)]) {
        for (name, value) in fields where !value.isEmpty && value.utf8.count <= 500 {
            switch name {
            case "type": type = EventQuery.isType(value) ? value : nil
            case "kind": kind = Subject.Kind(rawValue: value)
            case "subject": subject = value
            case "device": device = value
            case "actor": actor = value
            case "state": state = EventState(rawValue: value)
            case "q":
                let words = value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                text = words.isEmpty ? nil : words
            case "period": period = Period(rawValue: value) ?? .any
            case "from": from = LocalTime(value)
            case "to": to = LocalTime(value)
            case "readings": showsReadings = value == "1"
            case "before": before = EventQuery.position(value)
            case "after": after = EventQuery.position(value)
            default: break
            }
        }
        if before != nil { after = nil }
        if period != .custom, from != nil || to != nil, !fields.contains(where: { $0.name == "period" }) {
            period = .custom
        }
        if period != .custom { (from, to) = (nil, nil) }
    }

    /// The query's parts in a fixed order, without the page's place.
    var filterItems: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        if let type { items.append(("type", type)) }
        if let kind { items.append(("kind", kind.rawValue)) }
        if let subject { items.append(("subject", subject)) }
        if let device { items.append(("device", device)) }
        if let actor { items.append(("actor", actor)) }
        if let state { items.append(("state", state.rawValue)) }
        if let text { items.append(("q", text)) }
        if period != .any { items.append(("period", period.rawValue)) }
        if let from { items.append(("from", "\(from.isoDate)T\(from.clock)")) }
        if let to { items.append(("to", "\(to.isoDate)T\(to.clock)")) }
        if showsReadings { items.append(("readings", "1")) }
        return items
    }

    /// The URL of the page that shows this.
    var path: String {
        var items = filterItems
        if let before { items.append(("before", String(before))) }
        if let after { items.append(("after", String(after))) }
        return "/events" + EventQuery.encoded(items)
    }

    /// The same question to the newest events.
    var newest: EventQuery {
        var query = self
        (query.before, query.after) = (nil, nil)
        return query
    }

    var isFiltered: Bool { filterItems.contains { $0.name != "readings" } }

    /// Whether events that happen from now on can belong to it.
    var includesFuture: Bool {
        switch period {
        case .any, .hour, .today, .week: true
        case .yesterday: false
        case .custom: to == nil
        }
    }

    func filter(in clock: SiteClock, at now: Timestamp) -> EventFilter {
        let (from, to) = bounds(in: clock, at: now)
        return EventFilter(
            types: EventState.types(state, among: type.map { [$0] } ?? []), kind: kind, subject: subject,
            device: device, actor: actor, text: text,
            from: from, to: to, hidesReadings: !showsReadings)
    }

    /// The query of `/api/v1/events.csv` that gives the same events.
    func exportItems(in clock: SiteClock, at now: Timestamp) -> [(name: String, value: String)] {
        let (from, to) = bounds(in: clock, at: now)
        var items = filterItems.filter { !["period", "from", "to", "readings"].contains($0.name) }
        if let from { items.append(("from", from.rfc3339)) }
        if let to { items.append(("to", to.rfc3339)) }
        if !showsReadings, type == nil, state == nil { items.append(("type!", EventType.readingRecorded.rawValue)) }
        return items
    }

    static func encoded(_ items: [(name: String, value: String)]) -> String {
        items.isEmpty ? "" : "?" + FormFields.write(items)
    }

    func bounds(in clock: SiteClock, at now: Timestamp) -> (from: Timestamp?, to: Timestamp?) {
        switch period {
        case .any: (nil, nil)
        case .hour: (now.adding(milliseconds: -3_600_000), nil)
        case .today: (clock.startOfDay(now), nil)
        case .yesterday: (clock.startOfDay(now, addingDays: -1), clock.startOfDay(now))
        case .week: (clock.startOfDay(now, addingDays: -6), nil)
        case .custom: (from.map(clock.moment), to.map(clock.moment))
        }
    }

    /// The groups of types that the page offers beside the types themselves.
    static let typeGroups = ["gate.*", "spot.*", "sensor.*", "device.*", "alert.*", "access.*"]

    private static func isType(_ text: String) -> Bool { EventType(rawValue: text) != nil || typeGroups.contains(text) }

    private static func position(_ text: String) -> Int64? { Int64(text).flatMap { $0 >= 0 ? $0 : nil } }
}
