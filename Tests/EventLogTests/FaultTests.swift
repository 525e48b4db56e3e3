import EventLog
import GRDB
import Synchronization
import Testing

/// A disk that can be broken and mended while a log is open.
private final class Disk: Sendable {
    private struct State {
        var isFull = false
        var commitFails = false
    }

    private let state = Mutex(State())

    func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }
    func setCommitFails(_ fails: Bool) { state.withLock { $0.commitFails = fails } }

    func options() -> EventLogOptions {
        var options = EventLogOptions()
        // A limit below the file's size means: not one page more.
        options.pageLimit = { [self] in state.withLock { $0.isFull } ? 1 : 1_000_000 }
        options.beforeCommit = { [self] in
            if state.withLock({ $0.commitFails }) {
                throw DatabaseError(resultCode: .SQLITE_IOERR, message: "disk I/O error")
            }
        }
        options.probeInterval = .milliseconds(10)
        return options
    }
}

@Suite struct FaultTests {
    private func large(_ number: Int, stream: String = "s") -> NewEvent {
        var event = event(number, stream: stream)
        event.data = Array(#"{"a":""#.utf8) + Array(repeating: 97, count: 20_000) + Array(#""}"#.utf8)
        return event
    }

    @Test func aFullDiskFailsTheRequestAndNothingElse() async throws {
        let folder = try LogFolder()
        let disk = Disk()
        try await folder.withLog(disk.options()) { log throws in
            try await log.append(AppendRequest(events: [event(1, stream: "s")]))
            let before = log.chainHeads
            disk.setFull(true)
            let error = await #expect(throws: AppendError.self) {
                try await log.append(AppendRequest(events: [event(2, stream: "s"), large(3), event(4, stream: "new")]))
            }
            guard case .storage(let reason) = error else {
                Issue.record("\(String(describing: error)) instead of storage")
                return
            }
            #expect(reason.contains("full"))
            #expect(log.chainHeads == before)
            #expect(log.head == 1)
            #expect(try log.read(after: 0, limit: 10).count == 1)
            #expect(log.generation == 1)

            disk.setFull(false)
            // The head of the stream in memory went back with the transaction, and the stream that was new is not known.
            let request = AppendRequest(
                events: [large(3), event(4, stream: "new")], expectations: [("s", .exact(1)), ("new", .noStream)])
            #expect(try await log.append(request).positions == [2, 3])
            #expect(log.failure == nil)
            #expect(try log.verify(against: before).isWhole)
        }
        #expect(try EventLog.verify(file: folder.file).isWhole)
    }

    @Test func aFailedCommitFailsWhatIsQueuedBehindIt() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        var options = gate.options()
        options.batchEvents = 1
        let hold = options.beforeCommit
        let disk = Disk()
        let fault = disk.options().beforeCommit
        options.beforeCommit = {
            try hold?()
            try fault?()
        }
        try await folder.withLog(options) { log throws in
            let early = log.generation
            let results = Results()
            log.append(AppendRequest(events: [event(1)]), token: 1, to: results)
            gate.waitUntilHeld()
            for token in 2...5 {
                log.append(AppendRequest(events: [event(token)]), token: UInt64(token), to: results)
            }
            log.append(AppendRequest(events: []), token: 6, to: results)
            disk.setCommitFails(true)
            gate.release()
            let failed = await results.all(6)
            #expect(failed.map(\.token) == [1, 2, 3, 4, 5, 6])
            #expect(failed.allSatisfy { if case .storage = $0.error { true } else { false } })
            #expect(log.head == 0)
            #expect(log.failure != nil)

            disk.setCommitFails(false)
            // Decided before the failure was known, sent after it: its grounds are gone.
            let late = await #expect(throws: AppendError.self) {
                try await log.append(AppendRequest(events: [event(7)], generation: early))
            }
            if case .storage = late {} else { Issue.record("\(String(describing: late)) instead of storage") }
            let receipt = try await log.append(AppendRequest(events: [event(8)], generation: log.generation))
            #expect(receipt.positions == [1])
            #expect(try log.verify().isWhole)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aDiskThatIsWellAgainIsNoticedWithoutTraffic() async throws {
        let folder = try LogFolder()
        let disk = Disk()
        try await folder.withLog(disk.options()) { log throws in
            disk.setCommitFails(true)
            await #expect(throws: AppendError.self) { try await log.append(AppendRequest(events: [event(1)])) }
            #expect(log.failure?.contains("disk I/O error") == true)
            #expect(try log.statistics().failure == log.failure)
            disk.setCommitFails(false)
            while log.failure != nil { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try await log.append(AppendRequest(events: [event(1)])).positions == [1])
        }
    }

    /// The sender resends what failed, as a device does that got no acknowledgement.
    @Test(.timeLimit(.minutes(2))) func faultsThatComeAndGoLoseNothing() async throws {
        let folder = try LogFolder()
        let disk = Disk()
        let seed = UInt64.random(in: .min ... .max)
        let random = Mutex(SplitMix(state: seed))
        var options = disk.options()
        options.batchEvents = 16
        options.beforeCommit = {
            if random.withLock({ Int.random(in: 0..<4, using: &$0) }) == 0 {
                throw DatabaseError(resultCode: .SQLITE_FULL, message: "database or disk is full")
            }
        }
        options.pageLimit = { random.withLock { Int.random(in: 0..<4, using: &$0) } == 0 ? 1 : 1_000_000 }
        try await folder.withLog(options) { log throws in
            await withTaskGroup(of: Void.self) { group in
                for producer in 0..<8 {
                    group.addTask {
                        for number in 0..<50 {
                            let request = AppendRequest(
                                events: [event(number, stream: "p/\(producer)")],
                                expectations: [("p/\(producer)", .exact(Int64(number)))])
                            while true {
                                do {
                                    _ = try await log.append(request)
                                    break
                                } catch AppendError.storage {
                                    continue
                                } catch {
                                    Issue.record("\(error), seed \(seed)")
                                    return
                                }
                            }
                        }
                    }
                }
            }
            #expect(log.head == 400, "seed \(seed)")
            for producer in 0..<8 {
                let events = try log.read(stream: "p/\(producer)", afterVersion: 0, limit: 100)
                #expect(
                    events.map { String(decoding: $0.data, as: UTF8.self) } == (0..<50).map { #"{"number":\#($0)}"# })
            }
            #expect(try log.verify().isWhole, "seed \(seed)")
        }
        #expect(try EventLog.verify(file: folder.file).isWhole, "seed \(seed)")
    }
}

/// A small generator with a seed, so that a failing run can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
