import GRDB

/// Another small file of the service that a backup keeps with the log.
public struct KeptFile: Sendable, Hashable {
    /// Its name in the data folder, without any `/`.
    public var name: String
    public var content: [UInt8]

    public init(name: String, content: [UInt8]) {
        self.name = name
        self.content = content
    }
}

/// What a backup holds.
public struct BackupReport: Sendable, Hashable {
    /// The end of the log in the backup: every event that was acknowledged up to there is in it.
    public var head: LogHead
    /// Its size.
    public var bytes: Int64
}

extension EventLog {
    /// Copies the log in a file, which may be in use by another process, into a new file: a log of its own that
    /// ``verify(file:against:progress:)`` checks and ``restore(backup:into:replacing:progress:)`` puts back.
    ///
    /// The copy gets its name when it is complete and on disk. It holds what was committed up to its last moment. `files`
    /// are kept in a table of their own. Only its owner may read it. A file that has the name already is replaced then.
    /// Blocks the calling thread, for long on a long log.
    ///
    /// Throws if there is no log, or the copy can't be written; then none is left behind.
    public static func backUp(
        file: String, to target: String, keeping files: [KeptFile] = [], progress: ((BackupProgress) -> Void)? = nil
    ) throws(EventLogError) -> BackupReport {
        let source = try LogReader(file: file)
        defer { source.close() }
        let partial = target + ".partial"
        Files.remove(partial)
        do {
            try Files.create(partial, content: [], in: Files.folder(of: target))
            let copy = try LogConnection.openCopy(path: partial)
            let head = try copy.writeWithoutTransaction { database in
                try LogSchema.create(database, created: 0)
                try Attachments.write(files, to: database)
                var copier = try LogCopier(from: source, to: database, progress: progress)
                return try copier.run()
            }
            try copy.close()
            // SQLite was told not to wait for the disk while it wrote: this waits once for everything.
            try Files.sync(partial)
            let bytes = Files.size(partial)
            try Files.move(partial, to: target, in: Files.folder(of: target))
            return BackupReport(head: head, bytes: bytes)
        } catch {
            for leftover in [partial, partial + "-journal"] { Files.remove(leftover) }
            throw EventLogError(error, path: target)
        }
    }

    /// Puts the log of a backup into a folder as its `events.db`, after checking that it is whole, and returns the other
    /// files that the backup kept. Nobody may have the folder's log open.
    ///
    /// With `replacing`, a log that is there stays beside it as `events.db.replaced`. Whatever interrupts this, the folder
    /// has the old log or the new one, or none yet; never a mixture.
    ///
    /// Throws if the backup is not whole, or the folder has a log and `replacing` is not set.
    public static func restore(
        backup: String, into directory: String, replacing: Bool, progress: ((VerificationProgress) -> Void)? = nil
    ) throws(EventLogError) -> (report: VerificationReport, files: [KeptFile]) {
        let path = directory + "/" + LogSchema.fileName
        let lock = try FileLock(path: path + ".lock", for: path)
        defer { withExtendedLifetime(lock) {} }
        guard replacing || !Files.exists(path) else { throw .notWritable(path: path, reason: "it exists") }
        let report = try verify(file: backup, progress: progress)
        guard report.isWhole else { return (report, []) }
        let new = path + ".new"
        do {
            try Files.copy(backup, to: new)
            let queue = try LogConnection.openCopy(path: new)
            let files = try queue.writeWithoutTransaction { database in
                let files = try Attachments.read(from: database)
                try Attachments.drop(from: database)
                return files
            }
            try queue.close()
            try Files.sync(new)
            try setAside(path, in: directory)
            try Files.move(new, to: path, in: directory)
            return (report, files)
        } catch {
            Files.remove(new)
            throw EventLogError(error, path: path)
        }
    }

    /// Gives the files of the old log other names. The write-ahead log goes first: left behind alone, it would be taken for
    /// that of the new log.
    private static func setAside(_ path: String, in directory: String) throws(EventLogError) {
        Files.remove(path + "-shm")
        for suffix in ["-wal", ""] {
            let old = path + ".replaced" + suffix
            Files.remove(old)
            if Files.exists(path + suffix) { try Files.move(path + suffix, to: old, in: directory) }
        }
    }
}

/// The table of a backup with the other files of the service.
private enum Attachments {
    static func write(_ files: [KeptFile], to database: Database) throws {
        try database.execute(sql: "CREATE TABLE kept_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT")
        for file in files {
            try database.execute(
                sql: "INSERT INTO kept_file VALUES (?, ?)", arguments: [file.name, Blob(file.content)])
        }
    }

    static func read(from database: Database) throws -> [KeptFile] {
        guard try database.tableExists("kept_file") else { return [] }
        return try Row.fetchAll(database, sql: "SELECT name, content FROM kept_file ORDER BY name").map { row in
            let content: Blob = row[1]
            return KeptFile(name: row[0], content: content.bytes)
        }
    }

    static func drop(from database: Database) throws {
        try database.execute(sql: "DROP TABLE IF EXISTS kept_file")
    }
}
