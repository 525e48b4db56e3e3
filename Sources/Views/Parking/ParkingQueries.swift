import GRDB
public import GarageDomain

extension Views {
    /// The stays on a spot, or on all of a garage, newest arrival first.
    ///
    /// `before` is the `arrivalPosition` of the last stay of the page before; `limit` is 1 to 1000.
    public func stays(
        garage: Name? = nil, spot: Subject? = nil, before: Int64? = nil, limit: Int = 100
    ) async throws -> StayPage {
        let limit = min(max(limit, 1), 1000)
        return try await read { database in
            var conditions = ["arrival_position < ?"]
            var arguments: StatementArguments = [before ?? .max]
            if let garage = spot?.garage ?? garage {
                conditions.append("garage = ?")
                arguments += [garage.text]
            }
            if let spot {
                conditions.append("spot = ?")
                arguments += [spot.name.text]
            }
            var stays = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM stay WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY arrival_position DESC LIMIT \(limit + 1)
                    """, arguments: arguments
            ).compactMap(SpotStay.init)
            let hasMore = stays.count > limit
            if hasMore { stays.removeLast() }
            return StayPage(stays: stays, hasMore: hasMore)
        }
    }

    /// Arrivals, mean stay and occupancy in a range of time, on one spot or all of a garage; `now` ends what lasts.
    public func parkingSummary(
        garage: Name? = nil, spot: Subject? = nil, from: Timestamp, to: Timestamp, now: Timestamp
    ) async throws -> ParkingSummary {
        try await read { database in
            var summary = ParkingSummary(
                spots: 0, arrivals: 0, completed: 0, meanStayMilliseconds: nil, longestStayMilliseconds: nil,
                occupiedMilliseconds: 0, knownMilliseconds: 0)
            var total: Int64 = 0
            let end = min(to, now)
            for (subject, known) in try Views.knownSpots(garage, spot, database) where known < end {
                summary.spots += 1
                summary.knownMilliseconds += end.milliseconds(since: max(from, known))
                try Views.forEachStay(on: subject, from: from, to: end, database) { stay in
                    let departure = stay.departure ?? end
                    summary.occupiedMilliseconds += min(departure, end).milliseconds(since: max(stay.arrival, from))
                    if stay.arrival >= from { summary.arrivals += 1 }
                    guard let length = stay.milliseconds, departure < end else { return }
                    summary.completed += 1
                    total &+= length
                    summary.longestStayMilliseconds = max(summary.longestStayMilliseconds ?? 0, length)
                }
            }
            if summary.completed > 0 { summary.meanStayMilliseconds = total / Int64(summary.completed) }
            return summary
        }
    }

    /// How full the spots are by hour and weekday; `now` ends what lasts.
    ///
    /// `offset` gives the local time's distance from UTC in seconds, so that days and hours are those of the site.
    public func occupancyPattern(
        garage: Name? = nil, spot: Subject? = nil, from: Timestamp, to: Timestamp, now: Timestamp,
        offset: @escaping @Sendable (Timestamp) -> Int
    ) async throws -> OccupancyPattern {
        try await read { database in
            var tally = OccupancyTally(from: from, to: min(to, now))
            for (subject, known) in try Views.knownSpots(garage, spot, database) {
                tally.addSpot(knownSince: known)
                try Views.forEachStay(on: subject, from: from, to: min(to, now), database) { stay in
                    tally.addStay(from: stay.arrival, to: stay.departure ?? now)
                }
            }
            return tally.pattern(offset: offset)
        }
    }

    /// The spots and when each was first heard of.
    private static func knownSpots(
        _ garage: Name?, _ spot: Subject?, _ database: Database
    ) throws -> [(spot: Subject, since: Timestamp)] {
        try Row.fetchAll(database, sql: "SELECT garage, name, first FROM spot ORDER BY garage, name").compactMap {
            row in
            guard let subject = Subject(.spot, row), let first = row.timestamp("first"),
                spot == nil || spot == subject, garage == nil || garage == subject.garage
            else { return nil }
            return (subject, first)
        }
    }

    /// The stays that reach into a range of time. Those of one spot follow each other, so reading ends with the first
    /// one beyond it.
    private static func forEachStay(
        on spot: Subject, from: Timestamp, to: Timestamp, _ database: Database, _ body: (SpotStay) -> Void
    ) throws {
        let ended = try Row.fetchCursor(
            database, sql: "SELECT * FROM stay WHERE garage = ? AND spot = ? AND departure >= ? ORDER BY departure",
            arguments: [spot.garage.text, spot.name.text, from.microseconds])
        while let row = try ended.next() {
            guard let stay = SpotStay(row) else { continue }
            guard stay.arrival < to else { break }
            body(stay)
        }
        let lasting = try Row.fetchOne(
            database, sql: "SELECT * FROM stay WHERE garage = ? AND spot = ? AND departure IS NULL",
            arguments: [spot.garage.text, spot.name.text])
        if let stay = lasting.flatMap(SpotStay.init), stay.arrival < to { body(stay) }
    }
}
