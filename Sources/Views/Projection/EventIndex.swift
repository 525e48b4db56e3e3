import EventLog
import GRDB
import GarageDomain

/// Projects what the lists of events need: for each event its time and its facet, for all but readings their text.
///
/// A facet is a combination of type, subject and origin that events have. There are few, so that every filter is a set of
/// facets, and one index serves them all.
struct EventIndex: Projection {
    static let tables = """
        CREATE TABLE facet(
            id INTEGER PRIMARY KEY, type TEXT NOT NULL, stream TEXT NOT NULL, actor TEXT NOT NULL,
            device INTEGER NOT NULL, lower TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            UNIQUE (type, stream, actor, device)
        ) STRICT;
        CREATE TABLE event(position INTEGER PRIMARY KEY, facet INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
        CREATE TABLE span(
            level INTEGER NOT NULL, block INTEGER NOT NULL, earliest INTEGER NOT NULL, latest INTEGER NOT NULL,
            PRIMARY KEY (level, block)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE search(position INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
        CREATE VIRTUAL TABLE search_index USING fts5(
            text, content='', detail=none, columnsize=0, tokenize='trigram case_sensitive 1'
        );
        """

    /// Made once the views are built, because then it costs a fraction.
    static let deferredIndex = "CREATE INDEX IF NOT EXISTS event_facet ON event(facet)"

    private struct Name: Hashable {
        var type: String
        var stream: String
        var actor: String
        var isDevice: Bool
    }

    private struct Facet {
        var first: Int64
        var last: Int64
        var isChanged: Bool
    }

    /// The facet with the number n stands at n - 1.
    private var facets: [Facet] = []
    private var numbers: [Name: Int] = [:]
    /// The index in `facets` of each key met in this process.
    private var indexOfKey: [Int?] = []
    private var spans: TimeSpans

    init(_ database: Database) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT type, stream, actor, device, first, last FROM facet ORDER BY id")
        while let row = try rows.next() {
            numbers[Name(type: row[0], stream: row[1], actor: row[2], isDevice: row[3])] = facets.count
            facets.append(Facet(first: row[4], last: row[5], isChanged: false))
        }
        spans = try TimeSpans(database)
    }

    mutating func apply(_ events: ArraySlice<ProjectedEvent>, _ database: Database) throws {
        let insert = try HotStatement(
            database, sql: "INSERT INTO event(position, facet, time) VALUES (?1, ?2, ?3)")
        let insertText = try HotStatement(database, sql: "INSERT INTO search(position, text) VALUES (?1, ?2)")
        let insertIndex = try HotStatement(database, sql: "INSERT INTO search_index(rowid, text) VALUES (?1, ?2)")
        for event in events {
            let index = try facet(of: event.key, at: event.position, database)
            facets[index].last = event.position
            facets[index].isChanged = true
            insert.bind(event.position, at: 1)
            insert.bind(Int64(index) + 1, at: 2)
            insert.bind(event.time, at: 3)
            try insert.run()
            try spans.note(event.time, at: event.position, database)

            guard case .other(let other) = event.content else { continue }
            let text = SearchText.of(other.row.event)
            guard !text.isEmpty else { continue }
            insertText.bind(event.position, at: 1)
            insertText.bind(text, at: 2)
            try insertText.run()
            insertIndex.bind(event.position, at: 1)
            insertIndex.bind(SearchText.indexed(text, facet: Int64(index) + 1), at: 2)
            try insertIndex.run()
        }
        try spans.store(database)
        let update = try HotStatement(database, sql: "UPDATE facet SET last = ?2 WHERE id = ?1")
        for index in facets.indices where facets[index].isChanged {
            facets[index].isChanged = false
            update.bind(Int64(index) + 1, at: 1)
            update.bind(facets[index].last, at: 2)
            try update.run()
        }
    }

    /// Fills the text index from the texts.
    static func fillIndex(_ database: Database) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT position, text, facet FROM search JOIN event USING (position) ORDER BY position")
        let insert = try HotStatement(database, sql: "INSERT INTO search_index(rowid, text) VALUES (?1, ?2)")
        while let row = try rows.next() {
            insert.bind(row[0] as Int64, at: 1)
            insert.bind(SearchText.indexed(row[1], facet: row[2]), at: 2)
            try insert.run()
        }
    }

    private mutating func facet(of key: EventKey, at position: Int64, _ database: Database) throws -> Int {
        if key.index < indexOfKey.count, let index = indexOfKey[key.index] { return index }
        while indexOfKey.count <= key.index { indexOfKey.append(nil) }
        let names = key.names
        let name = Name(
            type: names.type, stream: names.stream, actor: names.actor, isDevice: names.channel == "device")
        let index = numbers[name] ?? facets.count
        if index == facets.count {
            numbers[name] = index
            facets.append(Facet(first: position, last: position, isChanged: true))
            try database.execute(
                sql: """
                    INSERT INTO facet(id, type, stream, actor, device, lower, first, last)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    index + 1, name.type, name.stream, name.actor, name.isDevice,
                    SearchText.ofOrigin(stream: name.stream, actor: name.actor), position, position,
                ])
        }
        indexOfKey[key.index] = index
        return index
    }
}
