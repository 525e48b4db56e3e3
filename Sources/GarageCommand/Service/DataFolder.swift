import Access
import Foundation

/// The folder of the service's files, owned by this process while the value lives.
final class DataFolder: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder if it is missing and takes its lock.
    ///
    /// Throws a ``Failure`` if the folder can't be written or another process holds the lock.
    init(path: String) throws {
        self.path = path
        // What is in the folder, its sockets included, is for its owner alone, whatever the shell says.
        umask(0o077)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure("the data folder '\(path)' can't be made: \(DataFolder.systemReason())")
        }
        let lockFile = path + "/garage.lock"
        let descriptor = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure("the data folder '\(path)' can't be written: \(DataFolder.systemReason())")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var holder = [UInt8](repeating: 0, count: 32)
            let count = read(descriptor, &holder, holder.count)
            close(descriptor)
            let process = String(decoding: holder.prefix(max(0, count)), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw Failure(
                "the data folder '\(path)' is in use by another garage process"
                    + (process.isEmpty ? "" : " (pid \(process))"))
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        lock = descriptor
    }

    deinit {
        // What root has made here, a restored log for example, is the service's, which runs as a user of its own.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        OwnerFile.give(names, toOwnerOf: path)
        close(lock)
    }

    private static func systemReason() -> String { String(cString: strerror(errno)) }
}
