import EventLog
import GRDB
public import GarageDomain
import GarageEvents

extension Views {
    /// A page of the event log.
    public func events(_ filter: EventFilter, _ page: PageRequest) async throws -> EventPage {
        let limit = min(max(page.limit, 1), 1000)
        var (positions, head) = try await read { database in
            let selection = try EventSelection(filter, database)
            return (try selection.positions(page, limit: limit + 1, database), selection.head)
        }
        let hasMore = positions.count > limit
        if hasMore { positions.removeLast() }
        let rows = try await readLog { [positions] log in try log.read(positions: positions).map(EventRow.init) }
        return EventPage(rows: rows, hasMore: hasMore, head: head)
    }

    /// The event at a position; `nil` if there is none, or none that is applied yet.
    public func event(at position: Int64) async throws -> EventRow? {
        guard position > 0, position <= self.position() else { return nil }
        return try await readLog { log in try log.read(positions: [position]).first.map(EventRow.init) }
    }

    /// The garages that any event names, by name.
    public func garages() async throws -> [Name] {
        try await read { database in
            try String.fetchAll(database, sql: "SELECT DISTINCT garage FROM scope").compactMap { Name($0) }.sorted()
        }
    }
}

extension EventRow {
    /// An event as the log has it, decoded as far as this version can.
    init(_ event: RecordedEvent) {
        self.init(event: event, subject: Subject(stream: event.stream), body: EventCoding.decode(event)?.body)
    }
}
