import GRDB

/// How connections to `events.db` are made.
enum LogConnection {
    /// Opens the only connection that writes, and makes the file if there is none.
    static func openWriter(
        directory: String, created: Int64, options: EventLogOptions
    ) throws(EventLogError) -> DatabaseQueue {
        let path = directory + "/" + LogSchema.fileName
        do {
            if !Files.exists(path) { try createFile(at: path, in: directory, created: created) }
            var configuration = configuration(cacheKiB: 16 * 1024)
            // The writer begins and ends its transactions itself.
            configuration.allowsUnsafeTransactions = true
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw EventLogError(error, path: path)
        }
    }

    /// Makes the file under another name first: whatever interrupts that, a file with the final name is complete.
    private static func createFile(at path: String, in directory: String, created: Int64) throws {
        let new = path + ".new"
        for leftover in [new, new + "-journal", new + "-wal"] { Files.remove(leftover) }
        let queue = try DatabaseQueue(path: new, configuration: configuration(cacheKiB: 2048))
        try queue.writeWithoutTransaction { try LogSchema.create($0, created: created) }
        try queue.close()
        try Files.move(new, to: path, in: directory)
    }

    /// Opens a file that nobody else knows yet, for a copy of a log. Nothing waits for the disk: whoever makes the copy does,
    /// once, at the end.
    static func openCopy(path: String) throws -> DatabaseQueue {
        var configuration = configuration(cacheKiB: 16 * 1024)
        configuration.allowsUnsafeTransactions = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        }
        return queue
    }

    /// Sets the writing connection up, and reads back what promises rest on.
    static func setUpWriter(_ database: Database, path: String) throws {
        try LogSchema.check(database, path: path)
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw EventLogError.notWritable(
                path: path, reason: "it can't use a write-ahead log, but \(mode ?? "nothing")")
        }
        // Set last and read back: GRDB sets NORMAL for some of its connections, and then a power loss would take
        // acknowledged events along.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
        guard synchronous == 2 else {
            throw EventLogError.storage("PRAGMA synchronous is \(synchronous) instead of 2 (FULL)")
        }
        // What is deleted is overwritten where that costs no further page; erasing asks for more.
        try database.execute(sql: "PRAGMA secure_delete = FAST")
        // The writer checkpoints when it suits it, after the results are out.
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        try database.execute(sql: "PRAGMA journal_size_limit = \(64 * 1024 * 1024)")
    }

    /// Opens a small pool of connections that can't write. `immutable` is for a file that nobody else has open, in a folder
    /// that may be read-only: nothing is created beside it.
    static func openReaders(
        path: String, count: Int, immutable: Bool = false
    ) throws(EventLogError) -> DatabasePool {
        var configuration = configuration(cacheKiB: 2048)
        configuration.readonly = true
        configuration.maximumReaderCount = max(count, 1)
        do {
            return try DatabasePool(path: immutable ? immutableURI(path) : path, configuration: configuration)
        } catch {
            throw EventLogError(error, path: path)
        }
    }

    private static func immutableURI(_ path: String) -> String {
        var uri = "file:"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "%"): uri += "%25"
            case UInt8(ascii: "?"): uri += "%3f"
            case UInt8(ascii: "#"): uri += "%23"
            default: uri.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return uri + "?immutable=1"
    }

    private static func configuration(cacheKiB: Int) -> Configuration {
        var configuration = Configuration()
        configuration.label = "EventLog"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA mmap_size = 0;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cache_size = -\(cacheKiB);
                    """)
        }
        return configuration
    }
}
