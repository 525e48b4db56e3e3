/// Why the outbox can't be used.
public enum OutboxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file was written by a newer version of this program.
    case newerVersion(path: String, found: Int, supported: Int)

    public var description: String {
        switch self {
        case .newerVersion(let path, let found, let supported):
            """
            \(path) has format \(found), written by a newer version; this one reads up to format \(supported). Install the \
            newer version again, or move the file away, and with it the messages that wait
            """
        }
    }
}
