import EventLog
import Testing

@Suite struct AppendTests {
    @Test func positionsAndVersionsHaveNoGaps() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            let first = try await log.append(AppendRequest(events: [event(1), event(2, stream: "spot/home.A1")]))
            #expect(first == AppendReceipt(positions: [1, 2], head: 2))
            let second = try await log.append(AppendRequest(events: [event(3)]))
            #expect(second == AppendReceipt(positions: [3], head: 3))
            #expect(log.head == 3)
            let events = try log.read(after: 0, limit: 10)
            #expect(events.map(\.position) == [1, 2, 3])
            #expect(events.map(\.version) == [1, 1, 2])
        }
    }

    @Test func manyProducersKeepTheirOrder() async throws {
        let folder = try LogFolder()
        let producers = 32
        let each = 200
        try await folder.withLog { log throws in
            let receipts = await withTaskGroup(of: (Int, [AppendCompletion]).self) { group in
                for producer in 0..<producers {
                    group.addTask {
                        let results = Results()
                        for number in 0..<each {
                            let request = AppendRequest(events: [event(number, stream: "p/\(producer)")])
                            log.append(request, token: UInt64(number), to: results)
                        }
                        return (producer, await results.all(each))
                    }
                }
                return await group.reduce(into: [Int: [AppendCompletion]]()) { $0[$1.0] = $1.1 }
            }
            var seen: Set<Int64> = []
            for producer in 0..<producers {
                let completions = try #require(receipts[producer])
                #expect(completions.map(\.token) == (0..<UInt64(each)).map { $0 })
                let positions = completions.compactMap { $0.receipt?.positions.first }
                #expect(positions.count == each)
                #expect(positions == positions.sorted())
                seen.formUnion(positions)
                let stored = try log.read(stream: "p/\(producer)", afterVersion: 0, limit: each + 1)
                #expect(stored.map(\.version) == (1...Int64(each)).map { $0 })
                #expect(stored.map(\.position) == positions)
            }
            #expect(seen == Set(1...Int64(producers * each)))
            #expect(try log.verify().isWhole)
        }
    }

    @Test func whatArrivesDuringACommitIsCommittedTogether() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        var options = gate.options()
        options.batchEvents = 60
        try await folder.withLog(options) { log throws in
            let results = Results()
            log.append(AppendRequest(events: [event(0)]), token: 0, to: results)
            gate.waitUntilHeld()
            for number in 1...100 {
                log.append(AppendRequest(events: [event(number)]), token: UInt64(number), to: results)
            }
            gate.release()
            let calls = await results.calls(atLeast: 101)
            // The first was alone, because it was taken before the others came; then come groups up to the limit.
            #expect(calls.map(\.count) == [1, 60, 40])
            #expect(calls.flatMap(\.self).compactMap { $0.receipt?.positions.first } == (1...101).map { $0 })
        }
    }

    @Test func aGroupEndsAtTheLimitOfBytes() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        var options = gate.options()
        options.batchBytes = 40
        try await folder.withLog(options) { log throws in
            let results = Results()
            log.append(AppendRequest(events: [event(0)]), token: 0, to: results)
            gate.waitUntilHeld()
            for number in 1...9 {
                log.append(AppendRequest(events: [event(number)]), token: UInt64(number), to: results)
            }
            gate.release()
            let calls = await results.calls(atLeast: 10)
            // Each event has 12 bytes of data, so the fourth passes the limit.
            #expect(calls.map(\.count) == [1, 4, 4, 1])
        }
    }

    @Test func aRequestOfNothingWaitsForAllBefore() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        try await folder.withLog(gate.options()) { log throws in
            let results = Results()
            log.append(AppendRequest(events: [event(1)]), token: 1, to: results)
            gate.waitUntilHeld()
            log.append(AppendRequest(events: [event(2)]), token: 2, to: results)
            log.append(AppendRequest(events: []), token: 3, to: results)
            #expect(log.head == 0)
            gate.release()
            let completions = await results.all(3)
            #expect(completions.map(\.token) == [1, 2, 3])
            #expect(completions.last?.receipt == AppendReceipt(positions: [], head: 2))
        }
        // Also on a log where there is nothing to wait for.
        let empty = try LogFolder()
        try await empty.withLog { log throws in
            #expect(try await log.append(AppendRequest(events: [])) == AppendReceipt(positions: [], head: 0))
        }
    }

    static let expectations: [(ExpectedVersion, existing: Int64, holds: Bool)] = [
        (.any, 0, true), (.any, 2, true),
        (.noStream, 0, true), (.noStream, 2, false),
        (.exists, 0, false), (.exists, 2, true),
        (.exact(0), 0, true), (.exact(0), 2, false), (.exact(1), 2, false), (.exact(2), 2, true), (.exact(3), 2, false),
    ]

    @Test(arguments: expectations) func expectedVersion(
        expected: ExpectedVersion, existing: Int64, holds: Bool
    ) async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            if existing > 0 {
                try await log.append(AppendRequest(events: (0..<Int(existing)).map { event($0, stream: "s") }))
            }
            let request = AppendRequest(events: [event(9, stream: "s")], expectations: [("s", expected)])
            if holds {
                #expect(try await log.append(request).positions == [existing + 1])
            } else {
                await #expect(throws: AppendError.wrongExpectedVersion(stream: "s", actual: existing)) {
                    try await log.append(request)
                }
                #expect(log.head == existing)
            }
        }
    }

    @Test func aConflictFailsOnlyItsOwnRequest() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        try await folder.withLog(gate.options()) { log throws in
            let results = Results()
            log.append(AppendRequest(events: [event(0)]), token: 0, to: results)
            gate.waitUntilHeld()
            // Decided on top of each other, all in one commit: the second and third both want to be version 1 of s.
            let expectations: [(stream: String, version: ExpectedVersion)] = [("s", .noStream)]
            for token in 1...2 {
                let request = AppendRequest(
                    events: [event(token, stream: "s"), event(10 + token, stream: "t")], expectations: expectations)
                log.append(request, token: UInt64(token), to: results)
            }
            log.append(AppendRequest(events: [event(3, stream: "s")]), token: 3, to: results)
            gate.release()
            let completions = await results.all(4)
            #expect(completions[1].receipt?.positions == [2, 3])
            #expect(completions[2].error == .wrongExpectedVersion(stream: "s", actual: 1))
            #expect(completions[3].receipt?.positions == [4])
            #expect(try log.read(stream: "t", afterVersion: 0, limit: 10).count == 1)
        }
    }

    @Test func anExpectationAloneIsChecked() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            await #expect(throws: AppendError.wrongExpectedVersion(stream: "s", actual: 0)) {
                try await log.append(AppendRequest(events: [], expectations: [("s", .exists)]))
            }
        }
    }

    @Test func aRepeatedRequestGetsItsFirstPositions() async throws {
        let folder = try LogFolder()
        let request = AppendRequest(events: [event(1), event(2)], expectations: [("gate/home.front", .noStream)])
        try await folder.withLog { log throws in
            #expect(try await log.append(request).positions == [1, 2])
            try await log.append(AppendRequest(events: [event(3)]))
            // It would now be a conflict, if it were not the same request.
            #expect(try await log.append(request) == AppendReceipt(positions: [1, 2], head: 3))
            // Some known, some new: those known stay.
            let mixed = AppendRequest(events: [request.events[1], event(4)])
            #expect(try await log.append(mixed).positions == [2, 4])
            // The same id twice in one request.
            let new = event(5)
            #expect(try await log.append(AppendRequest(events: [new, new])).positions == [5, 5])
        }
        try await folder.withLog { log throws in
            #expect(try await log.append(request) == AppendReceipt(positions: [1, 2], head: 5))
            let events = try log.read(after: 0, limit: 10)
            #expect(events.map(\.version) == [1, 2, 3, 4, 5])
            #expect(try log.verify().isWhole)
        }
    }

    @Test func limitsAreChecked() async throws {
        let folder = try LogFolder()
        var options = EventLogOptions()
        options.maximumEventBytes = 100
        options.maximumRequestEvents = 3
        try await folder.withLog(options) { log throws in
            var large = event(1)
            large.data = Array(#"{"a":""#.utf8) + Array(repeating: 97, count: 100) + Array(#""}"#.utf8)
            var text = event(1)
            text.data = Array("42".utf8)
            var schema = event(1)
            schema.schema = 0
            let bad: [[NewEvent]] = [
                [event(1, stream: "")], [event(1, stream: String(repeating: "s", count: 201))], [event(1, type: "")],
                [event(1, type: String(repeating: "t", count: 101))], [large], [text], [schema],
                (1...4).map { event($0) },
                [event(1), event(2, stream: "")],
            ]
            for events in bad {
                let error = await #expect(throws: AppendError.self) {
                    try await log.append(AppendRequest(events: events))
                }
                guard case .invalid = error else {
                    Issue.record("\(String(describing: error)) instead of invalid")
                    continue
                }
            }
            #expect(log.head == 0)
            #expect(try await log.append(AppendRequest(events: [event(1)])).positions == [1])
        }
    }

    @Test func aClosedLogSaysSo() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        await log.close()
        await log.close()
        await #expect(throws: AppendError.closed) { try await log.append(AppendRequest(events: [event(1)])) }
        #expect(throws: EventLogError.closed) { try log.read(after: 0, limit: 1) }
    }

    @Test func closingCommitsWhatIsQueued() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        let results = Results()
        for number in 0..<5000 { log.append(AppendRequest(events: [event(number)]), token: 0, to: results) }
        await log.close()
        let positions = await results.all(5000).compactMap { $0.receipt?.positions.first }
        #expect(positions == (1...5000).map { $0 })
        try await folder.withLog { #expect($0.head == 5000) }
    }

    @Test func aFullQueueSaysSoAndDropsNothing() async throws {
        let folder = try LogFolder()
        let gate = CommitGate()
        var options = gate.options()
        options.queuedEvents = 10
        try await folder.withLog(options) { log throws in
            #expect(!log.isCongested)
            let results = Results()
            log.append(AppendRequest(events: [event(0)]), token: 0, to: results)
            gate.waitUntilHeld()
            for number in 1...20 {
                log.append(AppendRequest(events: [event(number)]), token: UInt64(number), to: results)
            }
            #expect(log.isCongested)
            #expect(log.pressure >= 2)
            #expect(try log.statistics().queued == 21)
            gate.release()
            #expect(await results.all(21).allSatisfy { $0.receipt != nil })
            #expect(!log.isCongested)
            #expect(log.pressure == 0)
        }
    }
}
