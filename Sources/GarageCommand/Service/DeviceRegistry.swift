import Access
import Foundation
import Synchronization
import Web

/// The devices of `devices.json`, read again when the file changes, so that what the page or the command line adds may
/// connect at once.
final class DeviceRegistry: DeviceAdministration {
    private struct Cache {
        var credentials: DeviceCredentials
        var modified: Date?
    }

    private let folder: String
    private let cache: Mutex<Cache>
    /// Ends the connection of a device that was removed.
    private let disconnect: @Sendable (_ name: String) -> Void

    init(folder: String, disconnect: @escaping @Sendable (_ name: String) -> Void = { _ in }) throws(CredentialsError) {
        self.folder = folder
        self.disconnect = disconnect
        let modified = Self.modified(folder)
        cache = Mutex(Cache(credentials: try DeviceCredentials(folder: folder), modified: modified))
    }

    /// What is in the file now. A file that was broken by hand leaves the last good state in force.
    var credentials: DeviceCredentials {
        let modified = Self.modified(folder)
        return cache.withLock { cache in
            if modified != cache.modified, let fresh = try? DeviceCredentials(folder: folder) {
                cache = Cache(credentials: fresh, modified: modified)
            }
            return cache.credentials
        }
    }

    func devices() throws -> [(name: String, topics: [String])] {
        credentials.entries.map { ($0.name, $0.topics ?? []) }
    }

    func addDevice(_ name: String, topics: [String]) throws -> String {
        try change { try $0.add(name, topics: topics, at: Int64(Date().timeIntervalSince1970)) }
    }

    func removeDevice(_ name: String) throws {
        try change { try $0.remove(name) }
        disconnect(name)
    }

    private func change<Value>(_ body: (inout DeviceCredentials) throws -> Value) throws -> Value {
        try cache.withLock { cache in
            var credentials = try DeviceCredentials(folder: folder)
            let value = try body(&credentials)
            try credentials.save(to: folder)
            cache = Cache(credentials: credentials, modified: Self.modified(folder))
            return value
        }
    }

    private static func modified(_ folder: String) -> Date? {
        try? FileManager.default.attributesOfItem(atPath: folder + "/devices.json")[.modificationDate] as? Date
    }
}
