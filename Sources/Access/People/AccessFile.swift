import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// `access.json` of the data folder: people, tokens and the sessions of browsers. The service and the command line may
/// both change it: each change is made under a lock, on what is in the file at that time.
struct AccessFile: Sendable {
    /// What the file holds.
    struct Content: Sendable, Hashable, Codable {
        var people: [Person] = []
        var tokens: [APIToken] = []
        var sessions: [BrowserSession] = []
    }

    /// Tells one state of the file from another.
    struct Stamp: Sendable, Hashable {
        var seconds: Int
        var nanoseconds: Int
        var size: Int
        var inode: UInt64
    }

    let path: String

    init(folder: String) { path = folder + "/access.json" }

    /// `nil` if there is no file.
    var stamp: Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return Stamp(
            seconds: time.tv_sec, nanoseconds: time.tv_nsec, size: Int(status.st_size), inode: UInt64(status.st_ino))
    }

    /// A missing file is an empty one.
    func read() throws(AccessError) -> Content {
        guard FileManager.default.fileExists(atPath: path) else { return Content() }
        do {
            return try JSONDecoder().decode(Content.self, from: Data(contentsOf: URL(filePath: path)))
        } catch { throw .unreadable(path) }
    }

    /// Reads, changes and writes the file while nobody else does. What `body` throws leaves it as it was.
    func change<Value>(_ body: (inout Content) throws(AccessError) -> Value) throws(AccessError) -> (Value, Content) {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            if lock >= 0 { close(lock) }
            throw .unwritable(path)
        }
        defer { close(lock) }
        var content = try read()
        let before = content
        let value = try body(&content)
        if content != before { try write(content) }
        return (value, content)
    }

    /// Either the old file or the new one is there afterwards, readable by its owner only.
    private func write(_ content: Content) throws(AccessError) {
        let temporary = path + ".new"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(content) else { throw .unwritable(path) }
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(path) }
        let isWritten = data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = systemWrite(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return fsync(file) == 0
        }
        close(file)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw .unwritable(path)
        }
    }
}

/// `write(2)`, which the method of the same name would hide.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
