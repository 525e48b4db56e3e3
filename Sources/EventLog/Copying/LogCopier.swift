import GRDB

/// Copies a log that goes on while it is copied into a new file.
///
/// It reads some thousand events at a time, in a transaction each, so that the write-ahead log of the original can start over
/// meanwhile. That is enough because the log only grows: an event that was copied doesn't change any more. The two exceptions
/// are looked for at the end, in one transaction with the last events and the heads: what was pruned meanwhile goes from the
/// copy as well, and when an actor was erased, everything is copied anew.
struct LogCopier {
    private let source: LogReader
    private let target: Database
    private let insert: HotStatement
    private let progress: ((BackupProgress) -> Void)?
    private var symbols: [Int64: String] = [:]
    private var position: Int64 = 0

    private static let pageSize = 4000
    private static let attempts = 5
    private static let columns = EventDecoder.verificationColumns
    private static let columnCount: Int32 = 18

    init(from source: LogReader, to target: Database, progress: ((BackupProgress) -> Void)?) throws {
        self.source = source
        self.target = target
        self.progress = progress
        let values = (1...LogCopier.columnCount).map { "?\($0)" }.joined(separator: ", ")
        insert = try HotStatement(target, sql: "INSERT INTO event (\(LogCopier.columns)) VALUES (\(values))")
    }

    /// Copies everything up to the head that the log has at the end, and returns that head.
    mutating func run() throws -> LogHead {
        for _ in 0..<LogCopier.attempts {
            if let head = try copy() { return head }
            try target.execute(sql: "DELETE FROM event")
            position = 0
        }
        throw EventLogError.storage("actors are erased all the time")
    }

    /// Returns `nil` if an actor was erased meanwhile.
    private mutating func copy() throws -> LogHead? {
        symbols = try source.read(LogCopier.symbols)
        while true {
            let last = position
            let (count, head) = try transaction { copier in
                try copier.source.read { database in
                    let identity = try LogSchema.identity(database)
                    return (
                        try copier.copyEvents(from: database, limit: LogCopier.pageSize),
                        try LogSchema.head(database, identity: identity).position
                    )
                }
            }
            progress?(BackupProgress(position: position, head: head))
            if count < LogCopier.pageSize || position == last { break }
        }
        return try transaction { copier in try copier.source.read { try copier.finish($0) } }
    }

    /// What is left, and everything that belongs together with the head.
    private mutating func finish(_ database: Database) throws -> LogHead? {
        while try copyEvents(from: database, limit: LogCopier.pageSize) == LogCopier.pageSize {}
        let now = try LogCopier.symbols(database)
        guard symbols.allSatisfy({ now[$0.key] == $0.value }) else { return nil }
        for table in ["log", "symbol", "stream", "chain"] { try copyTable(table, from: database) }
        try target.execute(
            sql: "DELETE FROM event WHERE chain = 2 AND position <= (SELECT anchor_position FROM chain WHERE id = 2)")
        return try LogSchema.head(database, identity: LogSchema.identity(database))
    }

    private mutating func copyEvents(from database: Database, limit: Int) throws -> Int {
        let rows = try HotStatement(
            database,
            sql: "SELECT \(LogCopier.columns) FROM event WHERE position > ?1 ORDER BY position LIMIT ?2")
        rows.bind(position, at: 1)
        rows.bind(Int64(limit), at: 2)
        defer { rows.reset() }
        var count = 0
        while try rows.step() {
            for column in 0..<LogCopier.columnCount { insert.bindColumn(column, of: rows, at: column + 1) }
            defer { insert.reset() }
            _ = try insert.step()
            position = rows.integer(at: 0)
            count += 1
        }
        return count
    }

    /// A small table as a whole.
    private func copyTable(_ table: String, from database: Database) throws {
        try target.execute(sql: "DELETE FROM \(table)")
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(table)")
        while let row = try rows.next() {
            let marks = Array(repeating: "?", count: row.count).joined(separator: ", ")
            let statement = try target.cachedStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
            try statement.execute(arguments: StatementArguments(row.databaseValues))
        }
    }

    private static func symbols(_ database: Database) throws -> [Int64: String] {
        let rows = try Row.fetchAll(database, sql: "SELECT id, text FROM symbol").map {
            ($0[0] as Int64, $0[1] as String)
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Runs a body in a transaction of the copy.
    private mutating func transaction<Value>(_ body: (inout LogCopier) throws -> Value) throws -> Value {
        try target.execute(sql: "BEGIN IMMEDIATE")
        do {
            let value = try body(&self)
            try target.execute(sql: "COMMIT")
            return value
        } catch {
            if target.isInsideTransaction { try? target.execute(sql: "ROLLBACK") }
            throw error
        }
    }
}

/// How far a backup has come.
public struct BackupProgress: Sendable, Hashable {
    /// The last position that was copied.
    public var position: Int64
    /// The last position that the log has.
    public var head: Int64
}
