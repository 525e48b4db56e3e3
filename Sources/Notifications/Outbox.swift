import FoundationEssentials
import GRDB

/// Keeps in `outbox.db` what was not delivered yet, and up to where the log was looked through, so that a restart neither
/// loses nor repeats a message.
public final class Outbox: Sendable {
    /// Kept in the file's `user_version`; the first versions left 0 there.
    static let format = 1

    /// A file that could not be used, and was given another name.
    public struct SetAside: Sendable, Hashable {
        /// Where it is now.
        public var path: String
        public var reason: String
    }

    /// The file that was damaged, and without which this one began; `nil` if all is well.
    public let setAside: SetAside?
    private let database: DatabaseQueue

    /// Opens the file in the data folder, or makes it. A damaged one is set aside: what waited there is lost, but alerts of
    /// from now on are not. Throws an ``OutboxError`` if a newer version has written it.
    ///
    /// - Parameter head: the log's last position. A new outbox begins after it: what happened before it was set up is not
    ///   told to anyone. One that is further than the log is of a log that an older backup has replaced, and goes on where
    ///   that ends.
    public init(directory: String, head: Int64) throws {
        let path = directory + "/outbox.db"
        do {
            database = try Self.open(path, head: head)
            setAside = nil
        } catch let error as DatabaseError
            where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode.primaryResultCode)
        {
            setAside = SetAside(path: try Self.setAside(path), reason: "\(error.message ?? "it is damaged")")
            database = try Self.open(path, head: head)
        }
    }

    private static func open(_ path: String, head: Int64) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "outbox"
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.write { database in
            let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard found <= Self.format else {
                throw OutboxError.newerVersion(path: path, found: found, supported: Self.format)
            }
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "it is damaged inside")
            }
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS cursor(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
                    CREATE TABLE IF NOT EXISTS delivery(
                        position INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL, attempts INTEGER NOT NULL,
                        since INTEGER NOT NULL, due INTEGER NOT NULL
                    );
                    """)
            try database.execute(sql: "PRAGMA user_version = \(Self.format)")
            try database.execute(sql: "INSERT OR IGNORE INTO cursor VALUES (1, ?)", arguments: [head])
            try database.execute(sql: "DELETE FROM delivery WHERE position > ?", arguments: [head])
            try database.execute(sql: "UPDATE cursor SET position = min(position, ?)", arguments: [head])
        }
        return database
    }

    /// Gives the file and its journal a name that is free, and returns it.
    private static func setAside(_ path: String) throws -> String {
        let files = FileManager.default
        let base = path + ".damaged-" + Date().formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        var aside = base
        var attempt = 1
        while files.fileExists(atPath: aside) {
            attempt += 1
            aside = "\(base)-\(attempt)"
        }
        try files.moveItem(atPath: path, toPath: aside)
        for suffix in ["-journal", "-wal"] where files.fileExists(atPath: path + suffix) {
            try files.moveItem(atPath: path + suffix, toPath: aside + suffix)
        }
        return aside
    }

    /// The position up to which the log was looked through.
    public func cursor() throws -> Int64 {
        try database.read { try Int64.fetchOne($0, sql: "SELECT position FROM cursor") ?? 0 }
    }

    /// Keeps messages, and notes how far the log was looked through for them, in one transaction.
    public func add(_ deliveries: [Delivery], cursor: Int64) throws {
        try database.write { database in
            for delivery in deliveries {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO delivery VALUES (?, ?, ?, ?, ?, ?)",
                    arguments: [
                        delivery.position, delivery.id, Data(delivery.body), delivery.attempts, delivery.since,
                        delivery.due,
                    ])
            }
            try database.execute(sql: "UPDATE cursor SET position = max(position, ?)", arguments: [cursor])
        }
    }

    /// The oldest message, whether it is due or not: a later one never overtakes it.
    public func oldest() throws -> Delivery? {
        try database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM delivery ORDER BY position LIMIT 1").map { row in
                var delivery = Delivery(
                    position: row["position"], id: row["id"], body: [UInt8](row["body"] as Data), since: row["since"])
                delivery.attempts = row["attempts"]
                delivery.due = row["due"]
                return delivery
            }
        }
    }

    /// Forgets a message that was delivered or given up.
    public func remove(_ delivery: Delivery) throws {
        try database.write {
            try $0.execute(sql: "DELETE FROM delivery WHERE position = ?", arguments: [delivery.position])
        }
    }

    /// Notes when a message is to be tried again.
    public func postpone(_ delivery: Delivery) throws {
        try database.write {
            try $0.execute(
                sql: "UPDATE delivery SET attempts = ?, due = ? WHERE position = ?",
                arguments: [delivery.attempts, delivery.due, delivery.position])
        }
    }

    /// The number of messages that wait.
    public func count() throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM delivery") ?? 0 }
    }
}
