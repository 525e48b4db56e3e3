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
        /// Of the file; the first versions did not write it. What a newer one has more would be lost by writing it back.
        var format: Int? = AccessFile.format
    }

    /// Which file this version writes; it reads those up to it.
    static let format = 1

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
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw .unreadable(path) }
        let format = try? JSONDecoder().decode(Version.self, from: data).format
        if let format, format > Self.format {
            throw .newer(path, found: format, supported: Self.format)
        }
        guard var content = try? JSONDecoder().decode(Content.self, from: data) else { throw .unreadable(path) }
        content.format = Self.format
        return content
    }

    private struct Version: Decodable {
        var format: Int
    }

    /// Reads, changes and writes the file while nobody else does. What `body` throws leaves it as it was.
    func change<Value>(_ body: (inout Content) throws(AccessError) -> Value) throws(AccessError) -> (Value, Content) {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            if lock >= 0 { close(lock) }
            throw .unwritable(path)
        }
        defer { close(lock) }
        OwnerFile.giveToOwner(ofFolder: path, lock)
        var content = try read()
        let before = content
        let value = try body(&content)
        if content != before { try write(content) }
        return (value, content)
    }

    private func write(_ content: Content) throws(AccessError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(content), OwnerFile.replace(path, with: data) else {
            throw .unwritable(path)
        }
    }
}
