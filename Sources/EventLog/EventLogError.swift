/// Why the log can't be opened or read.
public enum EventLogError: Error, Sendable, Hashable {
    /// The folder or the file can't be written.
    case notWritable(path: String, reason: String)
    /// The file is something else than an event log.
    case notAnEventLog(path: String)
    /// The file was written by a newer version of this program.
    case newerVersion(path: String, found: Int, supported: Int)
    /// Somebody else has the log open for writing.
    case inUse(path: String)
    /// The file is damaged; `garage verify` tells more.
    case corrupt(String)
    /// The disk or SQLite failed.
    case storage(String)
    /// The log is closed.
    case closed
}

extension EventLogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notWritable(let path, let reason): "\(path) can't be written: \(reason)"
        case .notAnEventLog(let path): "\(path) is not an event log"
        case .newerVersion(let path, let found, let supported):
            """
            \(path) has format \(found), written by a newer version; this one reads up to format \(supported). Install the \
            newer version again, or go back to a backup of this one with 'garage restore'
            """
        case .inUse(let path): "\(path) is in use by another process"
        case .corrupt(let reason): "the event log is damaged: \(reason)"
        case .storage(let reason): "the event log can't be used: \(reason)"
        case .closed: "the event log is closed"
        }
    }
}
