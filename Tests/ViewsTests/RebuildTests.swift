import EventLog
import Foundation
import GarageDomain
import Synchronization
import Testing
import Views

/// `views.db` follows from the log alone.
@Suite struct RebuildTests {
    @Test func deletingTheFileGivesTheSameAnswers() async throws {
        try await GarageLog.with { garage in
            // In several requests with the views following, so that the pages differ from those of the rebuild.
            let views = try garage.openViews()
            for seed in 1...6 {
                try await garage.append(Story.events(260, seed: UInt64(seed), for: garage))
                try await views.catchUp()
            }
            try await garage.append("gate/home.front", moved(nil, .open), at: 99_999, device: "esp1")
            try await views.catchUp()
            let before = try await AllAnswers(views)
            try views.close()
            #expect(before.gates.count == 4)
            #expect(before.readings.contains { !$0.points.isEmpty })

            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: garage.folder + "/views.db" + suffix)
            }
            let rebuilt = try await garage.caughtUpViews()
            #expect(try await AllAnswers(rebuilt) == before)
            try rebuilt.close()

            let reopened = try garage.openViews()
            #expect(reopened.position() == garage.log.head)
            #expect(try await AllAnswers(reopened) == before)
            try reopened.close()
        }
    }

    @Test func theCutOfThePagesDoesNotMatter() async throws {
        try await GarageLog.with { whole in
            try await GarageLog.with { stepwise in
                try await whole.append(Story.events(150, seed: 9, for: whole))
                let views = try stepwise.openViews()
                for event in Story.events(150, seed: 9, for: stepwise) {
                    try await stepwise.append([event])
                    try await views.catchUp()
                }
                let all = try await whole.caughtUpViews()
                #expect(try await all.gates() == views.gates())
                #expect(try await all.sensors() == views.sensors())
                #expect(try await all.spots() == views.spots())
                #expect(try await all.devices() == views.devices())
                let query = ReadingsQuery(bucket: .day, limit: 5000)
                #expect(try await all.readings(query) == views.readings(query))
                try all.close()
                try views.close()
            }
        }
    }

    /// From far behind the views take larger pages; the answers are those of views that were always close.
    @Test func catchingUpFromFarBehindGivesTheSameAnswers() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            for seed in 21...26 {
                try await garage.append(Story.events(1100, seed: UInt64(seed), for: garage))
                try await views.catchUp()
            }
            let before = try await AllAnswers(views)
            try views.close()
            try FileManager.default.removeItem(atPath: garage.folder + "/views.db")
            let rebuilt = try garage.openViews()
            let positions = Mutex<[Int64]>([])
            try await rebuilt.catchUp { position, head in positions.withLock { $0 += [position, head] } }
            #expect(positions.withLock { $0.suffix(2) } == [garage.log.head, garage.log.head])
            #expect(try await AllAnswers(rebuilt) == before)
            try rebuilt.close()
        }
    }

    @Test(arguments: ["not a database at all", "SQLite format 3\u{0}but no more than that"])
    func aDamagedFileIsBuiltAgain(content: String) async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(50, seed: 3, for: garage))
            let text = content + String(repeating: "x", count: 4096)
            try text.write(toFile: garage.folder + "/views.db", atomically: true, encoding: .utf8)
            let views = try await garage.caughtUpViews()
            #expect(views.position() == garage.log.head)
            #expect(try await views.events(EventFilter(), PageRequest(limit: 1000)).rows.count == Int(garage.log.head))
            try views.close()
        }
    }

    @Test func theFileOfAnotherLogIsBuiltAgain() async throws {
        try await GarageLog.with { other in
            try await GarageLog.with { garage in
                try await other.append(Story.events(80, seed: 5, for: other))
                let foreign = try await other.caughtUpViews()
                try foreign.close()
                try FileManager.default.copyItem(
                    atPath: other.folder + "/views.db", toPath: garage.folder + "/views.db")
                try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 1)
                let views = try garage.openViews()
                #expect(views.position() == 0)
                try await views.catchUp()
                #expect(try await views.spots().map(\.subject.id) == ["home.A1"])
                #expect(try await views.gates().isEmpty)
                try views.close()
            }
        }
    }

    @Test func aLogThatWentBackIsReadAgain() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(30, seed: 5, for: garage))
            await garage.log.close()
            let files = FileManager.default
            try files.copyItem(atPath: garage.folder + "/events.db", toPath: garage.folder + "/backup.db")
            var log = try EventLog.open(directory: garage.folder, clock: { GarageLog.start })
            _ = try await log.append(AppendRequest(events: Story.events(20, seed: 6, for: garage)))
            let ahead = try Views.open(directory: garage.folder, log: log, logger: GarageLog.logger)
            try await ahead.catchUp()
            try ahead.close()
            await log.close()

            for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: garage.folder + "/events.db" + suffix) }
            try files.moveItem(atPath: garage.folder + "/backup.db", toPath: garage.folder + "/events.db")
            log = try EventLog.open(directory: garage.folder, clock: { GarageLog.start })
            // As long as before, but with other events.
            _ = try await log.append(AppendRequest(events: Story.events(25, seed: 7, for: garage)))
            let views = try Views.open(directory: garage.folder, log: log, logger: GarageLog.logger)
            #expect(views.position() == 0)
            try await views.catchUp()
            #expect(views.position() == log.head)
            try views.close()
            await log.close()
        }
    }

    @Test func aFolderThatIsMissingIsAnError() async throws {
        try await GarageLog.with { garage in
            #expect(throws: ViewsError.self) {
                try Views.open(directory: garage.folder + "/nowhere", log: garage.log, logger: GarageLog.logger)
            }
        }
    }

    @Test func closedViewsSaySo() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            try views.close()
            await #expect(throws: ViewsError.closed) { try await views.gates() }
        }
    }
}
