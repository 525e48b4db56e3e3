import Dispatch
import EventLog
import Foundation
import GRDB
import GarageDomain
import Synchronization
import Testing

@testable import Views

/// Views that are rebuilt while people look at them and events come in.
@Suite struct RebuildInUseTests {
    /// Readers get answers all the while, the position never goes back, and the end is what a fresh build gives.
    @Test(.timeLimit(.minutes(1)), arguments: [61, 62] as [UInt64])
    func readersAndEventsGoOn(seed: UInt64) async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(400, seed: seed, for: garage))
            let views = try await garage.caughtUpViews()
            let following = Task { try await views.run() }
            let isDone = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var last: Int64 = 0
                    while !isDone.isSet {
                        let position = views.position()
                        #expect(position >= last)
                        last = position
                        let page = try await views.events(EventFilter(), PageRequest(limit: 50))
                        #expect(page.rows.count == 50)
                        _ = try await views.spots()
                    }
                }
                group.addTask {
                    for part in 0..<6 {
                        try await garage.append(Story.events(60, seed: seed * 100 + UInt64(part), for: garage))
                        _ = await views.waitUntilApplied(garage.log.head)
                    }
                }
                group.addTask {
                    defer { isDone.set() }
                    for names in [nil, ["garage"], ["events", "rollups"], nil] {
                        let told = Flag()
                        try await views.rebuild(names) { position, _ in if position > 0 { told.set() } }
                        #expect(told.isSet)
                    }
                }
                try await group.waitForAll()
            }
            #expect(await views.waitUntilApplied(garage.log.head))
            #expect(views.failure() == nil)
            following.cancel()
            // Wakes it, so that it ends.
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 1)
            _ = try await following.value
            try await views.catchUp()
            let answers = try await AllAnswers(views)
            try views.close()
            let names = try FileManager.default.contentsOfDirectory(atPath: garage.folder)
            #expect(!names.contains { $0.contains("-new") })
            try await Views.rebuild(directory: garage.folder, log: garage.log, logger: GarageLog.logger)
            let rebuilt = try garage.openViews()
            #expect(try await AllAnswers(rebuilt) == answers, "seed \(seed)")
            try rebuilt.close()
        }
    }

    @Test func oneAtATimeAndOnlyOfViewsThatExist() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(50, seed: 3, for: garage))
            let views = try await garage.caughtUpViews()
            await #expect(throws: ViewsError.unknownView("weather")) { try await views.rebuild(["weather"]) }
            // The other begins while the first is at work, which waits for it in its first page.
            let (begun, hasBegun) = AsyncStream<Void>.makeStream()
            let isOver = DispatchSemaphore(value: 0)
            async let second: Void = {
                for await _ in begun {
                    await #expect(throws: ViewsError.busy) { try await views.rebuild() }
                    isOver.signal()
                    return
                }
            }()
            try await views.rebuild { _, _ in
                hasBegun.yield()
                hasBegun.finish()
                #expect(isOver.wait(timeout: .now() + 10) == .success)
                isOver.signal()
            }
            await second
            #expect(views.position() == garage.log.head)
            try views.close()
            await #expect(throws: ViewsError.closed) { try await views.rebuild() }
        }
    }

    /// A view that stopped goes on after a rebuild, without a restart.
    @Test func aViewThatStoppedGoesOn() async throws {
        try await GarageLog.with { garage in
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 1)
            let views = try await garage.caughtUpViews()
            let queue = try DatabaseQueue(path: garage.folder + "/views.db")
            try await queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TRIGGER refuse BEFORE INSERT ON stay WHEN NEW.spot = 'A2'
                        BEGIN SELECT RAISE(ABORT, 'no such spot'); END
                        """)
            }
            try queue.close()
            try await garage.append("spot/home.A2", .spotChanged(SpotChanged(occupied: true)), at: 3)
            try await views.catchUp()
            #expect(views.failure() != nil)
            try await views.rebuild()
            #expect(views.failure() == nil)
            #expect(try await views.spots().count == 2)
            try views.close()
        }
    }

    /// Views that may tell what was erased are not used by the next start, whatever happened to the rebuild.
    @Test func condemnedViewsAreBuiltAnew() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(50, seed: 3, for: garage))
            let views = try await garage.caughtUpViews()
            try await views.condemn()
            #expect(try await views.events(EventFilter(), PageRequest()).rows.isEmpty == false, "they still answer")
            try views.close()
            let next = try garage.openViews()
            #expect(next.position() == 0)
            try next.close()
        }
    }
}

/// Something that is so from some moment on.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
}
