#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps a second writer out, in this process or another, for as long as it exists. Two connections that write and
/// checkpoint at the same moment can corrupt a write-ahead log (SQLite before 3.51.3).
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock on a file of its own; never on the database, whose locks SQLite loses when another descriptor of it
    /// is closed.
    init(path: String, for database: String) throws(EventLogError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .notWritable(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            close(descriptor)
            guard error != EWOULDBLOCK else { throw .inUse(path: database) }
            throw .storage("\(path) can't be locked: \(String(cString: strerror(error)))")
        }
    }

    deinit { close(descriptor) }
}
