import Access
import Foundation
import Synchronization
import Web

/// The devices of `devices.json`, read again when the file changes, so that what the page or the command line adds may
/// connect at once.
final class DeviceRegistry: DeviceAdministration {
    private struct Cache {
        var credentials: DeviceCredentials {
            didSet {
                topics = Self.topics(of: credentials)
                revoked = credentials.revoked
            }
        }
        /// What each device was given beside its own topics: worked out once, as it is asked for with every message.
        private(set) var topics: [String: [TopicPattern]]
        private(set) var revoked: Set<String>
        var modified: Date?
        var checked = ContinuousClock.now

        init(_ credentials: DeviceCredentials, modified: Date?) {
            self.credentials = credentials
            self.modified = modified
            topics = Self.topics(of: credentials)
            revoked = credentials.revoked
        }

        private static func topics(of credentials: DeviceCredentials) -> [String: [TopicPattern]] {
            Dictionary(
                credentials.entries.map { ($0.name, ($0.topics ?? []).compactMap { TopicPattern($0) }) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// How old an answer may be: the broker asks for every message.
    private static let freshness = Duration.seconds(1)

    private let folder: String
    private let cache: Mutex<Cache>

    init(folder: String) throws(CredentialsError) {
        self.folder = folder
        let modified = Self.modified(folder)
        cache = Mutex(Cache(try DeviceCredentials(folder: folder), modified: modified))
    }

    /// What is in the file, at most a second old. A file that was broken by hand leaves the last good state in force.
    var credentials: DeviceCredentials { withFresh { $0.credentials } }

    /// The topics that a device was given beside its own; `nil` if there is no such device.
    func topics(of name: String) -> [TopicPattern]? { withFresh { $0.topics[name] } }

    /// The same for a device with a certificate, which need not be in the list; `nil` if it was removed.
    func topics(ofCertified name: String) -> [TopicPattern]? {
        withFresh { $0.revoked.contains(name) ? nil : $0.topics[name] ?? [] }
    }

    private func withFresh<Value: Sendable>(_ body: (Cache) -> Value) -> Value {
        cache.withLock { cache in
            let now = ContinuousClock.now
            if now - cache.checked > Self.freshness {
                cache.checked = now
                let modified = Self.modified(folder)
                if modified != cache.modified, let fresh = try? DeviceCredentials(folder: folder) {
                    cache.credentials = fresh
                    cache.modified = modified
                }
            }
            return body(cache)
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
    }

    private func change<Value>(_ body: (inout DeviceCredentials) throws -> Value) throws -> Value {
        try cache.withLock { cache in
            var credentials = try DeviceCredentials(folder: folder)
            let value = try body(&credentials)
            try credentials.save(to: folder)
            cache = Cache(credentials, modified: Self.modified(folder))
            return value
        }
    }

    private static func modified(_ folder: String) -> Date? {
        try? FileManager.default.attributesOfItem(atPath: folder + "/devices.json")[.modificationDate] as? Date
    }
}
