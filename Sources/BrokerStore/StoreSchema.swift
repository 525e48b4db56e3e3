import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The tables of `broker.db`. Times are microseconds since 1970, 0 for never.
enum StoreSchema {
    /// "GRBR" in the file's header tells `file` and us whose database it is.
    static let applicationID: Int64 = 0x4752_4252
    static let version = 2

    /// Topics and filters are blobs: MQTT compares them byte by byte. A content in `message` is shared by the deliveries
    /// that name it, and goes with the last of them. A delivery without packet identifier (0) waits to be sent; one
    /// with `released` has been received by the client and waits for PUBCOMP. `session.expires` counts while there is no
    /// connection; `will.due` is 0 while there is one. `session.owner` is empty for clients without a name, and NULL in what
    /// version 1 left, which did not know it.
    private static let tables = """
        CREATE TABLE session (
            key INTEGER PRIMARY KEY,
            client TEXT NOT NULL,
            expiry INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            owner TEXT
        ) STRICT;
        CREATE TABLE will (
            session INTEGER PRIMARY KEY,
            topic TEXT NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            properties BLOB NOT NULL,
            delay INTEGER NOT NULL,
            due INTEGER NOT NULL,
            principal TEXT,
            user TEXT,
            address TEXT NOT NULL,
            listener TEXT NOT NULL,
            version INTEGER NOT NULL,
            keep_alive INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE subscription (
            session INTEGER NOT NULL,
            filter BLOB NOT NULL,
            qos INTEGER NOT NULL,
            no_local INTEGER NOT NULL,
            as_published INTEGER NOT NULL,
            identifier INTEGER NOT NULL,
            PRIMARY KEY (session, filter)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            topic BLOB NOT NULL,
            properties BLOB NOT NULL,
            payload BLOB NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE delivery (
            session INTEGER NOT NULL,
            number INTEGER NOT NULL,
            message INTEGER,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            identifiers TEXT NOT NULL,
            packet INTEGER NOT NULL,
            released INTEGER NOT NULL,
            PRIMARY KEY (session, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delivery_message ON delivery (message) WHERE message IS NOT NULL;
        CREATE TABLE received (
            session INTEGER NOT NULL,
            packet INTEGER NOT NULL,
            PRIMARY KEY (session, packet)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE retained (
            topic BLOB PRIMARY KEY,
            properties BLOB NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;
        """

    /// Makes the tables in an empty database.
    static func create(_ database: Database) throws {
        // It only takes effect before the first table; without it the file could never shrink.
        try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        try database.inTransaction {
            try database.execute(sql: tables)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// Makes a copy last through a power loss: what is in it, and its name.
    private static func keep(_ copy: String) -> Bool {
        let folder = copy.lastIndex(of: "/").map { String(copy[..<$0]) } ?? "."
        return [copy, folder].allSatisfy { path in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            return fsync(descriptor) == 0
        }
    }

    /// Brings a database of an earlier version to this one. What it was is kept beside it, as `broker.db.format-1` for
    /// example.
    static func migrate(_ database: Database, path: String) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? version
        guard found < version else { return }
        let backup = "\(path).format-\(found)"
        do {
            // One that an interrupted upgrade has left.
            unlink(backup)
            try database.execute(sql: "VACUUM INTO ?", arguments: [backup])
            guard keep(backup) else { throw BrokerStoreError.storage("fsync: \(String(cString: strerror(errno)))") }
        } catch {
            throw BrokerStoreError.storage("format \(found) can't be kept as \(backup) before the upgrade: \(error)")
        }
        try database.inTransaction {
            try database.execute(sql: "ALTER TABLE session ADD COLUMN owner TEXT")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// Throws unless this version can use the database.
    static func check(_ database: Database, path: String) throws {
        guard try Int64.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
            throw BrokerStoreError.unusable(reason: "it is not a broker's store")
        }
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw BrokerStoreError.newerVersion(path: path, found: found, supported: version)
        }
        let answer = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "nothing"
        guard answer == "ok" else { throw BrokerStoreError.unusable(reason: "it is damaged: \(answer)") }
    }
}
