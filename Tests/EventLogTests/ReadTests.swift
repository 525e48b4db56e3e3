import EventLog
import Synchronization
import Testing

@Suite struct ReadTests {
    @Test func everythingComesBackAsItWasWritten() async throws {
        let folder = try LogFolder()
        let full = NewEvent(
            id: .make(at: 5), stream: "gate/hömé.frönt", chain: .journal, type: "gate.command-requested", schema: 3,
            time: -7,
            metadata: EventMetadata(
                actor: "José\u{0}x", channel: "mqtt", clientID: "esp\u{0}1", correlation: .make(at: 1),
                causation: .make(at: 2)),
            data: Array(#"{"text":"ü\u0000"}"#.utf8))
        let plain = NewEvent(
            id: .make(at: 6), stream: "t", chain: .telemetry, type: "sensor.reading-recorded", schema: 1, time: .max,
            metadata: EventMetadata(actor: "", channel: ""), data: Array("{}".utf8))
        try await folder.withLog { _ = try await $0.append(AppendRequest(events: [full, plain])) }
        try await folder.withLog { log throws in
            let events = try log.read(after: 0, limit: 10)
            for (event, original) in zip(events, [full, plain]) {
                #expect(event.id == original.id)
                #expect(event.stream == original.stream)
                #expect(event.chain == original.chain)
                #expect(event.type == original.type)
                #expect(event.schema == original.schema)
                #expect(event.time == original.time)
                #expect(event.metadata == original.metadata)
                #expect(event.data == original.data)
                #expect(event.hash.count == 32)
                #expect(event.recorded > 1_700_000_000_000_000)
                #expect(try log.read(id: original.id) == event)
            }
            #expect(try log.verify().isWhole)
        }
    }

    @Test func namesAreToldApartByTheirBytes() async throws {
        // Both look like é, and Swift takes them for equal; in the log they are two streams and two actors.
        let names = ["\u{e9}", "e\u{301}"]
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            for name in names + names {
                try await log.append(AppendRequest(events: [event(1, stream: name, actor: name)]))
            }
            for name in names {
                let events = try log.read(stream: name, afterVersion: 0, limit: 10)
                #expect(events.map(\.version) == [1, 2])
                #expect(events.allSatisfy { Array($0.stream.utf8) == Array(name.utf8) })
                #expect(events.allSatisfy { Array($0.metadata.actor.utf8) == Array(name.utf8) })
            }
            #expect(try log.verify().isWhole)
        }
    }

    @Test func pagesJoin() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            let events = (0..<25).map { event($0, stream: "s/\($0 % 3)", chain: $0 % 5 == 0 ? .journal : .telemetry) }
            try await log.append(AppendRequest(events: events))
            var read: [RecordedEvent] = []
            while true {
                let page = try log.read(after: read.last?.position ?? 0, limit: 4)
                if page.isEmpty { break }
                #expect(page.count <= 4)
                read += page
            }
            #expect(read.map(\.id) == events.map(\.id))
            #expect(try log.read(after: 0, limit: 100, chain: .journal).map(\.position) == [1, 6, 11, 16, 21])
            #expect(try log.read(after: 6, limit: 2, chain: .journal).map(\.position) == [11, 16])
            #expect(try log.read(after: 0, limit: 100, chain: .telemetry).count == 20)
            #expect(try log.read(stream: "s/1", afterVersion: 0, limit: 100).map(\.position).prefix(3) == [2, 5, 8])
            #expect(try log.read(stream: "s/1", afterVersion: 2, limit: 2).map(\.version) == [3, 4])
            #expect(try log.read(stream: "none", afterVersion: 0, limit: 100).isEmpty)
            #expect(try log.read(positions: [25, 99, 1, 3]).map(\.position) == [25, 1, 3])
            #expect(try log.read(id: .make(at: 0)) == nil)
            #expect(try log.read(after: 0, limit: 0).isEmpty)
            #expect(try log.read(after: 0, limit: -1).isEmpty)
            #expect(try log.read(after: .max, limit: 10).isEmpty)
        }
    }

    @Test func statisticsAreTrue() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            let empty = try log.statistics()
            #expect(empty.events == 0)
            #expect(empty.oldest == nil)
            try await log.append(AppendRequest(events: (0..<10).map { event($0) }))
            let statistics = try log.statistics()
            #expect(statistics.events == 10)
            #expect(statistics.oldest == (try log.read(after: 0, limit: 1).first?.recorded))
            #expect(statistics.bytes > 4096)
            #expect(statistics.queued == 0)
            #expect(statistics.failure == nil)
        }
    }
}

@Suite struct FollowTests {
    @Test(.timeLimit(.minutes(2))) func theFeedHasNoSeam() async throws {
        let folder = try LogFolder()
        let count = 3000
        try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: (0..<500).map { event($0) }))
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let results = Results()
                    for number in 500..<count {
                        log.append(AppendRequest(events: [event(number)]), token: 0, to: results)
                        // Lets the followers catch up now and then, so that they wait for the head as well as read behind it.
                        if number % 50 == 0 { _ = await results.all(number - 499) }
                    }
                }
                for (start, batch) in [(0, 7), (0, 1000), (250, 64), (2999, 1)] {
                    group.addTask {
                        var next = Int64(start) + 1
                        do {
                            for try await events in log.follow(after: Int64(start), batch: batch) {
                                #expect(!events.isEmpty && events.count <= batch)
                                #expect(events.map(\.position) == (next..<next + Int64(events.count)).map { $0 })
                                next += Int64(events.count)
                                if next > count { break }
                            }
                        } catch {
                            Issue.record(error)
                        }
                        #expect(next == Int64(count) + 1)
                    }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func theFeedEndsWhenTheLogCloses() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try await log.append(AppendRequest(events: [event(1)]))
        let (batches, arrived) = AsyncStream.makeStream(of: Int.self)
        let follower = Task {
            for try await events in log.follow(after: 0) { arrived.yield(events.count) }
        }
        var iterator = batches.makeAsyncIterator()
        #expect(await iterator.next() == 1)
        await log.close()
        try await follower.value
        var late = log.follow(after: 0).makeAsyncIterator()
        #expect(try await late.next() == nil)
        #expect(await log.nextHead(beyond: 1) == nil)
        #expect(log.waitForHead(beyond: 1, timeout: .seconds(60)) == 1)
    }

    @Test(.timeLimit(.minutes(1))) func theFeedEndsWhenItsTaskIsCancelled() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            let (_, head) = (log, log.head)
            let follower = Task { () -> [RecordedEvent]? in
                var iterator = log.follow(after: head).makeAsyncIterator()
                return try await iterator.next()
            }
            follower.cancel()
            #expect(try await follower.value == nil)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aThreadWaitsForTheHead() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            #expect(log.waitForHead(beyond: 0, timeout: .zero) == 0)
            #expect(log.waitForHead(beyond: 0, timeout: .milliseconds(1)) == 0)
            let results = Results()
            log.append(AppendRequest(events: [event(1)]), token: 0, to: results)
            #expect(log.waitForHead(beyond: 0, timeout: .seconds(60)) == 1)
            #expect(await log.nextHead(beyond: 0) == 1)
        }
    }
}
