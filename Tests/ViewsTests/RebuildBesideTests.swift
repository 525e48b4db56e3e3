import EventLog
import Foundation
import GRDB
import GarageDomain
import Testing

@testable import Views

/// Views that are built beside those in use, and views that can't go on.
@Suite struct RebuildBesideTests {
    /// For any history, views that followed it are those that a rebuild gives, all together and one by one.
    @Test(arguments: [51, 52, 53] as [UInt64])
    func aRebuildGivesTheSameAnswers(seed: UInt64) async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            for part in 0..<4 {
                try await garage.append(Story.events(200, seed: seed * 10 + UInt64(part), for: garage))
                try await views.catchUp()
            }
            let before = try await AllAnswers(views)
            let head = garage.log.head
            try views.close()
            for names in [nil] + Views.names.map({ [$0] }) {
                try await Views.rebuild(
                    names, directory: garage.folder, log: garage.log, logger: GarageLog.logger)
                let rebuilt = try garage.openViews()
                #expect(rebuilt.position() == head, "seed \(seed), \(names ?? [])")
                #expect(try await AllAnswers(rebuilt) == before, "seed \(seed), \(names ?? [])")
                try rebuilt.close()
                // Nothing was appended on account of events that were read again.
                #expect(garage.log.head == head)
                #expect(!FileManager.default.fileExists(atPath: garage.folder + "/views-new.db"))
            }
        }
    }

    @Test func aViewThatDoesNotExistIsRefused() async throws {
        try await GarageLog.with { garage in
            await #expect(throws: ViewsError.unknownView("weather")) {
                try await Views.rebuild(
                    ["weather"], directory: garage.folder, log: garage.log, logger: GarageLog.logger)
            }
        }
    }

    /// A view that can't apply an event stops before it and says so; the others go on, and a rebuild brings it back.
    @Test func aViewThatFailsStopsAndSaysWhere() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 1)
            try await views.catchUp()
            let queue = try DatabaseQueue(path: garage.folder + "/views.db")
            try await queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TRIGGER refuse BEFORE INSERT ON stay WHEN NEW.spot = 'A2'
                        BEGIN SELECT RAISE(ABORT, 'no such spot'); END
                        """)
            }
            try queue.close()
            try await garage.append([
                Story.events(3, seed: 7, for: garage)[0]
            ])
            let bad = try await garage.append("spot/home.A2", .spotChanged(SpotChanged(occupied: true)), at: 3)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 4)
            try await views.catchUp()

            #expect(views.position() == garage.log.head)
            let failure = try #require(views.failure())
            #expect(failure.contains("'garage' stopped at event \(bad)"))
            #expect(failure.contains("no such spot"))
            let stopped = try #require(views.status().projections.first { $0.name == "garage" })
            #expect(stopped.position == bad - 1)
            #expect(stopped.stop?.position == bad)
            #expect(views.status().projections.filter { $0.stop == nil }.allSatisfy { $0.position == garage.log.head })
            // Nothing is skipped: what came after is not applied either.
            #expect(try await views.spots().map(\.occupied) == [true])
            #expect(try await views.events(EventFilter(), PageRequest()).rows.count == Int(garage.log.head))
            try views.close()

            try await Views.rebuild(directory: garage.folder, log: garage.log, logger: GarageLog.logger)
            let rebuilt = try garage.openViews()
            #expect(rebuilt.failure() == nil)
            #expect(try await rebuilt.spots().map(\.occupied).contains(true))
            #expect(rebuilt.status().projections.allSatisfy { $0.position == garage.log.head })
            try rebuilt.close()
        }
    }

    /// No query of the log walks through all of it.
    @Test func queriesUseIndexes() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(50, seed: 3, for: garage))
            let views = try await garage.caughtUpViews()
            let plans = try await views.read { database in
                try [
                    """
                    SELECT position FROM event INDEXED BY event_facet WHERE facet = 1 AND position BETWEEN 1 AND 9
                    ORDER BY position DESC LIMIT 3
                    """,
                    "SELECT position, facet, time FROM event WHERE position BETWEEN 1 AND 9 ORDER BY position DESC",
                    """
                    SELECT rowid FROM search_index WHERE search_index MATCH '"abc"' AND rowid BETWEEN 1 AND 9
                    ORDER BY rowid DESC
                    """,
                    "SELECT start FROM rollups.hour WHERE series = 1 AND start >= 1 AND start < 9 ORDER BY start DESC",
                    "SELECT time FROM reading WHERE series = 1 AND time >= 1 AND time < 9 ORDER BY time, position",
                    "SELECT * FROM movement WHERE garage = 'a' AND gate = 'b' AND time < 3 ORDER BY time DESC, position DESC",
                    "SELECT * FROM stay WHERE garage = 'a' AND spot = 'b' AND departure >= 1 ORDER BY departure",
                    "SELECT * FROM stay WHERE arrival_position < 9 ORDER BY arrival_position DESC LIMIT 3",
                    """
                    SELECT * FROM stay WHERE arrival_position < 9 AND garage = 'a' ORDER BY arrival_position DESC LIMIT 3
                    """,
                    "SELECT position FROM link WHERE high = 1 AND low = 2 ORDER BY position",
                ].map { sql in
                    try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                        .joined(separator: "; ")
                }
            }
            for plan in plans {
                #expect(plan.contains("SEARCH") || plan.contains("VIRTUAL TABLE INDEX"), "\(plan)")
                #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
            }
            #expect(plans[0].contains("event_facet"))
            try views.close()
        }
    }

    @Test func statesAreFilters() async throws {
        try await GarageLog.with { garage in
            try await garage.append("gate/home.front", moved(nil, .closed), at: 1, device: "esp1")
            try await garage.append("gate/home.front", moved(.closed, .opening), at: 2, device: "esp1")
            try await garage.append("gate/home.front", moved(.opening, .open), at: 3, device: "esp1")
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 4)
            let views = try await garage.caughtUpViews()
            for (state, positions) in [("open", [3]), ("closed", [1]), ("occupied", [4]), ("ajar", [])]
                as [(String, [Int64])]
            {
                let page = try await views.events(EventFilter(state: state), PageRequest())
                #expect(page.rows.map(\.event.position) == positions)
                #expect(page.rows.allSatisfy(EventFilter(state: state).matches))
            }
            try views.close()
        }
    }
}
