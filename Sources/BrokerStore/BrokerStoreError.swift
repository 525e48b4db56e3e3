import GRDB

/// Why the broker's store can't be opened.
public enum BrokerStoreError: Error, Sendable, Hashable {
    /// The folder or the file can't be written.
    case notWritable(path: String, reason: String)
    /// The file was written by a newer version of this program.
    case newerVersion(path: String, found: Int, supported: Int)
    /// The file is damaged, of another kind, or can't be read. `open` sets such a file aside.
    case unusable(reason: String)
    /// The file could not be read, which may pass. `open` tries again before it takes the file for unusable.
    case failing(reason: String)
    /// The disk or SQLite failed, though not in reading the file. `open` tries again, and leaves the file where it is.
    case storage(String)
}

extension BrokerStoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notWritable(let path, let reason): "\(path) can't be written: \(reason)"
        case .newerVersion(let path, let found, let supported):
            """
            \(path) has format \(found), written by a newer version; this one reads up to format \(supported). Install the \
            newer version again, or put the copy that the upgrade kept, named \(path).format-\(supported), in its place
            """
        case .unusable(let reason), .failing(let reason): reason
        case .storage(let reason): "the broker's store can't be used: \(reason)"
        }
    }
}

extension BrokerStoreError {
    /// SQLITE_IOERR_READ, _SHORT_READ, _DATA and _CORRUPTFS (sqlite.org/rescode.html).
    private static let readFailures: Set<Int32> = [266, 522, 8202, 8458]

    /// What a failure while opening means.
    init(_ error: any Error, path: String) {
        if let error = error as? BrokerStoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .unusable(reason: "it can't be read: \(error)")
            return
        }
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_PERM, .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH:
            self = .unusable(reason: error.reason)
        case .SQLITE_IOERR where Self.readFailures.contains(error.extendedResultCode.rawValue):
            self = .failing(reason: error.reason)
        // A disk that takes nothing says nothing against the file.
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_FULL: self = .storage(error.reason)
        case .SQLITE_READONLY: self = .notWritable(path: path, reason: error.reason)
        default: self = .storage(error.reason)
        }
    }
}

extension DatabaseError {
    /// SQLite's words and its code, without the statement and its values.
    var reason: String { "\(message ?? "unknown error") (SQLite error \(extendedResultCode.rawValue))" }
}
