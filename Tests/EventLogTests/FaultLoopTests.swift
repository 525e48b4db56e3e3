import EventLog
import FaultyFiles
import Foundation
import Synchronization
import Testing

/// Every operation that changes a file fails once, the first in the first run, the second in the second, until a run has no
/// fault any more; and then all operations from the n-th on, until the disk is mended. Whatever fails: nothing that was
/// acknowledged is lost, nothing is there twice, and the log is whole.
@Suite(.serialized) struct FaultLoopTests {
    init() { #expect(faulty_files_install() == 0) }

    /// No run of these tests has so many operations.
    private static let enough = 2000

    private func options(_ change: (inout EventLogOptions) -> Void = { _ in }) -> EventLogOptions {
        var options = EventLogOptions()
        options.probeInterval = .milliseconds(2)
        options.pruneInterval = .milliseconds(2)
        change(&options)
        return options
    }

    /// Opens the log, again if the disk fails; the folder must be usable after every failure. Mends a disk that stays
    /// broken after some tries.
    private func open(_ folder: LogFolder, _ options: EventLogOptions) throws -> EventLog {
        for attempt in 0..<50 {
            if attempt == 3 { faulty_files_disarm() }
            if let log = try? folder.open(options) { return log }
        }
        return try folder.open(options)
    }

    /// Appends as a device does: resends until it is acknowledged. Mends a disk that stays broken after some tries.
    private func appendAll(_ requests: [AppendRequest], to log: EventLog) async throws -> [EventID: Int64] {
        var acknowledged: [EventID: Int64] = [:]
        for request in requests {
            var tries = 0
            while true {
                do {
                    let receipt = try await log.append(request)
                    for (event, position) in zip(request.events, receipt.positions) {
                        acknowledged[event.id] = position
                    }
                    break
                } catch AppendError.storage {
                    tries += 1
                    if tries == 3 { faulty_files_disarm() }
                    #expect(tries < 50)
                    if tries >= 50 { throw AppendError.storage("it never recovers") }
                }
            }
        }
        return acknowledged
    }

    private var requests: [AppendRequest] {
        (0..<3).map { part in
            AppendRequest(
                events: (0..<16).map { number in
                    var event = event(
                        part * 100 + number, stream: "s/\(number % 3)", chain: number % 2 == 0 ? .journal : .telemetry)
                    // Long enough for several pages, and now and then for overflow pages.
                    let length = number % 12 == 5 ? 6000 : 200
                    event.data =
                        Array(#"{"number":\#(number),"text":""#.utf8) + Array(repeating: 97, count: length)
                        + Array(#""}"#.utf8)
                    return event
                })
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true]) func appending(staysBroken: Bool) async throws {
        for n in 1..<FaultLoopTests.enough {
            let folder = try LogFolder()
            faulty_files_arm(folder.path, n, staysBroken ? 1 : 0)
            // A log that opens is kept: one that was thrown away might not have let its file go yet.
            let first = staysBroken ? (try? folder.open(options())) : nil
            if staysBroken, first == nil { faulty_files_disarm() }
            let log = try first ?? open(folder, options())
            let acknowledged = try await appendAll(requests, to: log)
            let failures = faulty_files_disarm()
            let stored = try log.read(after: 0, limit: 1000)
            #expect(stored.count == 48, "operation \(n)")
            #expect(Dictionary(stored.map { ($0.id, $0.position) }) { $1 } == acknowledged, "operation \(n)")
            await log.close()
            let report = try EventLog.verify(file: folder.file)
            #expect(report.isWhole && report.events == 48, "operation \(n): \(String(describing: report.fault))")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test(.timeLimit(.minutes(2))) func pruning() async throws {
        let model = try LogFolder()
        try await model.withLog(options()) { log throws in
            for request in requests { try await log.append(request) }
        }
        for n in 1..<FaultLoopTests.enough {
            let folder = try LogFolder()
            try FileManager.default.copyItem(atPath: model.file, toPath: folder.file)
            let log = try folder.open(options { $0.pruneStep = 10 })
            faulty_files_arm(folder.path, n, 0)
            log.telemetryAge = .zero
            while ((try? log.statistics())?.pruned ?? 0) < 24 { try await Task.sleep(for: .milliseconds(1)) }
            let failures = faulty_files_disarm()
            #expect(try log.read(after: 0, limit: 1000).count == 24, "operation \(n)")
            await log.close()
            let report = try EventLog.verify(file: folder.file)
            #expect(report.isWhole, "operation \(n): \(String(describing: report.fault))")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true]) func backingUp(staysBroken: Bool) async throws {
        let folder = try LogFolder()
        try await folder.withLog(options()) { log throws in
            for request in requests { try await log.append(request) }
        }
        let target = folder.path + "/backup.db"
        for n in 1..<FaultLoopTests.enough {
            faulty_files_arm(target, n, staysBroken ? 1 : 0)
            let report = try? EventLog.backUp(file: folder.file, to: target)
            let failures = faulty_files_disarm()
            if report == nil {
                #expect(failures > 0)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                #expect(names == ["events.db", "events.db.lock"], "operation \(n)")
            } else {
                #expect(
                    try EventLog.verify(file: target, against: [report?.head].compactMap(\.self)).isWhole,
                    "operation \(n)")
                try FileManager.default.removeItem(atPath: target)
            }
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }

    @Test(.timeLimit(.minutes(2))) func erasing() async throws {
        let model = try LogFolder()
        let head = try await model.withLog(options()) { log throws in
            for request in requests { try await log.append(request) }
            return log.chainHeads
        }
        for n in 1..<FaultLoopTests.enough {
            let folder = try LogFolder()
            try FileManager.default.copyItem(atPath: model.file, toPath: folder.file)
            let log = try folder.open(options())
            faulty_files_arm(folder.path, n, 0)
            var receipt: ErasureReceipt?
            for _ in 0..<3 where receipt == nil {
                receipt = try? await log.erase(actor: "ana") { _ in
                    event(1, stream: "garage/home", actor: "garage", id: .make(at: 3))
                }
            }
            #expect(receipt?.position == 49, "operation \(n)")
            let failures = faulty_files_disarm()
            #expect(try log.read(after: 0, limit: 48).allSatisfy(\.isErased), "operation \(n)")
            await log.close()
            let report = try EventLog.verify(file: folder.file, against: [head])
            #expect(report.isWhole && report.events == 49, "operation \(n): \(String(describing: report.fault))")
            if failures == 0 { return }
        }
        Issue.record("it never runs through")
    }
}
