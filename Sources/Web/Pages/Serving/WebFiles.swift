import Foundation
public import NIOCore

/// The files of `web/`: templates, static files and locales. They are part of the binary; a folder can take their place,
/// so that they can be edited without a build.
public struct WebFiles: Sendable {
    /// One file.
    public struct File: Sendable {
        public let content: ByteBuffer
        /// A short hash of the content for URLs and ETags; it tells versions apart and protects nothing.
        public let hash: String

        init(_ bytes: some Collection<UInt8>) {
            content = ByteBuffer(bytes: bytes)
            hash = WebFiles.hash(of: bytes)
        }
    }

    /// The files as they were at build time.
    public static let embedded = WebFiles(files: embeddedFiles())

    private let files: [String: File]
    private let folder: String?

    /// Changes whenever any file changes; `live` when the files are read from a folder.
    public let version: String

    private init(files: [String: File]) {
        self.files = files
        folder = nil
        let list = files.keys.sorted().map { "\($0) \(files[$0]?.hash ?? "")" }.joined(separator: "\n")
        version = WebFiles.hash(of: Array(list.utf8))
    }

    /// Reads every file from this folder when it is asked for.
    public init(folder: String) {
        files = [:]
        self.folder = folder
        version = "live"
    }

    /// Whether the files may change while the service runs.
    public var areEditable: Bool { folder != nil }

    /// The file at a path relative to `web/`, for example `static/style.css`; `nil` if there is none.
    public func file(_ path: String) -> File? {
        guard let folder else { return files[path] }
        let isInside = path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.hasPrefix(".")
        }
        guard isInside, let data = FileManager.default.contents(atPath: folder + "/" + path) else { return nil }
        return File(data)
    }

    /// The paths of the files directly in a subfolder of `web/`, sorted.
    public func paths(in subfolder: String) -> [String] {
        guard let folder else {
            return files.keys.filter {
                $0.hasPrefix(subfolder + "/") && !$0.dropFirst(subfolder.count + 1).contains("/")
            }
            .sorted()
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + subfolder)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted().map { subfolder + "/" + $0 }
    }

    private static func embeddedFiles() -> [String: File] {
        var files: [String: File] = [:]
        for file in EmbeddedWebFiles.files {
            files[file.path.description] = File(Data(base64Encoded: file.base64.description) ?? Data())
        }
        return files
    }

    /// FNV-1a, 64 bits.
    private static func hash(of bytes: some Collection<UInt8>) -> String {
        let value = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 36)
        return String(repeating: "0", count: max(0, 13 - digits.count)) + digits
    }
}
