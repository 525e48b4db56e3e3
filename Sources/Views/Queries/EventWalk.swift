import EventLog
import GRDB

/// Collects the positions of one page, nearest to its beginning first.
///
/// What it reads depends on the size of the page and the number of facets, not on the length of the log.
struct EventWalk {
    private(set) var found: [Int64] = []
    /// Nothing beyond what is found can belong to the page.
    private(set) var isDone = false

    private var limit: Int
    private let isAscending: Bool
    /// The positions still in question, inclusive.
    private var lower: Int64
    private var upper: Int64
    private let from: Int64
    private let to: Int64

    init(_ selection: EventSelection, _ page: PageRequest, limit: Int) {
        self.limit = limit
        isAscending = page.order == .ascending
        lower = selection.positions.lowerBound
        upper = selection.positions.upperBound
        from = selection.from
        to = selection.to
        guard let after = page.after else { return }
        if isAscending {
            lower = max(lower, after == .max ? .max : after + 1)
        } else {
            upper = min(upper, after == .min ? .min : after - 1)
        }
    }

    var hasRange: Bool { lower <= upper }

    private var direction: String { isAscending ? "ASC" : "DESC" }
    private var hasTimes: Bool { from != .min || to != .max }

    /// Events looked at one by one before the facets are looked up.
    private static let scanLength = 1000

    /// Of so many events most must be wanted that looking at more is worth it.
    private static let probeLength = 200

    /// Whether what was found among the first events promises no full page from the others.
    private var isSparse: Bool { found.count * EventWalk.scanLength / EventWalk.probeLength < limit }

    /// Looks at the events from the beginning of the page on: at all that are needed if `allowed` is `nil`, else at a
    /// bounded number.
    mutating func scan(_ allowed: Set<Int64>?, _ database: Database) throws {
        let statement = try HotStatement(
            database,
            sql: """
                SELECT position, facet, time FROM event WHERE position BETWEEN ?1 AND ?2
                ORDER BY position \(direction)
                """)
        defer { statement.reset() }
        statement.bind(lower, at: 1)
        statement.bind(upper, at: 2)
        var looked = 0
        while try statement.step() {
            looked += 1
            let position = statement.integer(at: 0)
            let time = statement.integer(at: 2)
            if time >= from, time < to, allowed?.contains(statement.integer(at: 1)) ?? true {
                found.append(position)
                guard found.count < limit else {
                    isDone = true
                    return
                }
            }
            if looked >= EventWalk.scanLength || looked == EventWalk.probeLength && isSparse, allowed != nil {
                if isAscending { lower = position + 1 } else { upper = position - 1 }
                isDone = lower > upper
                return
            }
        }
        isDone = true
    }

