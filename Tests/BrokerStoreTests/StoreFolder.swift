import BrokerStore
import Foundation
import GRDB
import Logging
import Synchronization
import Testing

/// A folder for one store, removed with the value.
final class StoreFolder {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let path: String
    let clock = SetClock()
    var options = StoreOptions()

    init() throws {
        path = NSTemporaryDirectory() + "broker-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        options.monotonic = { [clock] in clock.value.monotonic }
        options.wall = { [clock] in clock.value.wall }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: URL { URL(fileURLWithPath: path + "/broker.db") }

    /// Opens the store, hands it to `body`, and closes it.
    func withStore(_ body: (BrokerStore, Committed) async throws -> Void) async throws {
        let store = try BrokerStore.open(directory: path, options: options, logger: Self.logger)
        let committed = Committed()
        store.setReceiver { _, number in committed.set(number) }
        do {
            try await body(store, committed)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    func count(_ table: String) throws -> Int {
        let queue = try DatabaseQueue(path: file.path)
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
    }

    func damage(_ kind: String) throws {
        switch kind {
        case "garbage": try Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }).write(to: file)
        case "empty": try Data().write(to: file)
        case "truncated":
            let content = try Data(contentsOf: file)
            try content.prefix(content.count / 2).write(to: file)
        case "another program's":
            try FileManager.default.removeItem(at: file)
            let queue = try DatabaseQueue(path: file.path)
            try queue.write { try $0.execute(sql: "CREATE TABLE other (a)") }
            try queue.close()
        default:
            var content = try Data(contentsOf: file)
            for index in stride(from: 4096, to: content.count, by: 4096) {
                content.replaceSubrange(index..<index + 64, with: Data(repeating: 0xAB, count: 64))
            }
            try content.write(to: file)
        }
    }
}

/// Clocks that a test sets.
final class SetClock: Sendable {
    private let now = Mutex<(monotonic: UInt64, wall: Int64)>((1_000_000_000, 1_700_000_000_000_000))

    var value: (monotonic: UInt64, wall: Int64) { now.withLock { $0 } }

    func set(monotonic: UInt64, wall: Int64) {
        now.withLock { $0 = (monotonic, wall) }
    }
}

/// The last batch that is on disk.
final class Committed: Sendable {
    private let number = Mutex<UInt64>(0)

    var last: UInt64 { number.withLock { $0 } }

    func set(_ value: UInt64) {
        number.withLock { $0 = value }
    }

    func wait(for number: UInt64) async {
        await eventually { self.last >= number }
    }
}

final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set(_ isSet: Bool) {
        value.withLock { $0 = isSet }
    }
}

/// Waits until a condition holds, at most ten seconds.
func eventually(_ condition: () -> Bool) async {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("waited in vain")
            return
        }
        try? await Task.sleep(for: .milliseconds(1))
    }
}
