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
        var checked = ContinuousClock.now
    }

    /// How old an answer may be: the broker asks for every message.
    private static let freshness = Duration.seconds(1)

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

    /// What is in the file, at most a second old. A file that was broken by hand leaves the last good state in force.
    var credentials: DeviceCredentials {
        cache.withLock { cache in
            let now = ContinuousClock.now
            guard now - cache.checked > Self.freshness else { return cache.credentials }
            cache.checked = now
            let modified = Self.modified(folder)
            if modified != cache.modified, let fresh = try? DeviceCredentials(folder: folder) {
                cache.credentials = fresh
                cache.modified = modified
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
