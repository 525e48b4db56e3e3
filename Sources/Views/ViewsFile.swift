import EventLog
import FoundationEssentials
import GRDB

/// The file `views.db` and how it is opened, together with that of the roll-ups.
struct ViewsFile: Sendable {
    let directory: String
    let path: String
    let rollups: RollupsFile

    /// What SQLite keeps beside a file.
    static let suffixes = ["", "-wal", "-shm", "-journal"]

    init(directory: String, name: String = "views.db", rollups: RollupsFile? = nil) {
        self.directory = directory
        path = directory + "/" + name
        self.rollups = rollups ?? RollupsFile(directory: directory)
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The open file, if it is there and fits the log.
    func open(for log: EventLog) throws -> DatabasePool? {
        guard exists else { return nil }
        let pool = try DatabasePool(path: path, configuration: configuration)
        guard try pool.read({ try Schema.fits($0, log) }) else {
            try pool.close()
            return nil
        }
        return pool
    }

    /// A new file for the log, without events.
    func create(for log: EventLog) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.write { try Schema.create($0, identity: log.identity) }
        return pool
    }

    /// Removes the file and what SQLite keeps beside it.
    func delete() throws {
        for suffix in ViewsFile.suffixes where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    /// The size of both files and their write-ahead logs.
    var bytes: Int64 {
        [path, rollups.path].flatMap { [$0, $0 + "-wal"] }.reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + Int64(attributes?[.size] as? UInt64 ?? 0)
        }
    }

    /// Whether an error means that the file itself is unusable.
    static func isDamage(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
            // The file is SQLite's, but its tables are not ours.
            || error.resultCode == .SQLITE_ERROR
    }

    /// GRDB opens the file in WAL mode with `synchronous=NORMAL`, which after a power cut may lose the last transactions
    /// but never half of one: the checkpoint goes back together with what it covers. The same holds for each of the two
    /// files by itself, and each has its own checkpoints.
    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "views"
        configuration.maximumReaderCount = 4
        // A rebuild writes the roll-ups beside the views in use.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { [rollups] database in
            // Readers have the system's cache behind them; together they must not make an idle service large.
            let cache = database.configuration.readonly ? 2048 : 16_384
            try database.execute(
                sql: """
                    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -\(cache); PRAGMA secure_delete = OFF;
                    PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864
                    """
            )
            try database.execute(sql: "ATTACH DATABASE ? AS rollups", arguments: [rollups.path])
            try database.execute(
                sql:
                    "PRAGMA rollups.cache_size = -\(cache / 4); PRAGMA rollups.synchronous = NORMAL; PRAGMA rollups.secure_delete = OFF"
            )
        }
        return configuration
    }
}