    /// Adds the nearest events of each facet; each is looked at only as far as the page can still reach.
    mutating func mergeFacets(_ facets: [EventSelection.Facet], _ database: Database) throws {
        // Without figures about the table SQLite may take the wrong index. While the views are built there is none.
        let hasIndex = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'event_facet')")
        let index = hasIndex == true ? "INDEXED BY event_facet" : ""
        let condition = hasTimes ? "AND time >= ?5 AND time < ?6" : ""
        let statement = try HotStatement(
            database,
            sql: """
                SELECT position FROM event \(index) WHERE facet = ?1 AND position BETWEEN ?2 AND ?3 \(condition)
                ORDER BY position \(direction) LIMIT ?4
                """)
        defer { statement.reset() }
        // Those with the nearest events first, because they draw the line for the others.
        var open = facets.sorted { isAscending ? $0.first < $1.first : $0.last > $1.last }
        // Many facets share the page, and each has few of its events: more are asked for only where that was not enough.
        var share = facets.count <= 2 ? limit : max(16, 2 * limit / facets.count)
        while !open.isEmpty {
            var rest: [EventSelection.Facet] = []
            for var facet in open {
                let low = max(lower, facet.first)
                let high = min(upper, facet.last)
                guard low <= high else { continue }
                statement.reset()
                statement.bind(facet.id, at: 1)
                statement.bind(low, at: 2)
                statement.bind(high, at: 3)
                statement.bind(Int64(share), at: 4)
                if hasTimes {
                    statement.bind(from, at: 5)
                    statement.bind(to, at: 6)
                }
                let known = found.count
                while try statement.step() { found.append(statement.integer(at: 0)) }
                if found.count - known == share, let last = found.last {
                    if isAscending { facet.first = last + 1 } else { facet.last = last - 1 }
                    rest.append(facet)
                }
                if found.count >= limit { settle() }
            }
            open = rest
            share = min(2 * share, limit)
        }
        settle()
    }

    /// Adds the nearest events of other facets whose data have the text, looking at one after the other as long as enough
    /// of them have it: the index would go through all events with the text, of whatever facet.
    mutating func probeText(_ needle: String, among facets: [EventSelection.Facet], _ database: Database) throws {
        guard facets.count <= SearchText.mostFacets else { return }
        let text = try HotStatement(database, sql: "SELECT text FROM search WHERE position = ?1")
        defer { text.reset() }
        while hasRange {
            var candidates = self
            candidates.found = []
            candidates.limit = EventWalk.probedTexts
            try candidates.mergeFacets(facets, database)
            var hits = 0
            for position in candidates.found {
                text.reset()
                text.bind(position, at: 1)
                guard try text.step(), text.contains(needle, at: 0) else { continue }
                found.append(position)
                hits += 1
            }
            guard candidates.found.count == EventWalk.probedTexts, let last = candidates.found.last else {
                isDone = true
                return settle()
            }
            if isAscending { lower = last + 1 } else { upper = last - 1 }
            settle()
            if hits * EventWalk.fewestHits < candidates.found.count { return }
        }
        isDone = true
    }

    /// Texts that are looked at before the index is asked, and again so many as long as one in `fewestHits` fits.
    private static let probedTexts = 64
    private static let fewestHits = 8

    /// Adds the nearest events of other facets whose data have the text.
    mutating func mergeText(
        _ needle: String, among facets: [EventSelection.Facet], _ database: Database
    ) throws {
        guard !facets.isEmpty, hasRange else { return }
        let allowed = Set(facets.map(\.id))
        let query = SearchText.query(for: needle, facets: facets.map(\.id))
        let statement = try HotStatement(
            database,
            sql: query == nil
                ? """
                SELECT position, text FROM search WHERE position BETWEEN ?1 AND ?2 ORDER BY position \(direction)
                """
                : """
                SELECT rowid FROM search_index WHERE search_index MATCH ?3 AND rowid BETWEEN ?1 AND ?2
                ORDER BY rowid \(direction)
                """)
        let event = try HotStatement(
            database,
            sql: """
                SELECT facet, time, text FROM event JOIN search USING (position) WHERE position = ?1
                """)
        defer {
            statement.reset()
            event.reset()
        }
        statement.bind(lower, at: 1)
        statement.bind(upper, at: 2)
        if let query { statement.bind(query, at: 3) }
        var count = 0
        while count < limit, try statement.step() {
            let position = statement.integer(at: 0)
            if query == nil, !statement.contains(needle, at: 1) { continue }
            event.reset()
            event.bind(position, at: 1)
            guard try event.step(), allowed.contains(event.integer(at: 0)), event.integer(at: 1) >= from,
                event.integer(at: 1) < to, event.contains(needle, at: 2)
            else { continue }
            found.append(position)
            count += 1
        }
        settle()
    }

    /// Keeps the nearest positions, and draws the line where the page ends once it is full.
    private mutating func settle() {
        guard found.count >= limit else { return found.sort(by: isAscending ? (<) : (>)) }
        found.sort(by: isAscending ? (<) : (>))
        found.removeLast(found.count - limit)
        guard let last = found.last else { return }
        if isAscending { upper = min(upper, last - 1) } else { lower = max(lower, last + 1) }
    }
}
