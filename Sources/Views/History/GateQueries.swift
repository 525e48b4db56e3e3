import GRDB
public import GarageDomain

extension Views {
    /// The states of a gate from one moment to another, with who caused each.
    ///
    /// `limit` bounds the spans (1 to 10000); the newest are kept.
    public func timeline(
        of gate: Subject, from: Timestamp, to: Timestamp, limit: Int = 2000
    ) async throws -> GateTimeline {
        let limit = min(max(limit, 1), 10_000)
        return try await read { database in
            // The state in which the range begins, too, and when the last one ended.
            var spans = try Views.spans(gate, "time < ?", [to.microseconds], newest: limit + 1, database)
            let next = try Views.spans(gate, "time >= ?", [to.microseconds], oldest: 1, database)
            for index in spans.indices.dropLast() { spans[index].end = spans[index + 1].start }
            if let last = spans.indices.last { spans[last].end = next.first?.start }
            spans.removeAll { $0.end.map { $0 <= from } ?? false }
            let isCut = spans.count > limit
            if isCut { spans.removeFirst(spans.count - limit) }
            return GateTimeline(spans: spans, isCut: isCut)
        }
    }

    /// How a gate was used in each interval between two successive boundaries, which ascend: the beginnings of local days,
    /// for example. `now` ends what lasts.
    public func usage(of gate: Subject, boundaries: [Timestamp], now: Timestamp) async throws -> [GateUsage] {
        guard let begin = boundaries.first, let end = boundaries.last else { return [] }
        let intervals = zip(boundaries, boundaries.dropFirst()).filter { $0 < $1 }
        return try await read { database in
            let before = try Views.spans(gate, "time < ?", [begin.microseconds], newest: 1, database)
            let inside = try Views.spans(
                gate, "time >= ? AND time < ?", [begin.microseconds, end.microseconds], oldest: nil, database)
            var tally = GateTally(intervals)
            var previous = before.last
            for span in inside {
                tally.add(previous, until: min(span.start, now))
                tally.note(span, after: previous)
                previous = span
            }
            tally.add(previous, until: now)
            return tally.usages
        }
    }

    private static func spans(
        _ gate: Subject, _ condition: String, _ times: [Int64], newest: Int, _ database: Database
    ) throws -> [GateSpan] {
        let order = "ORDER BY time DESC, position DESC LIMIT \(newest)"
        return try spans(gate, condition, times, order, database).reversed()
    }

    private static func spans(
        _ gate: Subject, _ condition: String, _ times: [Int64], oldest: Int?, _ database: Database
    ) throws -> [GateSpan] {
        let limit = oldest.map { "LIMIT \($0)" } ?? ""
        return try spans(gate, condition, times, "ORDER BY time, position \(limit)", database)
    }

    private static func spans(
        _ gate: Subject, _ condition: String, _ times: [Int64], _ order: String, _ database: Database
    ) throws -> [GateSpan] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM movement WHERE garage = ? AND gate = ? AND \(condition) \(order)",
            arguments: StatementArguments([gate.garage.text, gate.name.text]) + StatementArguments(times)
        ).compactMap { row in
            guard let state = GateState(rawValue: row["state"]), let start = row.timestamp("time") else { return nil }
            return GateSpan(
                state: state, start: start, end: nil, position: row["position"], actor: row["actor"],
                channel: row["channel"], commandID: row["command"], isFirstReport: row["first"])
        }
    }
}
