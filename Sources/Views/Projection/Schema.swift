import EventLog
import GRDB

/// The tables of `views.db`.
///
/// Nothing here is migrated: a file with other tables or of another version is deleted and built again from the log.
enum Schema {
    /// Kept in the file's `user_version`. To be raised when a projection writes something else into the same tables.
    static let version = 2

    /// "GRVW", kept in the file's `application_id`.
    static let applicationID = 0x4752_5657

    /// Events in one row of `span`: 2^10.
    static let spanShift: Int64 = 10

    /// Length of one row of `rollup` in microseconds: a quarter of an hour, because every time zone's day begins at a
    /// whole number of those.
    static let rollupMicroseconds: Int64 = 900_000_000

    /// Makes the empty tables for the log with this identity.
    static func create(_ database: Database, identity: LogIdentity) throws {
        for tables in [tables, GateHistory.tables, ParkingHistory.tables, AlertHistory.tables, Links.tables] {
            try database.execute(sql: tables)
        }
        try database.execute(sql: "INSERT INTO log(identity) VALUES (?)", arguments: [hexadecimal(identity.bytes)])
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Whether the file's tables are of this version, made for this log, and not ahead of it.
    ///
    /// A log that was restored from a backup has the same identity but may have gone on differently, so the last event
    /// applied must also still be the same; one that was pruned meanwhile is taken as such.
    static func fits(_ database: Database, _ log: EventLog) throws -> Bool {
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == version,
            try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID,
            try definitions(database) == expectedDefinitions(log.identity),
            try String.fetchOne(database, sql: "SELECT identity FROM log") == hexadecimal(log.identity.bytes)
        else { return false }
        guard let checkpoint = try Checkpoint(database) else { return true }
        guard checkpoint.position <= log.head else { return false }
        guard let event = try log.read(positions: [checkpoint.position]).first else { return true }
        return Checkpoint(event) == checkpoint
    }

    private static func definitions(_ database: Database) throws -> [String] {
        try String.fetchAll(database, sql: "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name")
    }

    private static func expectedDefinitions(_ identity: LogIdentity) throws -> [String] {
        try DatabaseQueue().write { fresh in
            try create(fresh, identity: identity)
            return try definitions(fresh)
        }
    }

    /// `type`, `scope`, `subject` and `source` number the few distinct values of the event table's filter columns and
    /// count their events. `span` holds the range of times of each run of positions, so that a range of times becomes a
    /// range of positions although times are not strictly ascending.
    private static let tables = """
        CREATE TABLE log(identity TEXT NOT NULL) STRICT;
        CREATE TABLE checkpoint(
            id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, event TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT;

        CREATE TABLE type(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL) STRICT;
        CREATE TABLE scope(
            id INTEGER PRIMARY KEY, garage TEXT NOT NULL, kind TEXT NOT NULL, events INTEGER NOT NULL, UNIQUE (garage, kind)
        ) STRICT;
        CREATE TABLE subject(
            id INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE, name TEXT NOT NULL, lower TEXT NOT NULL,
            events INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX subject_name ON subject(name);
        CREATE TABLE source(
            id INTEGER PRIMARY KEY, actor TEXT NOT NULL, device INTEGER NOT NULL, lower TEXT NOT NULL,
            events INTEGER NOT NULL, UNIQUE (actor, device)
        ) STRICT;

        CREATE TABLE event(
            position INTEGER PRIMARY KEY, type INTEGER NOT NULL, scope INTEGER NOT NULL, subject INTEGER NOT NULL,
            source INTEGER NOT NULL, time INTEGER NOT NULL, text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX event_type ON event(type);
        CREATE INDEX event_scope ON event(scope);
        CREATE INDEX event_subject ON event(subject);
        CREATE INDEX event_source ON event(source);
        CREATE TABLE span(block INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL) STRICT;

        CREATE TABLE gate(
            garage TEXT NOT NULL, name TEXT NOT NULL, state TEXT, since INTEGER, obstructed INTEGER NOT NULL, device TEXT,
            movement_position INTEGER, movement_to TEXT, movement_time INTEGER, movement_actor TEXT,
            movement_channel TEXT, movement_commanded INTEGER, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE command(
            garage TEXT NOT NULL, gate TEXT NOT NULL, id TEXT NOT NULL, action TEXT, status TEXT NOT NULL, reason TEXT,
            actor TEXT NOT NULL, channel TEXT NOT NULL, requested INTEGER NOT NULL, updated INTEGER NOT NULL,
            position INTEGER NOT NULL, PRIMARY KEY (garage, gate, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX command_position ON command(garage, gate, position);
        CREATE TABLE spot(
            garage TEXT NOT NULL, name TEXT NOT NULL, occupied INTEGER NOT NULL, since INTEGER NOT NULL,
            first INTEGER NOT NULL, device TEXT, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sensor(
            garage TEXT NOT NULL, name TEXT NOT NULL, device TEXT, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE fault(
            garage TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL, kind TEXT NOT NULL, raw TEXT NOT NULL,
            time INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (garage, sensor, quantity)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE device(
            garage TEXT NOT NULL, name TEXT NOT NULL, client TEXT, online INTEGER NOT NULL, since INTEGER NOT NULL,
            reason TEXT, last_event INTEGER NOT NULL, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE series(
            id INTEGER PRIMARY KEY, garage TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL,
            value REAL NOT NULL, time INTEGER NOT NULL, UNIQUE (garage, sensor, quantity)
        ) STRICT;
        CREATE TABLE reading(
            series INTEGER NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL, value REAL NOT NULL,
            PRIMARY KEY (series, time, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE rollup(
            series INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL, sum REAL NOT NULL,
            minimum REAL NOT NULL, maximum REAL NOT NULL, PRIMARY KEY (series, start)
        ) STRICT, WITHOUT ROWID;
        """
}
