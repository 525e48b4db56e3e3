import Crypto
import Foundation
public import SCRAM

/// The names and password hashes of the devices that may connect, kept in `devices.json` of the data folder.
///
/// Passwords are made by the service with 144 random bits, so one salted SHA-256 protects them as well as a slow hash
/// would, and checking one does not hold up the event loop.
public struct DeviceCredentials: Sendable, Hashable {
    /// One device's entry.
    public struct Entry: Sendable, Hashable, Codable {
        public var name: String
        /// Seconds since 1970.
        public var created: Int64
        /// Topic filters that the device may use beside those that bear its name; `nil` for none.
        public var topics: [String]?
        var salt: Data
        var hash: Data
        /// For logins by SCRAM-SHA-256; `nil` for a device that was added before there were any.
        var scram: ScramVerifier?
        /// Set for the trace of a device that was removed, which has nothing else of it.
        var isRemoved: Bool?
    }

    /// The entries in order of name.
    public private(set) var entries: [Entry]
    private var removed: [Entry]

    public init() {
        entries = []
        removed = []
    }

    /// Reads the file in `folder`; a missing file means no devices. Throws a ``CredentialsError`` if it can't be read.
    public init(folder: String) throws(CredentialsError) {
        let path = Self.path(in: folder)
        guard FileManager.default.fileExists(atPath: path) else {
            entries = []
            removed = []
            return
        }
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw CredentialsError.unreadable(path) }
        if let found = try? JSONDecoder().decode(Version.self, from: data).format, found > Self.format {
            throw CredentialsError.newerVersion(path, found: found, supported: Self.format)
        }
        guard let entries = try? JSONDecoder().decode([Entry].self, from: data) else {
            throw CredentialsError.unreadable(path)
        }
        self.entries = entries.filter { $0.isRemoved != true }
        removed = entries.filter { $0.isRemoved == true }
    }

    /// Which file this version writes: a plain list. A later one names its format in an object around the list.
    private static let format = 1

    private struct Version: Decodable {
        var format: Int
    }

    /// Adds a device and returns its password, which is shown this once and kept only as a hash.
    ///
    /// - Parameter topics: topic filters that it may use beside those that bear its name.
    /// - Throws: ``CredentialsError/exists(_:)`` if the name is taken.
    public mutating func add(
        _ name: String, topics: [String] = [], at seconds: Int64
    ) throws(CredentialsError) -> String {
        guard !entries.contains(where: { $0.name == name }) else { throw CredentialsError.exists(name) }
        let password = Self.randomBytes(18).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_")
        let salt = Self.randomBytes(16)
        entries.append(
            Entry(
                name: name, created: seconds, topics: topics.isEmpty ? nil : topics, salt: salt,
                hash: Self.hash(Data(password.utf8), salt: salt),
                scram: try? ScramVerifier(password: Array(password.utf8), salt: Self.randomBytes(16))))
        entries.sort { $0.name < $1.name }
        return password
    }

    /// Removes a device, and refuses certificates of that name from now on. Throws ``CredentialsError/unknown(_:)`` if there
    /// is none of that name.
    public mutating func remove(_ name: String) throws(CredentialsError) {
        guard let index = entries.firstIndex(where: { $0.name == name }) else { throw CredentialsError.unknown(name) }
        entries.remove(at: index)
        revokeCertificates(of: name)
    }

    /// Refuses certificates of that name from now on, for good: one that is out can't be called back, so that a device
    /// that is to have a certificate again needs another name.
    public mutating func revokeCertificates(of name: String) {
        guard !revoked.contains(name) else { return }
        removed.append(Entry(name: name, created: 0, topics: nil, salt: Data(), hash: Data(), isRemoved: true))
    }

    /// The names of devices that were removed, for which a certificate is no proof any longer.
    public var revoked: Set<String> { Set(removed.map(\.name)) }

    /// Whether the password is that of the named device. Takes as long for a name that does not exist.
    public func verify(name: String, password: [UInt8]) -> Bool {
        let entry = entries.first { $0.name == name }
        let given = Self.hash(Data(password), salt: entry?.salt ?? Data(count: 16))
        let expected = entry?.hash ?? Data(count: 32)
        return ConstantTime.areEqual(given, expected) && entry != nil
    }

    /// What a SCRAM-SHA-256 login of the device is checked against; `nil` for an unknown one, and for one that was
    /// added before there were such logins.
    public func scramVerifier(of name: String) -> ScramVerifier? { entries.first { $0.name == name }?.scram }

    /// Bytes that only the service knows and that stay as long as its oldest device does.
    public var scramSecret: [UInt8] {
        guard let oldest = entries.min(by: { ($0.created, $0.name) < ($1.created, $1.name) }) else {
            return Array(Self.randomBytes(32))
        }
        return Array(
            HMAC<SHA256>.authenticationCode(for: Data("SCRAM".utf8), using: SymmetricKey(data: oldest.hash)))
    }

    /// Writes the file so that it is either the old or the new one, readable by its owner only.
    public func save(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let path = Self.path(in: folder)
        guard OwnerFile.replace(path, with: try encoder.encode(entries + removed)) else {
            throw AccessError.unwritable(path)
        }
    }

    private static func path(in folder: String) -> String { folder + "/devices.json" }

    private static func hash(_ password: Data, salt: Data) -> Data { Data(SHA256.hash(data: salt + password)) }

    private static func randomBytes(_ count: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Why the device list can't be used or changed.
public enum CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(String)
    /// The file was written by a newer version of the program.
    case newerVersion(String, found: Int, supported: Int)
    case exists(String)
    case unknown(String)

    public var description: String {
        switch self {
        case .unreadable(let path): "'\(path)' is not a list of devices"
        case .newerVersion(let path, let found, let supported):
            """
            '\(path)' has format \(found), written by a newer version; this one reads up to format \(supported). Install \
            the newer version again, or move the file away and add the devices anew
            """
        case .exists(let name): "a device '\(name)' exists already; remove it first to give it a new password"
        case .unknown(let name): "there is no device '\(name)'"
        }
    }
}
