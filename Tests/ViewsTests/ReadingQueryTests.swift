import EventLog
import GarageDomain
import Testing
import Views

@Suite struct ReadingQueryTests {
    /// Two sensors, one reading of each quantity every half minute for `count` rounds; the third is out of order.
    private func fill(_ garage: GarageLog, rounds: Int) async throws {
        for round in 0..<rounds {
            let seconds = round == 2 ? 20 : Double(round) * 30
            try await garage.append(
                "sensor/home.dht1", reading(.temperature, 20 + Double(round)), at: seconds, device: "esp1")
            try await garage.append("sensor/home.dht1", reading(.humidity, 50), at: seconds, device: "esp1")
            try await garage.append(
                "sensor/home.dht2", reading(.temperature, -Double(round)), at: seconds, device: "esp2")
        }
    }

    @Test func rawReadingsComeInTheOrderOfTheirTimes() async throws {
        try await GarageLog.with { garage in
            try await fill(garage, rounds: 5)
            let views = try await garage.caughtUpViews()
            let query = ReadingsQuery(sensor: try subject("sensor/home.dht1"), quantity: .temperature, bucket: .raw)
            let answer = try await views.readings(query)
            #expect(answer.points.map(\.mean) == [20, 22, 21, 23, 24])
            #expect(answer.points.map(\.time) == [0, 20, 30, 90, 120].map(GarageLog.at))
            #expect(answer.points.allSatisfy { $0.count == 1 && $0.minimum == $0.mean && $0.maximum == $0.mean })
            #expect(answer.points.allSatisfy { $0.sensor == "home.dht1" && $0.quantity == .temperature })
            #expect(answer.bucket == .raw)
            #expect(answer.next == nil)

            var range = query
            range.from = GarageLog.at(20)
            range.to = GarageLog.at(90)
            #expect(try await views.readings(range).points.map(\.mean) == [22, 21])
            let everything = try await views.readings(ReadingsQuery(bucket: .raw))
            #expect(everything.points.count == 15)
            #expect(everything.points.map(\.time) == everything.points.map(\.time).sorted())
            try views.close()
        }
    }

