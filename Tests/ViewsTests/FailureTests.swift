import EventLog
import GRDB
import GarageDomain
import Testing
import Views

@Suite struct FailureTests {
    /// Somebody else holds the file's write lock for a while: the views say so, wait, and miss nothing.
    @Test func aPageThatCanNotBeWrittenIsTriedAgain() async throws {
        try await GarageLog.with { garage in
            let views = try garage.openViews()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await views.run() }
                try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 1)
                #expect(await views.waitUntilApplied(1, within: .seconds(10)))

                var configuration = Configuration()
                configuration.allowsUnsafeTransactions = true
                let other = try DatabaseQueue(path: garage.folder + "/views.db", configuration: configuration)
                try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                for number in 2...30 {
                    try await garage.append(
                        "spot/home.A1", .spotChanged(SpotChanged(occupied: number % 2 == 1)), at: Double(number))
                }
                try await eventually { views.failure() != nil }
                #expect(views.position() == 1)
                #expect(try await views.spots().map(\.occupied) == [true])

                try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                try other.close()
                #expect(await views.waitUntilApplied(30, within: .seconds(20)))
                try await eventually { views.failure() == nil }
                #expect(try await views.events(EventFilter(), PageRequest()).rows.count == 30)
                #expect(try await views.spots().map(\.occupied) == [false])
                group.cancelAll()
            }
            try views.close()
        }
    }

    /// A file whose tables are broken is found out at the next start at the latest.
    @Test(arguments: ["DROP TABLE reading", "DROP TABLE checkpoint", "PRAGMA user_version = 999", "DELETE FROM log"])
    func aFileWithOtherTablesIsBuiltAgain(change: String) async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(60, seed: 8, for: garage))
            let first = try await garage.caughtUpViews()
            let before = try await AllAnswers(first)
            try first.close()
            let other = try DatabaseQueue(path: garage.folder + "/views.db")
            try await other.write { try $0.execute(sql: change) }
            try other.close()
            let views = try await garage.caughtUpViews()
            #expect(try await AllAnswers(views) == before)
            try views.close()
        }
    }
}
