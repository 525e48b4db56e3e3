import EventLog
import Foundation
import GRDB
import GarageDomain
import Testing

@testable import Views

/// Minutes, hours and days of readings, and how they are kept.
@Suite struct RollupTests {
    private static let sensor = "sensor/home.dht1"

    private func fill(_ garage: GarageLog, from first: Int, to last: Int) async throws {
        for minute in first..<last {
            for (second, value) in [(5.0, 20.0), (25, 30), (45, 10 + Double(minute % 50))] {
                try await garage.append(
                    RollupTests.sensor, reading(.temperature, value), at: Double(minute) * 60 + second, device: "esp1")
            }
        }
    }

    private func all(_ views: Views, _ bucket: Bucket) async throws -> [ReadingPoint] {
        try await views.readings(ReadingsQuery(bucket: bucket, limit: 10_000)).points
    }

    @Test func aMinuteHasFirstAndLastReading() async throws {
        try await GarageLog.with { garage in
            try await fill(garage, from: 0, to: 3)
            let views = try await garage.caughtUpViews()
            // The start is 20 s past a whole minute.
            let points = try await all(views, .minute)
            #expect(points.map(\.count) == [2, 3, 3, 1])
            #expect(points[0].first == 20)
            #expect(points[0].last == 30)
            #expect(points[1].first == 10)
            #expect(points[1].last == 30)
            let hours = try await all(views, .hour)
            #expect(hours.count == 1)
            #expect(hours[0].first == 20)
            #expect(hours[0].last == 12)
            #expect(hours[0].minimum == 10)
            for bucket in [Bucket.fiveMinutes, .quarterHour, .hour, .day] {
                let descending = try await views.readings(ReadingsQuery(bucket: bucket, order: .descending)).points
                #expect(try await all(views, bucket) == descending.reversed())
            }
            try views.close()
        }
    }

    /// What a rebuild can't tell again, because the readings are gone from the log, is taken over.
    @Test func rollupsOutliveTheReadings() async throws {
        try await GarageLog.with { garage in
            try await fill(garage, from: 0, to: 30)
            let fiveDays = 5 * 24 * 60
            try await fill(garage, from: fiveDays, to: fiveDays + 30)
            let views = try await garage.caughtUpViews()
            let buckets: [Bucket] = [.minute, .hour, .day]
            var before: [[ReadingPoint]] = []
            for bucket in buckets { before.append(try await all(views, bucket)) }
            try views.close()
            try await prune(garage, through: 90)

            let log = try EventLog.open(directory: garage.folder, clock: { GarageLog.start })
            // The lists follow the log's pruning, the roll-ups do not.
            let pruned = try Views.open(directory: garage.folder, log: log, logger: GarageLog.logger)
            try await pruned.takeOutPruned()
            #expect(try await all(pruned, .raw).count == 90)
            #expect(try await all(pruned, .hour) == before[1])
            let listed = try await pruned.events(EventFilter(kind: .sensor), PageRequest(order: .ascending))
            #expect(listed.rows.map(\.event.position) == Array(91...180))
            try pruned.close()
            for names in [nil, ["rollups"], ["readings", "events"]] as [[String]?] {
                try await Views.rebuild(names, directory: garage.folder, log: log, logger: GarageLog.logger)
                let rebuilt = try Views.open(directory: garage.folder, log: log, logger: GarageLog.logger)
                #expect(rebuilt.position() == log.head)
                for (bucket, points) in zip(buckets, before) {
                    #expect(try await all(rebuilt, bucket) == points, "\(bucket), \(names ?? [])")
                }
                // A chart over all of it falls back to what there is.
                let chart = try await rebuilt.readings(ReadingsQuery())
                #expect(chart.bucket == .fiveMinutes)
                #expect(chart.points.reduce(0) { $0 + $1.count } == 180)
                if names != ["rollups"] { #expect(try await all(rebuilt, .raw).count == 90) }
                try rebuilt.close()
            }
            for suffix in ViewsFile.suffixes {
                try? FileManager.default.removeItem(atPath: garage.folder + "/views.db" + suffix)
            }
            let fresh = try Views.open(directory: garage.folder, log: log, logger: GarageLog.logger)
            try await fresh.catchUp()
            #expect(try await all(fresh, .hour) == before[1])
            let low = try await fresh.extremes(
                of: try subject(RollupTests.sensor), quantity: .temperature, from: GarageLog.at(0),
                to: GarageLog.at(86_400))
            #expect(low?.minimum.minimum == 10)
            #expect(low?.maximum.maximum == 39)
            try fresh.close()
            await log.close()
        }
    }

    /// Takes the first readings out of the log as pruning does, and closes it.
    private func prune(_ garage: GarageLog, through position: Int64) async throws {
        await garage.log.close()
        let queue = try DatabaseQueue(path: garage.folder + "/events.db")
        try await queue.write { database in
            try database.execute(sql: "DELETE FROM event WHERE chain = 2 AND position <= ?", arguments: [position])
            try database.execute(
                sql: "UPDATE chain SET pruned = ?, anchor_position = ? WHERE id = 2", arguments: [position, position])
        }
        try queue.close()
    }

    @Test func aDamagedFileIsSetAside() async throws {
        try await GarageLog.with { garage in
            try await fill(garage, from: 0, to: 3)
            let views = try await garage.caughtUpViews()
            let before = try await all(views, .minute)
            try views.close()
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: garage.folder + "/rollups.db" + suffix)
            }
            try String(repeating: "no database ", count: 500).write(
                toFile: garage.folder + "/rollups.db", atomically: true, encoding: .utf8)
            let again = try await garage.caughtUpViews()
            #expect(try await all(again, .minute) == before)
            #expect(FileManager.default.fileExists(atPath: garage.folder + "/rollups.db.old1"))
            try again.close()
        }
    }

    @Test func anOlderFileIsBuiltAgain() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(300, seed: 31, for: garage))
            let views = try await garage.caughtUpViews()
            let before = try await AllAnswers(views)
            try views.close()
            let queue = try DatabaseQueue(path: garage.folder + "/views.db")
            try await queue.write { try $0.execute(sql: "DROP TABLE link; PRAGMA user_version = 1") }
            try queue.close()
            let upgraded = try garage.openViews()
            try await upgraded.catchUp()
            #expect(try await AllAnswers(upgraded) == before)
            try upgraded.close()
        }
    }
}