    @Test func bucketsHoldMeanMinimumMaximumAndCount() async throws {
        try await GarageLog.with { garage in
            // The start is not on a whole hour: buckets begin where the clock says, not where the readings do.
            let sensor = try subject("sensor/home.dht1")
            let begin = GarageLog.start / 3_600_000_000 * 3_600_000_000 + 3_600_000_000
            let offset = Double(begin - GarageLog.start) / 1_000_000
            for (seconds, value) in [(0.0, 10.0), (59.9, 20), (60, 40), (899, 0), (900, 7), (3599, 9), (3600, 100)] {
                try await garage.append(sensor.stream, reading(.temperature, value), at: offset + seconds, device: "e")
            }
            let views = try await garage.caughtUpViews()
            func buckets(_ bucket: Bucket) async throws -> [[Double]] {
                try await views.readings(ReadingsQuery(sensor: sensor, bucket: bucket)).points.map {
                    [
                        Double($0.time.microseconds - begin) / 1_000_000, $0.mean, $0.minimum, $0.maximum,
                        Double($0.count),
                    ]
                }
            }
            #expect(
                try await buckets(.minute) == [
                    [0, 15, 10, 20, 2], [60, 40, 40, 40, 1], [840, 0, 0, 0, 1], [900, 7, 7, 7, 1], [3540, 9, 9, 9, 1],
                    [3600, 100, 100, 100, 1],
                ]
            )
            #expect(
                try await buckets(.quarterHour) == [
                    [0, 17.5, 0, 40, 4], [900, 7, 7, 7, 1], [2700, 9, 9, 9, 1], [3600, 100, 100, 100, 1],
                ]
            )
            #expect(try await buckets(.hour) == [[0, 86.0 / 6, 0, 40, 6], [3600, 100, 100, 100, 1]])
            #expect(try await buckets(.day).map(\.last) == [6, 1])
            // A range takes every bucket that it reaches into as a whole.
            let part = ReadingsQuery(
                sensor: sensor, from: GarageLog.at(offset + 100), to: GarageLog.at(offset + 3600), bucket: .hour
            )
            #expect(try await views.readings(part).points.map(\.count) == [6])
            try views.close()
        }
    }

    @Test(arguments: [Bucket.raw, .minute, .quarterHour], PageRequest.Order.allCases)
    func pagesFollowEachOtherWithoutGapOrRepeat(bucket: Bucket, order: PageRequest.Order) async throws {
        try await GarageLog.with { garage in
            try await fill(garage, rounds: 100)
            let views = try await garage.caughtUpViews()
            var query = ReadingsQuery(bucket: bucket, order: order, limit: 10_000)
            let whole = try await views.readings(query)
            #expect(whole.points.count > 3)
            #expect(whole.next == nil)
            query.limit = 7
            var points: [ReadingPoint] = []
            repeat {
                let page = try await views.readings(query)
                points += page.points
                query.after = page.next
            } while query.after != nil
            #expect(points == whole.points)
            query.order = order == .ascending ? .descending : .ascending
            query.limit = 10_000
            let times = try await views.readings(query).points.map(\.time)
            #expect(times.reversed() == whole.points.map(\.time))
            try views.close()
        }
    }

    @Test func autoPicksTheFinestBucketThatFits() async throws {
        try await GarageLog.with { garage in
            let views = try await garage.caughtUpViews()
            let sensor = try subject("sensor/home.dht1")
            #expect(
                try await views.readings(ReadingsQuery(sensor: sensor))
                    == ReadingsAnswer(points: [], bucket: .raw, next: nil))
            try await fill(garage, rounds: 4)
            try await views.catchUp()
            #expect(try await views.readings(ReadingsQuery()).bucket == .raw)
            // 2100 readings over 1.5 days: by the minute these would be more than 2000 buckets.
            let metadata = EventMetadata(actor: "esp1", channel: "device")
            let events = (0..<2100).map { number in
                NewEvent(
                    id: garage.newID(), stream: sensor.stream, chain: .telemetry, type: "sensor.reading-recorded",
                    schema: 1,
                    time: GarageLog.at(Double(number) * 62).microseconds, metadata: metadata,
                    data: Array(#"{"quantity":"temperature","value":\#(number % 30)}"#.utf8)
                )
            }
            try await garage.append(events)
            try await views.catchUp()
            let answer = try await views.readings(ReadingsQuery(sensor: sensor))
            #expect(answer.bucket == .fiveMinutes)
            #expect(answer.points.filter { $0.quantity == .temperature }.map(\.count).reduce(0, +) == 2104)
            let hour = ReadingsQuery(sensor: sensor, from: GarageLog.at(0), to: GarageLog.at(3600))
            #expect(try await views.readings(hour).bucket == .raw)
            try views.close()
        }
    }

    @Test func extremesAreTheEarliestOfTheirKind() async throws {
        try await GarageLog.with { garage in
            let sensor = try subject("sensor/home.dht1")
            for (seconds, value) in [(1.0, 5.0), (2, -3), (3, 9), (4, -3), (5, 9), (6, 100)] {
                try await garage.append(sensor.stream, reading(.temperature, value), at: seconds, device: "esp1")
            }
            let views = try await garage.caughtUpViews()
            let found = try await views.extremes(
                of: sensor, quantity: .temperature, from: GarageLog.at(0), to: GarageLog.at(6)
            )
            #expect(found?.minimum.mean == -3)
            #expect(found?.minimum.time == GarageLog.at(2))
            #expect(found?.maximum.mean == 9)
            #expect(found?.maximum.time == GarageLog.at(3))
            let none = try await views.extremes(
                of: sensor, quantity: .humidity, from: GarageLog.at(0), to: GarageLog.at(6)
            )
            #expect(none == nil)
            try views.close()
        }
    }

    @Test func extremeRangesAreNoTrap() async throws {
        try await GarageLog.with { garage in
            try await fill(garage, rounds: 1)
            let views = try await garage.caughtUpViews()
            let times = [Int64.min, -1, 0, .max].map { Timestamp(microseconds: $0) }
            for bucket in Bucket.allCases {
                for from in times {
                    for to in times {
                        let query = ReadingsQuery(from: from, to: to, bucket: bucket, limit: .max)
                        let isWide = from.microseconds <= 0 && to.microseconds == .max
                        #expect(try await views.readings(query).points.count == (isWide ? 3 : 0))
                        for place in [Int64.min, .max] {
                            var paged = query
                            paged.after = ReadingsCursor(time: place, tie: place)
                            paged.limit = .min
                            _ = try await views.readings(paged)
                        }
                    }
                }
            }
            try views.close()
        }
    }
}
