import BrokerStore
import FaultyFiles
import Foundation
import GRDB
import MQTTBroker
import Testing

/// The upgrade of a file of an earlier format, with the n-th operation failing, and with the process dying at it. A disk on
/// which nothing changes any more from some operation on holds what a killed process leaves behind.
extension FaultLoopTests {
    private func earlier(usesLog: Bool) throws -> StoreFolder {
        let folder = try StoreFolder()
        folder.options.pauseMicroseconds = 100
        let queue = try DatabaseQueue(path: folder.file.path)
        if usesLog { try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") } }
        try queue.write { try $0.execute(sql: Sample.formatOne) }
        try queue.close()
        return folder
    }

    private func load(_ folder: StoreFolder) async throws -> DurableState {
        let store = try BrokerStore.open(
            directory: folder.path, options: folder.options, logger: StoreFolder.logger)
        #expect(store.setAside == nil)
        let state = store.takeState(now: 0)
        await store.close()
        return state
    }

    /// What is there is either the old file, or the new one with a sound copy of the old one beside it.
    private func expectCopyIfUpgraded(_ folder: StoreFolder, _ n: Int) throws {
        let queue = try DatabaseQueue(path: folder.file.path)
        let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        try queue.close()
        guard version != 1 else { return }
        #expect(version == 2, "operation \(n)")
        let copy = try DatabaseQueue(path: folder.file.path + ".format-1")
        let kept = try copy.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        let health = try copy.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        let sessions = try copy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session") }
        #expect(kept == 1 && health == "ok" && sessions == 1, "operation \(n)")
        try copy.close()
    }

    @Test("Upgrading, with one failure", .timeLimit(.minutes(2)), arguments: [false, true])
    func upgrading(usesLog: Bool) async throws {
        let expected = try await load(try earlier(usesLog: usesLog))
        #expect(expected.sessions.count == 1)
        for n in 1..<1000 {
            let folder = try earlier(usesLog: usesLog)
            faulty_files_arm(folder.path, n, 0)
            _ = try? await load(folder)
            let failures = faulty_files_disarm()
            try expectCopyIfUpgraded(folder, n)
            #expect(try await load(folder) == expected, "operation \(n)")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test("Upgrading, with the process killed", .timeLimit(.minutes(2)), arguments: [false, true])
    func killedWhileUpgrading(usesLog: Bool) async throws {
        let expected = try await load(try earlier(usesLog: usesLog))
        for n in 1..<1000 {
            let folder = try earlier(usesLog: usesLog)
            faulty_files_arm(folder.path, n, 1)
            let isOpen = (try? await load(folder)) != nil
            let after = try StoreFolder()
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!names.contains { $0.contains("damaged") }, "operation \(n)")
            for name in names where !name.hasSuffix("-shm") {
                try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: after.path + "/" + name)
            }
            let failures = faulty_files_disarm()
            try expectCopyIfUpgraded(after, n)
            #expect(try await load(after) == expected, "operation \(n)")
            try expectCopyIfUpgraded(after, n)
            // The same folder, once the disk is well.
            #expect(try await load(folder) == expected, "operation \(n)")
            if failures == 0 {
                #expect(isOpen)
                return
            }
        }
        Issue.record("it never runs through")
    }
}
