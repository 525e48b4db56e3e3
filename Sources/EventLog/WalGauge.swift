import GRDB
import GRDBSQLite

/// How many pages the write-ahead log has, as SQLite says after each commit. It replaces SQLite's automatic checkpoint, which
/// would run inside the commit and make the acknowledgements wait for it.
final class WalGauge {
    private let storage = UnsafeMutablePointer<CInt>.allocate(capacity: 1)

    /// Must be released only after the connection was closed, or ``remove(from:)`` was called.
    init(_ database: Database) {
        storage.initialize(to: 0)
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: CInt.self).pointee = pages
                return SQLITE_OK
            }, storage)
    }

    deinit { storage.deallocate() }

    var pages: Int { Int(storage.pointee) }

    func remove(from database: Database) {
        sqlite3_wal_hook(database.sqliteConnection, nil, nil)
    }
}
