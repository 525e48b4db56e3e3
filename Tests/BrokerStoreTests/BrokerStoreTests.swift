import BrokerStore
import Foundation
import GRDB
import Logging
import MQTTBroker
import MQTTCodec
import Testing

@Suite("The broker's store on disk")
struct BrokerStoreTests {
    @Test("Everything comes back as it was")
    func roundTrip() async throws {
        let folder = try StoreFolder()
        let state = Sample.state
        try await folder.withStore { store, committed in
            store.write(Sample.changes(for: state), shard: 0, number: 1)
            await committed.wait(for: 1)
        }
        try await folder.withStore { store, _ in #expect(store.takeState(now: 0) == state) }
        try await folder.withStore { store, _ in
            #expect(store.takeState(now: 0) == state)
            #expect(store.takeState(now: 0).isEmpty)
        }
    }

    @Test("A file of format 1 is kept beside and brought to this format")
    func formatOne() async throws {
        let folder = try StoreFolder()
        let queue = try DatabaseQueue(path: folder.file.path)
        try await queue.write { try $0.execute(sql: Sample.formatOne) }
        try queue.close()
        for _ in 1...2 {
            try await folder.withStore { store, _ in
                let state = store.takeState(now: 0)
                #expect(state.sessions.map(\.session.clientID) == ["esp1"])
                #expect(state.sessions.map(\.session.owner) == [nil])
                #expect(state.sessions.first?.subscriptions.map(\.filter) == ["garage/home/gate/front/actuate"])
                #expect(state.messages.values.map(\.payload) == [Array("waiting".utf8)])
            }
        }
        let kept = try DatabaseQueue(path: folder.file.path + ".format-1")
        defer { try? kept.close() }
        #expect(try await kept.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 1)
        #expect(try await kept.read { try String.fetchOne($0, sql: "SELECT client FROM session") } == "esp1")
    }

    @Test("Changes put together are what they are one by one", arguments: 1...20)
    func together(seed: UInt64) async throws {
        var random = RandomSource(seed: seed)
        let batches = (0..<60).map { _ in Sample.randomBatch(&random) }
        var states: [DurableState] = []
        for isOneByOne in [true, false] {
            let folder = try StoreFolder()
            try await folder.withStore { store, committed in
                for (index, batch) in batches.enumerated() {
                    store.write(batch, shard: 0, number: UInt64(index + 1))
                    if isOneByOne { await committed.wait(for: UInt64(index + 1)) }
                }
            }
            try await folder.withStore { store, _ in states.append(store.takeState(now: 0)) }
            let rows = try folder.count("message")
            #expect(rows == Set(states.last?.sessions.flatMap { $0.deliveries.compactMap(\.message) } ?? []).count)
        }
        #expect(states[0] == states[1], "seed \(seed)")
    }

    @Test("Deadlines go on while the process does not run, on whatever clock the machine starts with")
    func deadlines() async throws {
        let folder = try StoreFolder()
        folder.clock.set(monotonic: 50_000_000_000, wall: 1_000_000_000)
        let session = DurableSession(key: 1, clientID: "c", expiryInterval: 60, expiresAt: 110_000_000_000)
        let retained = DurableRetained(
            topic: Array("t".utf8), properties: [], payload: [1], qos: 1, expiresAt: 55_000_000_000)
        try await folder.withStore { store, _ in
            store.write([.session(session), .retained(retained)], shard: 0, number: 1)
        }
        folder.clock.set(monotonic: 3_000_000_000, wall: 1_010_000_000)
        try await folder.withStore { store, _ in
            let state = store.takeState(now: 3_000_000_000)
            #expect(state.sessions.map(\.session.expiresAt) == [53_000_000_000])
            #expect(state.retained.map { $0.expiresAt <= 3_000_000_000 && $0.expiresAt > 0 } == [true])
        }
    }

    @Test(
        "A file that can't be used is kept under another name, and the store begins anew",
        arguments: ["garbage", "empty", "truncated", "another program's", "a page overwritten"])
    func setAside(damage: String) async throws {
        let folder = try StoreFolder()
        try await folder.withStore { store, _ in
            store.write(Sample.changes(for: Sample.state) + Sample.bulk, shard: 0, number: 1)
        }
        try folder.damage(damage)
        let damaged = try Data(contentsOf: folder.file)
        try await folder.withStore { store, committed in
            let aside = try #require(store.setAside)
            #expect(!aside.reason.isEmpty)
            #expect(try Data(contentsOf: URL(fileURLWithPath: aside.path)) == damaged)
            #expect(store.takeState(now: 0).isEmpty)
            store.write(Sample.changes(for: Sample.state), shard: 0, number: 1)
            await committed.wait(for: 1)
        }
        try await folder.withStore { store, _ in
            #expect(store.setAside == nil)
            #expect(store.takeState(now: 0) == Sample.state)
        }
    }

    @Test("A file of a newer version is refused and left alone")
    func newerVersion() async throws {
        let folder = try StoreFolder()
        try await folder.withStore { _, _ in }
        try await DatabaseQueue(path: folder.file.path).write { try $0.execute(sql: "PRAGMA user_version = 7") }
        let path = folder.file.path
        #expect(throws: BrokerStoreError.newerVersion(path: path, found: 7, supported: 2)) {
            _ = try BrokerStore.open(directory: folder.path, logger: StoreFolder.logger)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).contains("broker.db"))
    }

    @Test("A folder that is not there is said to be not writable")
    func noFolder() throws {
        #expect(throws: BrokerStoreError.self) {
            _ = try BrokerStore.open(directory: "/nowhere/at/all", logger: StoreFolder.logger)
        }
    }

    @Test("On a full disk nothing is committed, and everything once there is room", arguments: [true, false])
    func fullDisk(atCommit: Bool) async throws {
        struct Full: Error {}
        let folder = try StoreFolder()
        let isFull = Flag()
        folder.options.probeInterval = .milliseconds(20)
        if atCommit {
            folder.options.beforeCommit = { if isFull.isSet { throw Full() } }
        } else {
            folder.options.pageLimit = { isFull.isSet ? 1 : 1_000_000 }
        }
        try await folder.withStore { store, committed in
            store.write(Sample.changes(for: Sample.state), shard: 0, number: 1)
            await committed.wait(for: 1)
            isFull.set(true)
            store.write(Sample.bulk, shard: 0, number: 2)
            await eventually { store.failure != nil }
            // These deliveries end before the disk is well again.
            store.write(Sample.bulk.compactMap(Sample.end), shard: 0, number: 3)
            #expect(committed.last == 1)
            isFull.set(false)
            await committed.wait(for: 3)
            #expect(store.failure == nil)
        }
        try await folder.withStore { store, _ in #expect(store.takeState(now: 0) == Sample.state) }
    }
}
