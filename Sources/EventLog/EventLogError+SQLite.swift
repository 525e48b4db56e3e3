import GRDB

extension EventLogError {
    /// What a failure means for the user of the log at a path.
    init(_ error: any Error, path: String) {
        if let error = error as? EventLogError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .storage(String(describing: error))
            return
        }
        switch error.resultCode {
        case .SQLITE_NOTADB: self = .notAnEventLog(path: path)
        case .SQLITE_CORRUPT: self = .corrupt(error.reason)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: self = .notWritable(path: path, reason: error.reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path: path)
        case .SQLITE_MISUSE: self = .closed
        default: self = .storage(error.reason)
        }
    }
}

extension AppendError {
    static func storage(_ error: any Error) -> AppendError {
        switch error {
        case let error as DatabaseError: .storage(error.reason)
        default: .storage(String(describing: error))
        }
    }
}

extension EventLogError {
    /// Whether an error means that the file itself is damaged, which no free space and no retry alone mends.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError: error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
        case EventLogError.corrupt: true
        default: false
        }
    }
}

extension DatabaseError {
    /// SQLite's words and its code, without the statement.
    fileprivate var reason: String { "\(message ?? "unknown error") (SQLite error \(extendedResultCode.rawValue))" }
}
