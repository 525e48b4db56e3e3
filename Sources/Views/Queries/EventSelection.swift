import EventLog
import GRDB
import GarageDomain

/// A filter as what the tables know: the facets that it allows, a range of positions and times, and a text.
struct EventSelection {
    /// A facet that the filter allows, and where its events are.
    struct Facet {
        var id: Int64
        var first: Int64
        var last: Int64
        /// Whether the text is in the stream or the actor, so that all of its events have it.
        var hasText: Bool
    }

    private(set) var facets: [Facet] = []
    /// Whether every facet is allowed.
    private(set) var isWhole = true
    /// The positions that the range of times can hold, inclusive.
    private(set) var positions: ClosedRange<Int64> = 1...Int64.max
    private(set) var from = Int64.min
    private(set) var to = Int64.max
    let needle: String?

    init(_ filter: EventFilter, _ database: Database) throws {
        needle = filter.needle
        let subjects = filter.subject.map(EventSelection.streams)
        let select = try HotStatement(
            database, sql: "SELECT id, type, stream, actor, device, lower, first, last FROM facet ORDER BY id")
        defer { select.reset() }
        while try select.step() {
            let stream = select.text(at: 2) ?? ""
            let allowed =
                filter.allows(type: select.text(at: 1) ?? "")
                && (filter.actor == nil && filter.device == nil || EventSelection.allows(filter, select))
                && (filter.kind == nil && filter.garage == nil && subjects == nil
                    || EventSelection.allows(filter, subjects, stream))
            guard allowed else {
                isWhole = false
                continue
            }
            let hasText = needle.map { select.contains($0, at: 5) } ?? true
            facets.append(
                Facet(
                    id: select.integer(at: 0), first: select.integer(at: 6), last: select.integer(at: 7),
                    hasText: hasText))
        }
        if filter.from != nil || filter.to != nil { try restrictTimes(filter, database) }
    }

    private static func allows(_ filter: EventFilter, _ facet: HotStatement) -> Bool {
        let actor = facet.text(at: 3)
        if let wanted = filter.device, facet.integer(at: 4) == 0 || actor != wanted { return false }
        return filter.actor == nil || actor == filter.actor
    }

    private static func allows(_ filter: EventFilter, _ streams: [String]?, _ stream: String) -> Bool {
        let subject = Subject(stream: stream)
        if let kind = filter.kind, subject?.kind != kind { return false }
        if let garage = filter.garage, subject?.garage != garage { return false }
        guard let streams else { return true }
        return streams.contains(stream) || filter.subject == subject?.name.text
    }

    /// The streams that a text names, by themselves or by API id.
    private static func streams(_ text: String) -> [String] {
        [text] + (text.contains(".") ? Subject.Kind.allCases.map { "\($0.rawValue)/\(text)" } : [])
    }

    /// Times ascend with positions but for small disorder, so a range of times needs few other positions.
    private mutating func restrictTimes(_ filter: EventFilter, _ database: Database) throws {
        from = filter.from?.microseconds ?? .min
        to = filter.to?.microseconds ?? .max
        guard let range = try TimeSpans.positions(from: from, to: to, database) else {
            facets = []
            isWhole = false
            return
        }
        positions = range
    }
}

extension EventSelection {
    /// The positions of a page in reading direction, at most `limit`.
    func positions(_ page: PageRequest, limit: Int, _ database: Database) throws -> [Int64] {
        guard !facets.isEmpty else { return [] }
        var walk = EventWalk(self, page, limit: limit)
        guard walk.hasRange else { return [] }
        if let needle {
            try walk.mergeFacets(facets.filter(\.hasText), database)
            let others = facets.filter { !$0.hasText }
            if !isWhole { try walk.probeText(needle, among: others, database) }
            if !walk.isDone { try walk.mergeText(needle, among: others, database) }
        } else {
            // Close to where the page begins there are mostly enough; only what is rare there is looked up by facet.
            try walk.scan(isWhole ? nil : Set(facets.map(\.id)), database)
            if !walk.isDone { try walk.mergeFacets(facets, database) }
        }
        return walk.found
    }
}
