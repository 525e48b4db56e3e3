#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The few things that are asked of the file system itself.
package enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The size in bytes; 0 if there is no such file.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    static func remove(_ path: String) { unlink(path) }

    /// Gives a file its final name, and makes that last through a power loss.
    package static func move(_ path: String, to target: String, in directory: String) throws(EventLogError) {
        guard rename(path, target) == 0 else {
            throw .notWritable(path: target, reason: String(cString: strerror(errno)))
        }
        try sync(directory)
    }

    /// Returns once what a file or folder holds is on disk.
    static func sync(_ path: String) throws(EventLogError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    /// Makes a file that only its owner may read, and that is either complete or not there.
    static func create(_ path: String, content: [UInt8], in directory: String) throws(EventLogError) {
        let new = path + ".new"
        remove(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        do throws(EventLogError) {
            defer { close(descriptor) }
            var rest = content[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { throw failure(path) }
                rest = rest.dropFirst(count)
            }
            guard fsync(descriptor) == 0 else { throw failure(path) }
        } catch {
            remove(new)
            throw error
        }
        try move(new, to: path, in: directory)
    }

    /// What a file holds, at most this many bytes.
    static func read(_ path: String, atMost limit: Int) throws(EventLogError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let more = bytes.withUnsafeMutableBytes {
                #if canImport(Glibc)
                    Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), limit - count)
                #elseif canImport(Musl)
                    Musl.read(descriptor, $0.baseAddress?.advanced(by: count), limit - count)
                #else
                    Darwin.read(descriptor, $0.baseAddress?.advanced(by: count), limit - count)
                #endif
            }
            guard more >= 0 else { throw failure(path) }
            if more == 0 { break }
            count += more
        }
        return Array(bytes.prefix(count))
    }

    private static func failure(_ path: String) -> EventLogError {
        .notWritable(path: path, reason: String(cString: strerror(errno)))
    }
}
