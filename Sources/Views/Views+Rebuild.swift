public import EventLog
import FoundationEssentials
import GRDB
public import Logging
import Synchronization

extension Views {
    /// The names of the views that can be rebuilt by themselves.
    public static var names: [String] { ProjectionName.allCases.map(\.rawValue) }

    /// Builds views anew from the log, all or only those named, beside those that are there, and puts them in their place
    /// at once when they are whole: whatever interrupts that, the ones before stay. Nobody else may have them open.
    ///
    /// Nothing but the files changes: no message and no command comes of events that are read again. Of roll-ups, those
    /// that a pruned log can't tell again are taken over.
    ///
    /// `progress` is told the position and the head after each page. Throws a `ViewsError` if the files can't be written,
    /// or if a view can't apply an event.
    public static func rebuild(
        _ names: [String]? = nil, directory: String, log: EventLog, logger: Logger,
        progress: (@Sendable (_ position: Int64, _ head: Int64) -> Void)? = nil
    ) async throws {
        let old = ViewsFile(directory: directory)
        let new = try await build(names, beside: old, log: log, logger: logger, progress: progress)
        do {
            try old.replace(with: new)
        } catch {
            throw discard(new, because: error)
        }
    }

    /// The same while these views are in use: who asks meanwhile gets the old ones, and during the moment of the exchange
    /// waits. Throws ``ViewsError/busy`` if a rebuild is under way.
    public func rebuild(
        _ names: [String]? = nil, progress: (@Sendable (_ position: Int64, _ head: Int64) -> Void)? = nil
    ) async throws {
        try isRebuilding.withLock { isRebuilding in
            guard !isRebuilding else { throw ViewsError.busy }
            isRebuilding = true
        }
        defer { isRebuilding.withLock { $0 = false } }
        let new = try await Views.build(names, beside: files, log: log, logger: logger, progress: progress)
        do {
            try await gate.exchange { old in
                try old.close()
                try files.replace(with: new)
                guard let pool = try files.open(for: log) else { throw ViewsError.storage("they don't fit the log") }
                try await start(pool)
                return pool
            }
        } catch {
            throw Views.discard(new, because: error)
        }
    }

    /// Whatever happens from now on, the next start builds the views anew instead of using these.
    public func condemn() async throws {
        try await gate.use { try await $0.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 0") } }
    }

    /// Goes on with new tables, and brings them to where the old ones were, so that the position never goes back.
    private func start(_ pool: DatabasePool) async throws {
        startAnew(try await pool.read { try Projector($0) })
        while let projected, projected < position() { try await applyPage(pool) }
        if let projected { head.publish(projected) }
    }

    /// Builds views beside those that are there.
    private static func build(
        _ names: [String]?, beside old: ViewsFile, log: EventLog, logger: Logger,
        progress: (@Sendable (_ position: Int64, _ head: Int64) -> Void)?
    ) async throws -> ViewsFile {
        let wanted = try ProjectionName.allCases.filter { name in
            guard let names else { return true }
            guard names.allSatisfy({ ProjectionName(rawValue: $0) != nil }) else {
                throw ViewsError.unknownView(names.first { ProjectionName(rawValue: $0) == nil } ?? "")
            }
            return names.contains(name.rawValue)
        }
        let rollups = RollupsFile(directory: old.directory, name: "rollups-new.db")
        let new = ViewsFile(directory: old.directory, name: "views-new.db", rollups: rollups)
        try new.delete()
        do {
            try prepare(new, from: old, keeping: ProjectionName.allCases.filter { !wanted.contains($0) }, log, logger)
            let views = try Views.open(new, log: log, logger: logger)
            try await views.catchUp(progress: progress)
            let failure = views.failure()
            try views.close()
            if let failure { throw ViewsError.storage(failure) }
            return new
        } catch {
            throw discard(new, because: error)
        }
    }

    /// Removes files that were begun in vain. Returns why, in the words of the views.
    private static func discard(_ new: ViewsFile, because error: any Error) -> any Error {
        try? new.delete()
        try? new.rollups.delete()
        if let error = error as? DatabaseError { return ViewsError.storage("\(error)") }
        return error
    }

    /// Makes the files that the views are built in, with what is not built anew.
    private static func prepare(
        _ new: ViewsFile, from old: ViewsFile, keeping kept: [ProjectionName], _ log: EventLog, _ logger: Logger
    ) throws {
        if kept.contains(.rollups) {
            try old.rollups.prepare(for: log, logger: logger)
            try new.rollups.copy(old.rollups)
        } else {
            try new.rollups.rebuild(from: old.rollups, log: log, logger: logger)
        }
        let pool = try new.create(for: log)
        defer { try? pool.close() }
        let tables = kept.filter { $0.schema == "main" }
        guard !tables.isEmpty, let source = try old.open(for: log) else { return }
        try source.close()
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "ATTACH DATABASE ? AS old", arguments: [old.path])
            try database.inTransaction {
                for name in tables { try copy(name, database) }
                return .commit
            }
            try database.execute(sql: "DETACH DATABASE old")
        }
    }

    private static func copy(_ name: ProjectionName, _ database: Database) throws {
        for table in name.tables where table != "search_index" {
            try database.execute(sql: "INSERT INTO main.\(table) SELECT * FROM old.\(table)")
        }
        if name == .events { try EventIndex.fillIndex(database) }
        try database.execute(
            sql: "INSERT INTO main.checkpoint SELECT * FROM old.checkpoint WHERE name = ?", arguments: [name.rawValue])
    }
}

extension ViewsFile {
    /// Puts the files of another pair in the place of these. Each is replaced at once, and each has its own checkpoints, so
    /// that the two need not be replaced together.
    fileprivate func replace(with new: ViewsFile) throws {
        try ViewsFile.move(new.rollups.path, to: rollups.path, in: directory)
        try ViewsFile.move(new.path, to: path, in: directory)
    }

    private static func move(_ source: String, to target: String, in directory: String) throws {
        // What a write-ahead log still has goes into its file: SQLite would apply one that is left to the file that comes.
        for path in [source, target] where FileManager.default.fileExists(atPath: path) {
            do {
                let queue = try DatabaseQueue(path: path)
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                try queue.close()
            } catch let error as DatabaseError where path == target && isDamage(error) {}
        }
        for suffix in suffixes.dropFirst() where FileManager.default.fileExists(atPath: target + suffix) {
            try FileManager.default.removeItem(atPath: target + suffix)
        }
        try Files.move(source, to: target, in: directory)
    }
}
