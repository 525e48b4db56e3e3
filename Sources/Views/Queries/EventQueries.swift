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
            let head = try Checkpoint(.events, database)?.position ?? 0
            return (try selection.positions(page, limit: limit + 1, database), head)
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
            let streams = try String.fetchAll(database, sql: "SELECT DISTINCT stream FROM facet")
            return Set(streams.compactMap { Subject(stream: $0)?.garage }).sorted()
        }
    }
}

extension EventRow {
    /// An event as the log has it, decoded as far as this version can.
    init(_ event: RecordedEvent) {
        self.init(event, subject: Subject(stream: event.stream))
    }

    /// The same with the subject that the event's stream names.
    init(_ event: RecordedEvent, subject: Subject?) {
        let body = subject.flatMap { _ in EventCoding.body(type: event.type, schema: event.schema, data: event.data) }
        self.init(event: event, subject: subject, body: body)
    }
}
