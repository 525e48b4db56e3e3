#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The few things that are asked of the file system itself.
enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The size in bytes; 0 if there is no such file.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    static func remove(_ path: String) { unlink(path) }

    /// Gives a file its final name, and makes that last through a power loss.
    static func move(_ path: String, to target: String, in directory: String) throws(EventLogError) {
        guard rename(path, target) == 0 else {
            throw .notWritable(path: target, reason: String(cString: strerror(errno)))
        }
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .notWritable(path: directory, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .notWritable(path: directory, reason: String(cString: strerror(errno)))
        }
    }
}
