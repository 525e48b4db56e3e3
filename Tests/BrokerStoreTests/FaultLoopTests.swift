import BrokerStore
import FaultyFiles
import Foundation
import MQTTBroker
import Testing

/// Every operation that changes a file fails once, the first in the first run, the second in the second, until a run has no
/// fault any more; and then all from the n-th on, until the disk is mended. Whatever fails: what was reported as committed is
/// there, and no sound file is set aside.
@Suite("Faults of the disk at the n-th operation", .serialized)
struct FaultLoopTests {
    init() { #expect(faulty_files_install() == 0) }

    /// No run of these tests has so many operations.
    private static let enough = 1000

    /// Opens the store, again if the disk fails. Mends a disk that stays broken after some tries.
    private func open(_ folder: StoreFolder) throws -> BrokerStore {
        for attempt in 0..<20 {
            if attempt == 3 { faulty_files_disarm() }
            if let store = try? BrokerStore.open(
                directory: folder.path, options: folder.options, logger: StoreFolder.logger)
            {
                return store
            }
        }
        return try BrokerStore.open(directory: folder.path, options: folder.options, logger: StoreFolder.logger)
    }

    private func state(of folder: StoreFolder) async throws -> DurableState {
        let store = try open(folder)
        #expect(store.setAside == nil)
        let state = store.takeState(now: 0)
        await store.close()
        return state
    }

    @Test("Writing and opening", .timeLimit(.minutes(2)), arguments: [false, true])
    func writing(staysBroken: Bool) async throws {
        let batches = [Sample.changes(for: Sample.state), Array(Sample.bulk.prefix(20))]
        let expected = try await undisturbed(batches)
        for n in 1..<FaultLoopTests.enough {
            let folder = try StoreFolder()
            folder.options.probeInterval = .milliseconds(2)
            folder.options.pauseMicroseconds = 100
            faulty_files_arm(folder.path, n, staysBroken ? 1 : 0)
            let store = try open(folder)
            let committed = Committed()
            store.setReceiver { _, number in committed.set(number) }
            var failuresSeen = 0
            for (index, batch) in batches.enumerated() {
                let number = UInt64(index + 1)
                store.write(batch, shard: 0, number: number)
                if staysBroken {
                    await eventually { committed.last >= number || store.failure != nil }
                    if store.failure != nil {
                        failuresSeen += 1
                        faulty_files_disarm()
                    }
                }
                await committed.wait(for: number)
            }
            #expect(store.setAside == nil, "operation \(n)")
            await store.close()
            let failures = faulty_files_disarm()
            #expect(try await state(of: folder) == expected, "operation \(n)")
            if failures == 0, failuresSeen == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test("Reading what there is", .timeLimit(.minutes(2)))
    func opening() async throws {
        let model = try StoreFolder()
        try await model.withStore { store, committed in
            store.write(Sample.changes(for: Sample.state), shard: 0, number: 1)
            await committed.wait(for: 1)
        }
        for n in 1..<FaultLoopTests.enough {
            let folder = try StoreFolder()
            folder.options.pauseMicroseconds = 100
            try FileManager.default.copyItem(at: model.file, to: folder.file)
            faulty_files_arm(folder.path, n, 0)
            let state = try await state(of: folder)
            let failures = faulty_files_disarm()
            #expect(state == Sample.state, "operation \(n)")
            #expect(try await self.state(of: folder) == Sample.state, "operation \(n)")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    /// What the same batches give on a disk that is well.
    private func undisturbed(_ batches: [[StateChange]]) async throws -> DurableState {
        let folder = try StoreFolder()
        try await folder.withStore { store, committed in
            for (index, batch) in batches.enumerated() {
                store.write(batch, shard: 0, number: UInt64(index + 1))
                await committed.wait(for: UInt64(index + 1))
            }
        }
        return try await state(of: folder)
    }
}
