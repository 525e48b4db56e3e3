package import GRDB
import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A statement of GRDB's that is bound, stepped and read through SQLite's C interface.
///
/// Only what decides the speed of the log and of rebuilding the views uses it: a row costs 5.2 µs
/// this way and 6.3 µs with GRDB's arguments (SQLite 3.40, 300 bytes a row, two unique indexes).
package struct HotStatement {
    /// Owns the handle.
    private let statement: Statement
    private let handle: SQLiteStatement
    private let connection: SQLiteConnection

    /// The connection keeps the statement and gives the same one for the same text, unless it is to be `own`: then it may
    /// run while others of the same text do.
    package init(_ database: Database, sql: String, own: Bool = false) throws {
        guard let connection = database.sqliteConnection else { throw EventLogError.closed }
        statement = try own ? database.makeStatement(sql: sql) : database.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        self.connection = connection
        reset()
    }

    /// Makes the statement ready for its next run.
    package func reset() {
        sqlite3_reset(handle)
    }

    package func bind(_ value: Int64, at index: Int32) {
        sqlite3_bind_int64(handle, index, value)
    }

    package func bind(_ value: Double, at index: Int32) {
        sqlite3_bind_double(handle, index, value)
    }

    package func bindNull(at index: Int32) {
        sqlite3_bind_null(handle, index)
    }

    /// Binds bytes without copying them: they must stay where they are until the statement was stepped.
    package func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
        // The length fits: the log refuses events above a bound far below 2 GiB.
        sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(clamping: bytes.count), nil)
    }

    /// Binds a text, of which SQLite makes its own copy.
    package func bind(_ text: String, at index: Int32) {
        var text = text
        text.withUTF8 {
            _ = $0.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(handle, index, $0.baseAddress, Int32(clamping: $0.count), HotStatement.transient)
            }
        }
    }

    /// Binds the value in a column of another statement's row, whatever it is.
    func bindColumn(_ column: Int32, of row: HotStatement, at index: Int32) {
        sqlite3_bind_value(handle, index, sqlite3_column_value(row.handle, column))
    }

    /// SQLITE_TRANSIENT, a cast that the C header's macro doesn't carry over.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Runs to the next row; `false` at the end.
    package func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
                message: String(cString: sqlite3_errmsg(connection)))
            reset()
            throw error
        }
    }

    /// The rows that the last insert, update or delete changed.
    package var changes: Int { Int(sqlite3_changes(connection)) }

    package func integer(at index: Int32) -> Int64 { sqlite3_column_int64(handle, index) }

    package func isNull(at index: Int32) -> Bool { sqlite3_column_type(handle, index) == SQLITE_NULL }

    package func bytes(at index: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, index) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
    }

    package func double(at index: Int32) -> Double { sqlite3_column_double(handle, index) }

    /// The bytes in a column where SQLite has them: they are there until the next step or reset.
    func rawBytes(at index: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: sqlite3_column_blob(handle, index), count: Int(sqlite3_column_bytes(handle, index)))
    }

    /// Runs a statement that gives no rows, and makes it ready again.
    package func run() throws {
        while try step() {}
        reset()
    }

    /// The id in a column, or `nil` if it doesn't have 16 bytes.
    func id(at index: Int32) -> EventID? {
        guard let start = sqlite3_column_blob(handle, index), sqlite3_column_bytes(handle, index) == 16 else {
            return nil
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: 16)
        return EventID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Whether a text column contains a text, compared byte by byte.
    package func contains(_ needle: String, at index: Int32) -> Bool {
        guard let start = sqlite3_column_text(handle, index) else { return false }
        var text = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
        var needle = needle
        return needle.withUTF8 { needle in
            guard let wanted = needle.baseAddress, let first = needle.first else { return true }
            while text.count >= needle.count, let base = text.baseAddress,
                let place = memchr(base, Int32(first), text.count - needle.count + 1)
            {
                if memcmp(place, wanted, needle.count) == 0 { return true }
                text = UnsafeRawBufferPointer(rebasing: text.dropFirst(base.distance(to: UnsafeRawPointer(place)) + 1))
            }
            return false
        }
    }

    package func text(at index: Int32) -> String? {
        guard let start = sqlite3_column_text(handle, index) else { return nil }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension EventID {
    /// Gives the id's 16 bytes.
    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }
}
