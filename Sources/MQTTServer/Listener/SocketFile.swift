#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file of a Unix domain socket.
enum SocketFile {
    enum Problem: Error, CustomStringConvertible {
        case inUse
        case notASocket
        case system(Int32)

        var description: String {
            switch self {
            case .inUse: "another process listens there"
            case .notASocket: "there is a file that is not a socket"
            case .system(let code): String(cString: strerror(code))
            }
        }
    }

    /// Removes a socket that an earlier process has left behind. Anything else at `path` is left alone and thrown as a
    /// `Problem`.
    static func clear(_ path: String) throws(Problem) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket }
        guard !isAlive(path) else { throw .inUse }
        guard unlink(path) == 0 else { throw .system(errno) }
    }

    /// Lets the owner and the group connect, and nobody else.
    static func restrict(_ path: String) throws(Problem) {
        guard chmod(path, 0o660) == 0 else { throw .system(errno) }
    }

    static func remove(_ path: String) {
        unlink(path)
    }

    /// Whether somebody takes connections there.
    private static func isAlive(_ path: String) -> Bool {
        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Only a refusal shows that nobody is there; a full backlog or a missing right does not.
        return result == 0 || errno != ECONNREFUSED
    }
}
