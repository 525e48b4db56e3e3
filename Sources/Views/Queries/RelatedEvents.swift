import EventLog
import GRDB

extension Views {
    /// The events of the same stream just before and just after one, each oldest first, at most `count` (1 to 100) on each
    /// side. Empty if there is no event at the position.
    public func neighbours(of position: Int64, count: Int = 3) async throws -> (before: [EventRow], after: [EventRow]) {
        let count = Int64(min(max(count, 1), 100))
        guard position > 0, position <= self.position() else { return ([], []) }
        return try await readLog { log in
            guard let event = try log.read(positions: [position]).first else { return ([], []) }
            let around = try log.read(
                stream: event.stream, afterVersion: max(0, event.version - count - 1), limit: Int(2 * count + 1))
            // Some may have been pruned.
            let before = around.filter { $0.version < event.version }.suffix(Int(count))
            let after = around.filter { $0.version > event.version }.prefix(Int(count))
            return (before.map(EventRow.init), after.map(EventRow.init))
        }
    }

    /// Everything that belongs to the same undertaking as an event, oldest first, at most 200, the event itself included:
    /// a command's request, dispatch and end with the movements that it caused. Empty if there is no such event.
    public func related(to position: Int64) async throws -> [EventRow] {
        guard let row = try await event(at: position) else { return [] }
        let correlation = row.event.metadata.correlation ?? row.event.id
        let positions = try await read { database in
            try Int64.fetchAll(
                database, sql: "SELECT position FROM link WHERE high = ? AND low = ? ORDER BY position LIMIT 200",
                arguments: [Int64(bitPattern: correlation.high), Int64(bitPattern: correlation.low)])
        }
        let others = positions.filter { $0 != position }
        let rows = try await readLog { log in try log.read(positions: others).map(EventRow.init) }
        return (rows + [row]).sorted { $0.event.position < $1.event.position }
    }
}

/// Projects the correlation of events into the table `link`.
struct Links {
    static let tables = """
        CREATE TABLE link(
            high INTEGER NOT NULL, low INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (high, low, position)
        ) STRICT, WITHOUT ROWID;
        """

    func apply(_ event: RecordedEvent, _ database: Database) throws {
        guard let correlation = event.metadata.correlation else { return }
        let insert = try database.cachedStatement(sql: "INSERT INTO link(high, low, position) VALUES (?, ?, ?)")
        try insert.execute(arguments: [
            Int64(bitPattern: correlation.high), Int64(bitPattern: correlation.low), event.position,
        ])
    }
}
