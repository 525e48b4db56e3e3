import EventLog
import FaultyFiles
import Foundation
import Testing

/// The process dies at the n-th operation that changes a file. A disk on which nothing changes any more from some operation
/// on holds what a killed process leaves behind; it is copied before the log can put anything right.
extension FaultLoopTests {
    private func copy(_ folder: LogFolder) throws -> LogFolder {
        let after = try LogFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where !name.hasSuffix("-shm") && !name.hasSuffix(".lock") {
            try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: after.path + "/" + name)
        }
        return after
    }

    @Test(.timeLimit(.minutes(2))) func killedWhileAppending() async throws {
        for n in 1..<2000 {
            let folder = try LogFolder()
            let log = try folder.open()
            faulty_files_arm(folder.path, n, 1)
            var acknowledged: [EventID] = []
            for part in 0..<3 {
                let events = (0..<8).map { event(part * 100 + $0, chain: $0 % 2 == 0 ? .journal : .telemetry) }
                guard (try? await log.append(AppendRequest(events: events))) != nil else { break }
                acknowledged += events.map(\.id)
            }
            let after = try copy(folder)
            let failures = faulty_files_disarm()
            await log.close()
            try await after.withLog { log throws in
                let stored = try log.read(after: 0, limit: 1000).map(\.id)
                #expect(Array(stored.prefix(acknowledged.count)) == acknowledged, "operation \(n)")
                #expect(stored.count % 8 == 0 && stored.count <= acknowledged.count + 8, "operation \(n)")
                try await log.append(AppendRequest(events: [event(900)]))
            }
            let report = try EventLog.verify(file: after.file)
            #expect(report.isWhole, "operation \(n): \(String(describing: report.fault))")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test(.timeLimit(.minutes(2))) func killedWhilePruning() async throws {
        let model = try LogFolder()
        try await model.withLog { log throws in
            for part in 0..<2 {
                try await log.append(
                    AppendRequest(
                        events: (0..<20).map { event(part * 100 + $0, chain: $0 % 2 == 0 ? .journal : .telemetry) }))
            }
        }
        var options = EventLogOptions()
        options.probeInterval = .milliseconds(2)
        options.pruneInterval = .milliseconds(2)
        options.pruneStep = 8
        for n in 1..<2000 {
            let folder = try LogFolder()
            try FileManager.default.copyItem(atPath: model.file, toPath: folder.file)
            let log = try folder.open(options)
            faulty_files_arm(folder.path, n, 1)
            log.telemetryAge = .zero
            while faulty_files_failures() == 0, ((try? log.statistics())?.pruned ?? 0) < 20 {
                try await Task.sleep(for: .milliseconds(1))
            }
            let after = try copy(folder)
            let failures = faulty_files_disarm()
            await log.close()
            try await after.withLog { log throws in
                #expect(try log.read(after: 0, limit: 1000, chain: .journal).count == 20, "operation \(n)")
            }
            let report = try EventLog.verify(file: after.file)
            #expect(report.isWhole, "operation \(n): \(String(describing: report.fault))")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }
}
