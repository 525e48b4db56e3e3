import EventLog
import Foundation
import Synchronization
import Testing

/// A log can be copied while it goes on, and be put back.
@Suite struct BackupTests {
    private func target(_ folder: LogFolder) -> String { folder.path + "/backup.db" }

    /// What was acknowledged, seen from the outside.
    private final class Acknowledged: Sendable {
        private let positions = Mutex<[EventID: Int64]>([:])
        private let isOver = Mutex(false)

        func add(_ ids: [EventID], _ receipt: AppendReceipt) {
            positions.withLock { for (id, position) in zip(ids, receipt.positions) { $0[id] = position } }
        }

        var all: [EventID: Int64] { positions.withLock { $0 } }
        var stops: Bool { isOver.withLock { $0 } }
        func stop() { isOver.withLock { $0 = true } }
    }

    private final class Kept: Sendable {
        private let positions = Mutex<[EventID: Int64]>([:])

        var all: [EventID: Int64] { positions.withLock { $0 } }
        func set(_ value: [EventID: Int64]) { positions.withLock { $0 = value } }
    }

    /// True when it is asked for the first time.
    private final class Once: Sendable {
        private let isFirst = Mutex(true)

        func take() -> Bool {
            isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func everyEventAcknowledgedBeforeTheLastStepIsInABackupMadeUnderLoad() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try await log.append(
            AppendRequest(events: (0..<10_000).map { event($0, chain: $0 % 3 == 0 ? .journal : .telemetry) }))
        let acknowledged = Acknowledged()
        let early = Kept()
        let report = try await withThrowingTaskGroup(of: BackupReport?.self) { group in
            for producer in 0..<4 {
                group.addTask {
                    var number = (producer + 1) * 1_000_000
                    while !acknowledged.stops {
                        let events = (0..<20).map { event(number + $0, stream: "p/\(producer)", chain: .telemetry) }
                        number += 20
                        acknowledged.add(events.map(\.id), try await log.append(AppendRequest(events: events)))
                    }
                    return nil
                }
            }
            group.addTask {
                defer { acknowledged.stop() }
                return try EventLog.backUp(
                    file: folder.file, to: target(folder), keeping: [KeptFile(name: "a.json", content: [123, 125])]
                ) { _ in early.set(acknowledged.all) }
            }
            var report: BackupReport?
            while let result = try await group.next() { report = result ?? report }
            return try #require(report)
        }
        let live = try log.read(after: 0, limit: 1_000_000)
        await log.close()
        #expect(report.head.position >= (early.all.values.max() ?? 0))
        #expect(try EventLog.verify(file: folder.file, against: [report.head]).isWhole)
        #expect(try EventLog.verify(file: target(folder), against: [report.head]).isWhole)
        let attributes = try FileManager.default.attributesOfItem(atPath: target(folder))
        #expect(attributes[.posixPermissions] as? Int == 0o600)

        let other = try LogFolder()
        let restored = try EventLog.restore(backup: target(folder), into: other.path, replacing: false)
        #expect(restored.report.isWhole && restored.files == [KeptFile(name: "a.json", content: [123, 125])])
        try await other.withLog { log throws in
            let copy = try log.read(after: 0, limit: 1_000_000)
            #expect(copy == Array(live.prefix(copy.count)))
            let ids = Set(copy.map(\.id))
            for (id, position) in acknowledged.all where position <= report.head.position { #expect(ids.contains(id)) }
            #expect(early.all.keys.allSatisfy(ids.contains))
            // It goes on where it was.
            #expect(
                try await log.append(AppendRequest(events: [event(5_000_000, stream: "new")])).positions
                    == [report.head.position + 1])
            #expect(try log.verify(against: report.head).isWhole)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsPrunedOrErasedMeanwhileIsSoInTheBackup() async throws {
        let folder = try LogFolder()
        var options = EventLogOptions()
        options.pruneStep = 64
        let log = try folder.open(options)
        try await log.append(
            AppendRequest(
                events: (0..<9000).map { event($0, stream: "s/\($0 % 5)", chain: $0 % 3 == 0 ? .journal : .telemetry) })
        )
        let first = Once()
        let (gate, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let meddler = Task.detached {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    gate.wait()
                    continuation.resume()
                }
            }
            log.telemetryAge = .zero
            _ = try await log.erase(actor: "ana") { _ in
                event(1, stream: "garage/home", actor: "garage", id: .make(at: 3))
            }
            while try log.statistics().pruned == 0 { try await Task.sleep(for: .milliseconds(1)) }
            done.signal()
        }
        let file = folder.file
        let path = target(folder)
        let report = try await Task.detached {
            try EventLog.backUp(file: file, to: path) { _ in
                guard first.take() else { return }
                gate.signal()
                done.wait()
            }
        }.value
        try await meddler.value
        await log.close()
        let check = try EventLog.verify(file: path, against: [report.head])
        #expect(check.isWhole, "\(String(describing: check.fault))")
        let content = try #require(FileManager.default.contents(atPath: path))
        #expect(content.range(of: Data(#"{"number":3}"#.utf8)) == nil)
    }

    @Test func whatIsThereIsNotReplacedWithoutBeingTold() async throws {
        let (source, other) = (try LogFolder(), try LogFolder())
        for (folder, count) in [(source, 5), (other, 3)] {
            try await folder.withLog { _ = try await $0.append(AppendRequest(events: (0..<count).map { event($0) })) }
        }
        _ = try EventLog.backUp(file: source.file, to: target(source))
        #expect(throws: EventLogError.self) {
            try EventLog.restore(backup: target(source), into: other.path, replacing: false)
        }
        try await other.withLog { log in
            #expect(log.head == 3)
            // Nor while somebody has it open.
            #expect(throws: EventLogError.inUse(path: other.file)) {
                try EventLog.restore(backup: target(source), into: other.path, replacing: true)
            }
        }
        #expect(try EventLog.restore(backup: target(source), into: other.path, replacing: true).report.isWhole)
        try await other.withLog { log in #expect(log.head == 5) }
        #expect(try EventLog.verify(file: other.file + ".replaced").events == 3)
    }

    @Test func aBackupThatIsNotWholeIsRefused() async throws {
        let (source, other) = (try LogFolder(), try LogFolder())
        try await source.withLog { _ = try await $0.append(AppendRequest(events: (0..<5).map { event($0) })) }
        try await other.withLog { _ = try await $0.append(AppendRequest(events: [event(9)])) }
        try source.tamper("UPDATE event SET time = 0 WHERE position = 4")
        let report = try EventLog.restore(backup: source.file, into: other.path, replacing: true).report
        #expect(report.fault == VerificationFault(position: 4, reason: .wrongHash))
        try Data("not a log".utf8).write(to: URL(fileURLWithPath: target(source)))
        #expect(throws: EventLogError.self) {
            try EventLog.restore(backup: target(source), into: other.path, replacing: true)
        }
        try await other.withLog { log in #expect(log.head == 1) }
        let names = try FileManager.default.contentsOfDirectory(atPath: other.path).sorted()
        #expect(names == ["events.db", "events.db.lock"])
    }

    @Test func aBackupThatFailsLeavesNothingBehind() async throws {
        let folder = try LogFolder()
        try await folder.withLog { _ = try await $0.append(AppendRequest(events: [event(1)])) }
        #expect(throws: EventLogError.self) {
            try EventLog.backUp(file: folder.file, to: folder.path + "/missing/backup.db")
        }
        #expect(throws: EventLogError.self) { try EventLog.backUp(file: folder.path + "/none.db", to: target(folder)) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "events.db", "events.db.lock",
            ])
    }
}
