import EventLog
import FoundationEssentials
import GRDB
import Logging

/// The file `rollups.db` with the minutes, hours and days of readings.
///
/// It can't be made again from a log that was pruned, so it is never thrown away: a file that is damaged, or of another
/// log, is set aside under another name.
struct RollupsFile: Sendable {
    let path: String

    /// Kept in the file's `user_version`. Another version needs a way to bring the tables over.
    static let version = 1

    /// "GRRU", kept in the file's `application_id`.
    static let applicationID = 0x4752_5255

    /// A service that runs may be writing: that takes milliseconds.
    private static let configuration: Configuration = {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        return configuration
    }()

    init(directory: String, name: String = "rollups.db") { path = directory + "/" + name }

    /// Makes sure that there is a file which fits the log.
    func prepare(for log: EventLog, logger: Logger) throws {
        if FileManager.default.fileExists(atPath: path) {
            do {
                let queue = try DatabaseQueue(path: path, configuration: RollupsFile.configuration)
                defer { try? queue.close() }
                if try queue.read({ try RollupsFile.isOf(log, $0) }) {
                    try queue.write { database in
                        if let checkpoint = try RollupsFile.checkpoint(database), try !checkpoint.fits(log) {
                            logger.notice("The roll-ups are ahead of the log; what the log can't tell again is kept")
                            try RollupsFile.rewind(database, log)
                        }
                    }
                    return
                }
                logger.warning("The roll-ups are of another log and are set aside", metadata: ["file": "\(path)"])
            } catch let error as DatabaseError where ViewsFile.isDamage(error) {
                logger.error("The roll-ups are damaged and are set aside", metadata: ["reason": "\(error)"])
            }
            try setAside()
        }
        try create(for: log)
    }

    /// Copies another file and makes the copy begin again where the log can tell what it has.
    func rebuild(from old: RollupsFile, log: EventLog, logger: Logger) throws {
        try delete()
        guard FileManager.default.fileExists(atPath: old.path) else { return try create(for: log) }
        try old.prepare(for: log, logger: logger)
        try copy(old)
        let target = try DatabaseQueue(path: path, configuration: RollupsFile.configuration)
        try target.write { try RollupsFile.rewind($0, log) }
        try target.close()
    }

    /// Makes this file a copy of another one.
    func copy(_ other: RollupsFile) throws {
        try delete()
        let source = try DatabaseQueue(path: other.path, configuration: RollupsFile.configuration)
        let target = try DatabaseQueue(path: path, configuration: RollupsFile.configuration)
        try source.backup(to: target)
        try source.close()
        try target.close()
    }

    func delete() throws {
        for suffix in ViewsFile.suffixes where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    private func setAside() throws {
        var number = 1
        while FileManager.default.fileExists(atPath: "\(path).old\(number)") { number += 1 }
        for suffix in ViewsFile.suffixes where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.moveItem(atPath: path + suffix, toPath: "\(path).old\(number)\(suffix)")
        }
    }

    private func create(for log: EventLog) throws {
        let queue = try DatabaseQueue(path: path, configuration: RollupsFile.configuration)
        // Before the first table: it can't be changed in a file that has some.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try queue.write { database in
            try database.execute(sql: RollupsFile.tables)
            try database.execute(
                sql: "INSERT INTO log(identity) VALUES (?)", arguments: [hexadecimal(log.identity.bytes)])
            try database.execute(sql: "PRAGMA application_id = \(RollupsFile.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(RollupsFile.version)")
        }
        try queue.close()
    }

    private static func isOf(_ log: EventLog, _ database: Database) throws -> Bool {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID else { return false }
        guard version <= RollupsFile.version else {
            throw ViewsError.storage(
                """
                rollups.db has format \(version), written by a newer version; this one reads up to format \
                \(RollupsFile.version). Install the newer version again, or move the file away: what the log still has is \
                counted anew
                """)
        }
        return try String.fetchOne(database, sql: "SELECT identity FROM log") == hexadecimal(log.identity.bytes)
    }

    private static func checkpoint(_ database: Database) throws -> Checkpoint? {
        let row = try Row.fetchOne(database, sql: "SELECT position, event, hash FROM checkpoint")
        return row.map { Checkpoint(position: $0[0], event: $0[1], hash: $0[2]) }
    }

    /// Forgets what the log can tell again, and where it was: everything, or, of a log that was pruned, the days after
    /// that of the first reading left.
    private static func rewind(_ database: Database, _ log: EventLog) throws {
        var kept = Int64.min
        let statistics = try log.statistics()
        if statistics.events < log.head {
            let oldest = try log.read(after: 0, limit: 1, chain: .telemetry).first
            // Times are not strictly in order, so that one more day is left as it is.
            kept =
                oldest.map { floor($0.time, to: Rollups.Level.day.microseconds) &+ 2 * Rollups.Level.day.microseconds }
                ?? .max
        }
        for level in Rollups.Level.allCases {
            try database.execute(sql: "DELETE FROM \(level) WHERE start >= ?", arguments: [kept])
        }
        try database.execute(sql: "DELETE FROM checkpoint")
        try database.execute(
            sql: "UPDATE log SET kept_time = ?, kept_position = ?", arguments: [kept, log.head])
    }

    private static let tables = """
        CREATE TABLE log(identity TEXT NOT NULL, kept_time INTEGER, kept_position INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE \(Checkpoint.table);
        CREATE TABLE series(
            id INTEGER PRIMARY KEY, garage TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL,
            UNIQUE (garage, sensor, quantity)
        ) STRICT;
        """
        + Rollups.Level.allCases.map { level in
            """
            CREATE TABLE \(level)(
                series INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL, sum REAL NOT NULL,
                minimum REAL NOT NULL, maximum REAL NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
                PRIMARY KEY (series, start)
            ) STRICT, WITHOUT ROWID;
            """
        }.joined(separator: "\n")
}
