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

    /// The folder that a file is in, or would be.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Copies a file into a new one that only its owner may read.
    static func copy(_ path: String, to target: String) throws(EventLogError) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw failure(path) }
        defer { close(source) }
        remove(target)
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(target) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, into: &buffer)
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return }
            try write(buffer.prefix(count), to: descriptor, path)
        }
    }

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
            try write(content[...], to: descriptor, path)
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
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 64 * 1024))
        while content.count < limit {
            let count = read(descriptor, into: &buffer)
            guard count >= 0 else { throw failure(path) }
            if count == 0 { break }
            content += buffer.prefix(count)
        }
        return Array(content.prefix(limit))
    }

    private static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
        buffer.withUnsafeMutableBytes {
            #if canImport(Glibc)
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, $0.baseAddress, $0.count)
            #else
                Darwin.read(descriptor, $0.baseAddress, $0.count)
            #endif
        }
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String
    ) throws(EventLogError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                #if canImport(Glibc)
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, $0.baseAddress, $0.count)
                #else
                    Darwin.write(descriptor, $0.baseAddress, $0.count)
                #endif
            }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func failure(_ path: String) -> EventLogError {
        .notWritable(path: path, reason: String(cString: strerror(errno)))
    }
}
