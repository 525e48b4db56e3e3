import GRDB
import GRDBSQLite

import struct Foundation.Data

/// Bytes in a column, read straight into an array.
struct Blob: DatabaseValueConvertible, StatementColumnConvertible {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    init?(sqliteStatement: SQLiteStatement, index: CInt) {
        guard let start = sqlite3_column_blob(sqliteStatement, index) else {
            // SQLite has no address for a blob of no bytes.
            guard sqlite3_column_type(sqliteStatement, index) == SQLITE_BLOB else { return nil }
            bytes = []
            return
        }
        let count = Int(sqlite3_column_bytes(sqliteStatement, index))
        bytes = [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Blob? {
        Data.fromDatabaseValue(value).map { Blob([UInt8]($0)) }
    }
}
