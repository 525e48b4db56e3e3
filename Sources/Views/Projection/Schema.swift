import EventLog
import GRDB

/// The tables of `views.db`.
///
/// Nothing here is migrated: a file with other tables or of another version is deleted and built again from the log.
enum Schema {
    /// Kept in the file's `user_version`. To be raised when a projection writes something else into the same tables.
    static let version = 4

    /// "GRVW", kept in the file's `application_id`.
    static let applicationID = 0x4752_5657

    /// Makes the empty tables for the log with this identity.
    static func create(_ database: Database, identity: LogIdentity) throws {
        for tables in [
            ownTables, EventIndex.tables, CurrentState.tables, GateHistory.tables, ParkingHistory.tables,
            AlertHistory.tables, Links.tables, RawReadings.tables,
        ] {
            try database.execute(sql: tables)
        }
        try database.execute(sql: "INSERT INTO log(identity) VALUES (?)", arguments: [hexadecimal(identity.bytes)])
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Whether the file's tables are of this version, made for this log, and not ahead of it.
    static func fits(_ database: Database, _ log: EventLog) throws -> Bool {
        guard try isCurrent(database, log) else { return false }
        for name in ProjectionName.allCases where name.schema == "main" {
            if let checkpoint = try Checkpoint(name, database), try !checkpoint.fits(log) { return false }
        }
        return true
    }

    private static func isCurrent(_ database: Database, _ log: EventLog) throws -> Bool {
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == version,
            try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID,
            try definitions(database) == expectedDefinitions(log.identity)
        else { return false }
        return try String.fetchOne(database, sql: "SELECT identity FROM log") == hexadecimal(log.identity.bytes)
    }

    private static func definitions(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND name <> 'event_facet' ORDER BY name
                """)
    }

    private static func expectedDefinitions(_ identity: LogIdentity) throws -> [String] {
        try DatabaseQueue().write { fresh in
            try create(fresh, identity: identity)
            return try definitions(fresh)
        }
    }

    private static let ownTables = """
        CREATE TABLE log(identity TEXT NOT NULL, pruned INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE \(Checkpoint.table);
        """
}
