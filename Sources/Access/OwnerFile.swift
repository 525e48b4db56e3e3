public import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file with secrets, which at no time anyone but its owner may read.
public enum OwnerFile {
    /// Writes the file so that afterwards, also after a power loss, either the old one or the new one is there.
    /// - Parameter mode: who may read it; its owner alone unless it holds no secret.
    /// - Returns: false if it can't be written; then it is the old one.
    public static func replace(_ path: String, with data: Data, mode: mode_t = 0o600) -> Bool {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { return false }
        // What the administrator writes is the service's to read, which runs as a user of its own.
        giveToOwner(ofFolder: path, file)
        let isWritten = data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return fsync(file) == 0
        }
        close(file)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        // The new name lasts when the folder is on disk.
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        return fsync(folder) == 0
    }

    /// Makes an open file the property of whoever owns the folder that it lies in, where that is another user: if root
    /// works on the data of a service. Without the right to do so the file stays as it is.
    static func giveToOwner(ofFolder path: String, _ file: Int32) {
        guard let owner = foreignOwner(of: (path as NSString).deletingLastPathComponent) else { return }
        _ = fchown(file, owner.user, owner.group)
    }

    /// The same for what root has made in `folder`, by its name. Links of either kind are left alone: the owner may have
    /// put them there to be given a file from elsewhere.
    public static func give(_ names: [String], toOwnerOf folder: String) {
        guard let owner = foreignOwner(of: folder) else { return }
        for name in names {
            let file = open(folder + "/" + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var found = stat()
            guard fstat(file, &found) == 0, found.st_uid == 0 else { continue }
            let kind = found.st_mode & S_IFMT
            if kind == S_IFDIR || kind == S_IFREG && found.st_nlink == 1 { _ = fchown(file, owner.user, owner.group) }
        }
    }

    private static func foreignOwner(of folder: String) -> (user: uid_t, group: gid_t)? {
        var found = stat()
        guard geteuid() == 0, stat(folder, &found) == 0, found.st_uid != 0 else { return nil }
        return (found.st_uid, found.st_gid)
    }
}
