import GRDB
import GarageDomain

/// A filter as numbers of the filter columns: what a query over the table `event` needs.
struct EventSelection {
    /// One filter column that is restricted, the numbers that it may have, and how many events have one of them.
    struct Restriction {
        var column: String
        var ids: [Int64]
        var events: Int64
    }

    var restrictions: [Restriction] = []
    /// The positions that the range of times can hold, inclusive.
    var positions: ClosedRange<Int64> = 1...Int64.max
    var from: Int64?
    var to: Int64?
    var needle: String?
    /// Nothing can match.
    var isEmpty = false
    /// The position of the last event applied.
    var head: Int64

    init(_ filter: EventFilter, _ database: Database) throws {
        head = try Int64.fetchOne(database, sql: "SELECT position FROM checkpoint") ?? 0
        needle = filter.needle
        if !filter.types.isEmpty || !filter.excludedTypes.isEmpty || filter.hidesReadings {
            let types = try Row.fetchAll(database, sql: "SELECT id, events, name FROM type")
            restrict("type", to: types.filter { filter.allows(type: $0[2]) })
        }
        if filter.kind != nil || filter.garage != nil {
            let scopes = try Row.fetchAll(database, sql: "SELECT id, events, garage, kind FROM scope")
            restrict(
                "scope",
                to: scopes.filter { row in
                    (filter.garage == nil || filter.garage?.text == row[2])
                        && (filter.kind == nil || filter.kind?.rawValue == row[3])
                }
            )
        }
        if let subject = filter.subject {
            restrict("subject", to: try EventSelection.subjects(subject, database))
        }
        if filter.device != nil || filter.actor != nil {
            let sources = try Row.fetchAll(
                database, sql: "SELECT id, events, actor, device FROM source WHERE actor = ?",
                arguments: [filter.device ?? filter.actor]
            )
            restrict(
                "source",
                to: sources.filter { row in
                    (filter.device == nil || row[3]) && (filter.actor == nil || filter.actor == row[2])
                }
            )
        }
        if filter.from != nil || filter.to != nil { try restrictTimes(filter, database) }
    }

    private mutating func restrict(_ column: String, to rows: [Row]) {
        let events = rows.reduce(into: Int64(0)) { $0 += $1[1] }
        restrictions.append(Restriction(column: column, ids: rows.map { $0[0] }, events: events))
        if rows.isEmpty { isEmpty = true }
    }

    /// The subjects that a text names: by stream, by API id or by bare name.
    private static func subjects(_ text: String, _ database: Database) throws -> [Row] {
        var streams = [text]
        if text.contains(".") { streams += Subject.Kind.allCases.map { "\($0.rawValue)/\(text)" } }
        let marks = streams.map { _ in "?" }.joined(separator: ", ")
        return try Row.fetchAll(
            database, sql: "SELECT id, events FROM subject WHERE stream IN (\(marks)) OR name = ?",
            arguments: StatementArguments(streams) + [text]
        )
    }

    /// Times ascend with positions but for small disorder, so a range of times needs only the positions from the first
    /// block that reaches into it to the last one.
    private mutating func restrictTimes(_ filter: EventFilter, _ database: Database) throws {
        from = filter.from?.microseconds
        to = filter.to?.microseconds
        let blocks = try Row.fetchOne(
            database, sql: "SELECT MIN(block), MAX(block) FROM span WHERE latest >= ? AND earliest < ?",
            arguments: [from ?? .min, to ?? .max]
        )
        guard let first = blocks?[0] as Int64?, let last = blocks?[1] as Int64? else {
            isEmpty = true
            return
        }
        let lower = first << Schema.spanShift
        positions = lower...(last << Schema.spanShift | (1 << Schema.spanShift - 1))
    }
}

extension EventSelection {
    /// The positions of a page in reading direction, at most `limit`.
    func positions(_ page: PageRequest, limit: Int, _ database: Database) throws -> [Int64] {
        guard !isEmpty else { return [] }
        var lower = positions.lowerBound
        var upper = positions.upperBound
        if let after = page.after {
            switch page.order {
            case .ascending: lower = max(lower, after == .max ? .max : after + 1)
            case .descending: upper = min(upper, after == .min ? .min : after - 1)
            }
        }
        guard lower <= upper else { return [] }
        var arguments: [String: (any DatabaseValueConvertible)?] = ["lower": lower, "upper": upper, "limit": limit]
        if let from { arguments["from"] = from }
        if let to { arguments["to"] = to }
        if let needle { arguments["needle"] = needle }
        return try Int64.fetchAll(database, sql: sql(page.order), arguments: StatementArguments(arguments))
    }

    /// The statement walks the index of the restriction with the fewest events, one ordered run for each of its numbers,
    /// and merges the runs; so it reads little more than it returns even if the filter is rare in a long log.
    private func sql(_ order: PageRequest.Order) -> String {
        let direction = order == .ascending ? "ASC" : "DESC"
        let driver = self.driver
        var conditions = ["position BETWEEN :lower AND :upper"]
        for restriction in restrictions where restriction.column != driver?.column {
            let ids = restriction.ids.map(String.init).joined(separator: ", ")
            // The plus sign keeps this index out of the planner's choice.
            conditions.append("+\(restriction.column) IN (\(ids))")
        }
        if from != nil { conditions.append("time >= :from") }
        if to != nil { conditions.append("time < :to") }
        if needle != nil {
            conditions.append(
                """
                (instr(text, :needle) OR subject IN (SELECT id FROM subject WHERE instr(lower, :needle)) \
                OR source IN (SELECT id FROM source WHERE instr(lower, :needle)))
                """
            )
        }
        let condition = conditions.joined(separator: " AND ")
        guard let driver else {
            return "SELECT position FROM event WHERE \(condition) ORDER BY position \(direction) LIMIT :limit"
        }
        let runs = driver.ids.map { id in
            """
            SELECT * FROM (SELECT position FROM event INDEXED BY event_\(driver.column)
            WHERE \(driver.column) = \(id) AND \(condition) ORDER BY position \(direction) LIMIT :limit)
            """
        }
        return runs.joined(separator: "\nUNION ALL\n") + "\nORDER BY position \(direction) LIMIT :limit"
    }

    /// The restriction whose index is walked; `nil` if walking all events is as good.
    private var driver: Restriction? {
        let candidates = restrictions.filter { $0.ids.count <= EventSelection.mostRuns }
        guard let rarest = candidates.min(by: { $0.events < $1.events }), rarest.events < head / 2 else { return nil }
        return rarest
    }

    /// SQLite allows 500 parts in a compound select; more than this are not worth it.
    private static let mostRuns = 100
}
