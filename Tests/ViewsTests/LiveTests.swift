import EventLog
import GarageDomain
import Testing
import Views

@Suite struct LiveTests {
    /// Runs a body while the views follow the log.
    private func following(_ garage: GarageLog, _ body: (Views) async throws -> Void) async throws {
        let views = try garage.openViews()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await views.run() }
            try await body(views)
            group.cancelAll()
        }
        try views.close()
    }

    @Test func runFollowsTheLog() async throws {
        try await GarageLog.with { garage in
            try await garage.append("gate/home.front", moved(nil, .open), at: 1, device: "esp1")
            try await following(garage) { views in
                #expect(await views.waitUntilApplied(1, within: .seconds(10)))
                let position = try await garage.append("gate/home.front", moved(.open, .closed), at: 2, device: "esp1")
                #expect(await views.waitUntilApplied(position, within: .seconds(10)))
                #expect(try await views.gates().first?.state == .closed)
                #expect(views.failure() == nil)
            }
        }
    }

    @Test func aWaitEndsAtItsDeadline() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            #expect(await !views.waitUntilApplied(1, within: .milliseconds(1)))
            #expect(await !views.waitUntilApplied(1, within: .zero))
            #expect(await views.waitUntilApplied(0, within: .zero))
            let cancelled = Task { await views.waitUntilApplied(1, within: .seconds(600)) }
            cancelled.cancel()
            #expect(await !cancelled.value)
            try views.close()
        }
    }

    /// From a reader far behind through the rows kept in memory to those that come: each event once, in order.
    @Test func liveEventsHaveNoSeam() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(2500, seed: 11, for: garage))
            let early = garage.log.head
            try await following(garage) { views in
                #expect(await views.waitUntilApplied(early, within: .seconds(20)))
                let appender = Task {
                    for number in 0..<200 {
                        try await garage.append(
                            "spot/home.A1", .spotChanged(SpotChanged(occupied: number % 2 == 0)), at: 9e4)
                    }
                }
                let end = early + 200
                for (start, filter) in [(0, EventFilter()), (early - 10, EventFilter()), (0, EventFilter(kind: .spot))]
                {
                    var live = views.liveEvents(after: start, filter: filter)
                    var seen: [EventRow] = []
                    while live.position < end { seen += try await live.next(waitingAtMost: .seconds(10)) }
                    let all = try await views.events(EventFilter(), PageRequest(after: end - 1, order: .ascending)).rows
                    #expect(all.count == 1)
                    #expect(seen.map(\.event.position) == seen.map(\.event.position).sorted())
                    #expect(Set(seen.map(\.event.position)).count == seen.count)
                    if filter == EventFilter() { #expect(seen.count == Int(end - start)) }
                    #expect(seen.allSatisfy(filter.matches))
                    #expect(seen.suffix(200).allSatisfy { $0.event.stream == "spot/home.A1" })
                }
                try await appender.value
            }
        }
    }

    @Test func nothingNewIsAnEmptyAnswerInTime() async throws {
        try await GarageLog.with { garage in
            try await garage.append("gate/home.front", .gateObstructed, at: 1)
            let views = try await garage.caughtUpViews()
            var live = views.liveEvents(after: 0, filter: EventFilter(kind: .spot))
            #expect(try await live.next(waitingAtMost: .milliseconds(20)).isEmpty)
            #expect(live.position == 1)
            var beyond = views.liveEvents(after: .max)
            #expect(try await beyond.next(waitingAtMost: .milliseconds(1)).isEmpty)
            try views.close()
        }
    }

    @Test func endingLiveEventsEndsThemAll() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            let reader = Task {
                var live = views.liveEvents(after: 0)
                _ = try await live.next(waitingAtMost: .seconds(600))
            }
            let waiter = Task { await views.waitUntilApplied(1, within: .seconds(600)) }
            views.endLiveEvents()
            await #expect(throws: CancellationError.self) { try await reader.value }
            #expect(await !waiter.value)
            try views.close()
        }
    }
}
