import EventLog
import GRDB
import GarageDomain

/// Applies events to the tables, and remembers between pages what would be costly to read again.
///
/// Used only inside the write transaction of the page; after a transaction that failed it must be loaded anew.
struct Projector {
    /// The position of the last event applied; 0 if none.
    private(set) var position: Int64
    private var state: CurrentState
    private var telemetry: Telemetry
    private let gates = GateHistory()
    private var parking: ParkingHistory
    private let alerts = AlertHistory()
    private let links = Links()
    private var types: Numbering<String>
    private var scopes: Numbering<Scope>
    private var subjects: Numbering<String>
    private var sources: Numbering<Source>
    private var spans: [Int64: (earliest: Int64, latest: Int64)] = [:]

    private struct Scope: Hashable {
        var garage: String
        var kind: String
    }

    private struct Source: Hashable {
        var actor: String
        var isDevice: Bool
    }

    /// The projector that continues where the tables stand.
    init(_ database: Database) throws {
        position = try Int64.fetchOne(database, sql: "SELECT position FROM checkpoint") ?? 0
        state = try CurrentState(database)
        telemetry = try Telemetry(database)
        parking = try ParkingHistory(database)
        types = Numbering(
            try Row.fetchAll(database, sql: "SELECT name, id, events FROM type").map { ($0[0], $0[1], $0[2]) }
        )
        scopes = Numbering(
            try Row.fetchAll(database, sql: "SELECT garage, kind, id, events FROM scope").map {
                (Scope(garage: $0[0], kind: $0[1]), $0[2], $0[3])
            }
        )
        subjects = Numbering(
            try Row.fetchAll(database, sql: "SELECT stream, id, events FROM subject").map { ($0[0], $0[1], $0[2]) }
        )
        sources = Numbering(
            try Row.fetchAll(database, sql: "SELECT actor, device, id, events FROM source").map {
                (Source(actor: $0[0], isDevice: $0[1]), $0[2], $0[3])
            }
        )
        let block = position >> Schema.spanShift
        let span = try Row.fetchOne(
            database, sql: "SELECT earliest, latest FROM span WHERE block = ?", arguments: [block])
        if let span { spans[block] = (span[0], span[1]) }
    }

    /// Applies events that follow `position` without a gap of their own making, and moves the checkpoint.
    mutating func apply(_ rows: [EventRow], _ database: Database) throws {
        guard let last = rows.last else { return }
        state.startPage()
        let insert = try database.cachedStatement(
            sql: "INSERT INTO event(position, type, scope, subject, source, time, text) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        for row in rows {
            let event = row.event
            let scope = Scope(garage: row.subject?.garage.text ?? "", kind: row.subject?.kind.rawValue ?? "")
            let source = Source(actor: event.metadata.actor, isDevice: event.metadata.channel == "device")
            insert.setUncheckedArguments([
                event.position, types.count(event.type), scopes.count(scope), subjects.count(event.stream),
                sources.count(source), event.time, SearchText.of(event.data),
            ])
            try insert.execute()
            noteTime(event.time, at: event.position)
            try links.apply(event, database)
            try alerts.apply(row, database)

            guard let subject = row.subject else { continue }
            if case .readingRecorded(let reading) = row.body, subject.kind == .sensor {
                try telemetry.apply(reading, of: subject, time: event.time, position: event.position, database)
            }
            try state.apply(event, subject: subject, body: row.body) { key in
                try CurrentState.storedCommand(key, database)
            }
            try applyToHistory(row, subject, database)
        }
        try storeNumbers(database)
        try storeSpans(database, through: last.event.position)
        try telemetry.store(database)
        try state.store(database)
        try Checkpoint(last.event).store(database)
        position = last.event.position
    }

    private mutating func applyToHistory(_ row: EventRow, _ subject: Subject, _ database: Database) throws {
        switch (row.body, subject.kind) {
        case (.gateMoved(let moved), .gate):
            try gates.apply(moved, of: subject, row, cause: state.cause, database)
        case (.spotChanged(let changed), .spot):
            try parking.apply(changed, of: subject, time: row.event.time, position: row.event.position, database)
        default: break
        }
    }

    private mutating func noteTime(_ time: Int64, at position: Int64) {
        let block = position >> Schema.spanShift
        let span = spans[block] ?? (time, time)
        spans[block] = (min(span.earliest, time), max(span.latest, time))
    }

    private mutating func storeSpans(_ database: Database, through position: Int64) throws {
        let upsert = try database.cachedStatement(sql: "REPLACE INTO span(block, earliest, latest) VALUES (?, ?, ?)")
        for (block, span) in spans { try upsert.execute(arguments: [block, span.earliest, span.latest]) }
        let current = position >> Schema.spanShift
        spans = spans.filter { $0.key == current }
    }

    private mutating func storeNumbers(_ database: Database) throws {
        for (name, id, events, isNew) in types.takeChanges() {
            if isNew {
                try database.execute(
                    sql: "INSERT INTO type(id, name, events) VALUES (?, ?, ?)", arguments: [id, name, events]
                )
            } else {
                try Projector.updateCount("type", id, events, database)
            }
        }
        for (scope, id, events, isNew) in scopes.takeChanges() {
            if isNew {
                try database.execute(
                    sql: "INSERT INTO scope(id, garage, kind, events) VALUES (?, ?, ?, ?)",
                    arguments: [id, scope.garage, scope.kind, events]
                )
            } else {
                try Projector.updateCount("scope", id, events, database)
            }
        }
        for (stream, id, events, isNew) in subjects.takeChanges() {
            if isNew {
                try database.execute(
                    sql: "INSERT INTO subject(id, stream, name, lower, events) VALUES (?, ?, ?, ?, ?)",
                    arguments: [id, stream, Subject(stream: stream)?.name.text ?? "", stream.lowercased(), events]
                )
            } else {
                try Projector.updateCount("subject", id, events, database)
            }
        }
        for (source, id, events, isNew) in sources.takeChanges() {
            if isNew {
                try database.execute(
                    sql: "INSERT INTO source(id, actor, device, lower, events) VALUES (?, ?, ?, ?, ?)",
                    arguments: [id, source.actor, source.isDevice, source.actor.lowercased(), events]
                )
            } else {
                try Projector.updateCount("source", id, events, database)
            }
        }
    }

    private static func updateCount(_ table: String, _ id: Int64, _ events: Int64, _ database: Database) throws {
        let update = try database.cachedStatement(sql: "UPDATE \(table) SET events = ? WHERE id = ?")
        try update.execute(arguments: [events, id])
    }
}
