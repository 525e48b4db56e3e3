import GRDB

/// The tables of `events.db`.
enum LogSchema {
    static let fileName = "events.db"
    /// "GRAG" in the file's header tells `file` and us whose database it is.
    static let applicationID: Int64 = 0x4752_4147
    static let version = 1

    /// Streams, and the texts that repeat in every event (types, channels, actors), are kept once and named by number:
    /// it makes rows short, and reading them needs no new strings.
    ///
    /// `chain` has both ends of each hash chain: `position` and `hash` of its last event, changed in the commit that
    /// appends it, and the anchor that it begins from, which moves on when old events are pruned (`pruned` of them so
    /// far). `stream.pruned` is the version from which a stream goes on after that. `event.digest` is empty until the
    /// content is erased, and then keeps its hash.
    private static let tables = """
        CREATE TABLE log (
            key INTEGER PRIMARY KEY CHECK (key = 1),
            identity BLOB NOT NULL CHECK (length(identity) = 16),
            created INTEGER NOT NULL,
            probe BLOB
        ) STRICT;
        CREATE TABLE stream (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            pruned INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE symbol (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE chain (
            id INTEGER PRIMARY KEY,
            position INTEGER NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            anchor_position INTEGER NOT NULL,
            anchor_hash BLOB NOT NULL CHECK (length(anchor_hash) = 32),
            pruned INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE event (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            stream INTEGER NOT NULL,
            version INTEGER NOT NULL,
            chain INTEGER NOT NULL,
            type INTEGER NOT NULL,
            schema INTEGER NOT NULL,
            time INTEGER NOT NULL,
            recorded INTEGER NOT NULL,
            channel INTEGER NOT NULL,
            correlation BLOB,
            causation BLOB,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            actor INTEGER NOT NULL,
            client TEXT,
            salt BLOB,
            digest BLOB,
            data BLOB NOT NULL,
            UNIQUE (stream, version)
        ) STRICT;
        CREATE INDEX journal ON event (position) WHERE chain = 1;
        """

    /// Makes a new, empty log in an empty database.
    static func create(_ database: Database, created: Int64) throws {
        // It only takes effect before the first table; without it the file could never shrink after pruning.
        try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        try database.inTransaction {
            try database.execute(sql: tables)
            var random = SystemRandomNumberGenerator()
            let bytes = (0..<LogIdentity.size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            guard let identity = LogIdentity(bytes: bytes) else { return .rollback }
            try database.execute(
                sql: "INSERT INTO log (key, identity, created) VALUES (1, ?, ?)",
                arguments: [Blob(bytes), created])
            for chain in Chain.allCases {
                let genesis = Blob(CanonicalForm.genesis(of: chain, identity: identity).bytes)
                try database.execute(
                    sql: "INSERT INTO chain VALUES (?, 0, ?, 0, ?, 0)", arguments: [chain.rawValue, genesis, genesis])
            }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// Throws unless the database is an event log that this version can read.
    static func check(_ database: Database, path: String) throws {
        guard try Int64.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
            throw EventLogError.notAnEventLog(path: path)
        }
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw EventLogError.newerVersion(path: path, found: found, supported: version)
        }
        guard found == version else { throw EventLogError.notAnEventLog(path: path) }
    }

    static func identity(_ database: Database) throws -> LogIdentity {
        guard let blob = try Blob.fetchOne(database, sql: "SELECT identity FROM log"),
            let identity = LogIdentity(bytes: blob.bytes)
        else { throw EventLogError.corrupt("it has no identity") }
        return identity
    }

    /// The head as the last commit left it.
    static func head(_ database: Database, identity: LogIdentity) throws -> LogHead {
        let journal = try chainHead(database, .journal)
        let telemetry = try chainHead(database, .telemetry)
        return LogHead(
            identity: identity, position: max(journal.position, telemetry.position), journal: journal,
            telemetry: telemetry)
    }

    private static func chainHead(_ database: Database, _ chain: Chain) throws -> ChainHead {
        let sql = "SELECT position, hash FROM chain WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [chain.rawValue]) else {
            throw EventLogError.corrupt("the head of the \(chain) chain is missing")
        }
        let hash: Blob = row[1]
        return ChainHead(chain: chain, position: row[0], hash: hash.bytes)
    }

    /// Throws if the log's last event is not the one that its head names. It says nothing about those before: that is
    /// what verifying is for.
    static func checkEnd(_ database: Database, of head: LogHead) throws {
        let row = try Row.fetchOne(
            database, sql: "SELECT position, hash FROM event ORDER BY position DESC LIMIT 1")
        guard let row else { return }
        let position: Int64 = row[0]
        let hash: Blob = row[1]
        let last = head.journal.position > head.telemetry.position ? head.journal : head.telemetry
        guard position <= last.position, position < last.position || hash.bytes == last.hash else {
            throw EventLogError.corrupt("its last event is not the one that its head names")
        }
    }
}
