import GarageDomain
import Simulator
import Testing

/// What holds at every moment of a simulated week in the mini garage.
@Suite struct WeekTests {
    static let week = ModelRun.entries(ModelSettings(seed: 7), hours: 7 * 24)
    static let gates = ["front", "back"]
    static let spots = ["A", "B"].flatMap { row in (1...6).map { "\(row)\($0)" } }

    @Test func usesOnlyTheTopicsOfTheContract() {
        let topics = Set(WeekTests.week.compactMap(\.message?.topic))
        var expected: Set<String> = [
            "garage/home/sensor/entrance/temperature", "garage/home/sensor/entrance/humidity",
            "garage/home/sensor/ramp", "garage/home/sensor/roof/temperature", "garage/home/sensor/roof/humidity",
        ]
        for gate in WeekTests.gates {
            expected.insert("garage/home/gate/\(gate)/state")
            expected.insert("garage/home/gate/\(gate)/obstruction")
        }
        for spot in WeekTests.spots { expected.insert("garage/home/spot/\(spot)/state") }
        #expect(topics == expected)
        #expect(WeekTests.week.allSatisfy { $0.message?.isAcknowledged == true && $0.message?.retain == false })
    }

    @Test(arguments: gates) func gateStatesFollowEachOtherLegally(gate: String) {
        let changes = WeekTests.week.changes(of: "garage/home/gate/\(gate)/state")
        let legal: [String: Set<String>] = [
            "closed": ["opening"], "opening": ["open"], "open": ["closing"], "closing": ["closed", "opening"],
        ]
        #expect(changes.count > 200)
        for (before, after) in zip(changes, changes.dropFirst()) {
            #expect(legal[before.text]?.contains(after.text) == true, "\(before.text) → \(after.text)")
        }
    }

    @Test(arguments: gates) func gatesTakeTheirTimeAndCloseAgain(gate: String) {
        let changes = WeekTests.week.changes(of: "garage/home/gate/\(gate)/state")
        for (before, after) in zip(changes, changes.dropFirst()) {
            let took = after.time.milliseconds(since: before.time)
            switch (before.text, after.text) {
            case ("opening", "open"): #expect((1...15_000).contains(took))
            case ("closing", "closed"): #expect((13_000...15_000).contains(took))
            case ("open", "closing"): #expect((20_000...600_000).contains(took))
            default: break
            }
        }
    }

    @Test func spotsAreTakenOnlyShortlyAfterTheEntranceWasOpen() throws {
        var lastOpen: Timestamp?
        var isOpen = false
        var known: [String: String] = [:]
        var taken = 0
        for entry in WeekTests.week {
            guard let message = entry.message else { continue }
            if message.topic == "garage/home/gate/front/state" {
                if isOpen { lastOpen = entry.time }
                isOpen = message.text == "open"
            } else if message.topic.contains("/spot/") {
                let before = known.updateValue(message.text, forKey: message.topic)
                guard message.text == "occupied", before == "free" else { continue }
                taken += 1
                let sinceOpen = isOpen ? 0 : try #require(lastOpen).distance(to: entry.time)
                #expect(sinceOpen <= 30_000, "\(message.topic) at \(entry.time)")
            }
        }
        #expect(taken > 300)
    }

    @Test(arguments: spots) func aSpotIsTakenAndFreedInTurn(spot: String) {
        // Every change is published when it happens, so within the repetitions of a state nothing is missing.
        let topic = "garage/home/spot/\(spot)/state"
        let texts = WeekTests.week.compactMap(\.message).filter { $0.topic == topic }.map(\.text)
        #expect(Set(texts) == ["occupied", "free"])
        let stays = WeekTests.week.changes(of: topic)
        #expect(stays.count > 20)
        for (before, after) in zip(stays, stays.dropFirst()) where before.text == "occupied" {
            #expect((1000...9 * ModelRun.hour).contains(after.time.milliseconds(since: before.time)))
        }
    }

    @Test func moreCarsComeByDayThanByNight() {
        var night = 0
        var day = 0
        for spot in WeekTests.spots {
            for change in WeekTests.week.changes(of: "garage/home/spot/\(spot)/state") where change.text == "occupied" {
                let hour = change.time.milliseconds(since: ModelRun.monday) / ModelRun.hour % 24
                if (1...4).contains(hour) { night += 1 }
                if (12...15).contains(hour) { day += 1 }
            }
        }
        #expect(day > 3 * night)
    }

    @Test func temperaturesFollowTheDay() throws {
        var byHour = Array(repeating: [Double](), count: 24)
        for entry in WeekTests.week {
            guard let message = entry.message, message.topic == "garage/home/sensor/roof/temperature" else { continue }
            let value = try #require(Double(message.text))
            #expect((0...35).contains(value))
            byHour[Int(entry.time.milliseconds(since: ModelRun.monday) / ModelRun.hour % 24)].append(value)
        }
        let means = byHour.map { $0.reduce(0, +) / Double($0.count) }
        #expect(means[15] - means[3] > 3)
        let count = byHour.map(\.count).reduce(0, +)
        #expect((19_900...20_400).contains(count), "a reading every 30 seconds, not \(count) in a week")
    }

    @Test func temperatureNeverJumps() throws {
        let topic = "garage/home/sensor/entrance/temperature"
        let values = WeekTests.week.compactMap(\.message).filter { $0.topic == topic }.compactMap { Double($0.text) }
        for (before, after) in zip(values, values.dropFirst()) { #expect(abs(before - after) < 0.6) }
    }

    @Test func humidityStaysInTheRangeOfADHT11AndMovesAgainstTemperature() throws {
        let messages = WeekTests.week.compactMap(\.message)
        let humidities = messages.filter { $0.topic.hasSuffix("/humidity") }
        #expect(!humidities.isEmpty)
        for message in humidities { #expect((20...90).contains(try #require(Int(message.text)))) }
        let temperature = messages.filter { $0.topic.hasSuffix("roof/temperature") }.compactMap { Double($0.text) }
        let humidity = messages.filter { $0.topic.hasSuffix("roof/humidity") }.compactMap { Double($0.text) }
        let warm = temperature.reduce(0, +) / Double(temperature.count)
        let damp = humidity.reduce(0, +) / Double(humidity.count)
        let product = zip(temperature, humidity).map { ($0 - warm) * ($1 - damp) }.reduce(0, +)
        #expect(product < 0)
    }

    @Test func statesAreRepeatedEveryFewMinutes() {
        for topic in ["garage/home/gate/back/state", "garage/home/spot/B6/state"] {
            let times = WeekTests.week.filter { $0.message?.topic == topic }.map(\.time)
            for (before, after) in zip(times, times.dropFirst()) {
                #expect(after.milliseconds(since: before) <= 210_000)
            }
        }
    }

    @Test(arguments: [0, 1, 3]) func anyNumberOfGatesWillDo(gates: Int) {
        let entries = ModelRun.entries(ModelSettings(seed: 3, gates: gates, spots: 8, sensors: 1), hours: 24)
        let taken = entries.filter { $0.message?.topic.contains("/spot/") == true && $0.message?.text == "occupied" }
        #expect(!taken.isEmpty)
        let topics = Set(
            entries.compactMap(\.message?.topic).filter { $0.contains("/gate/") && $0.hasSuffix("/state") })
        #expect(topics.count == gates)
    }

    @Test func speedShortensStaysAndLeavesMachinesAlone() {
        let entries = ModelRun.entries(ModelSettings(seed: 7, speed: 60), hours: 1)
        let slow = ModelRun.entries(ModelSettings(seed: 7), hours: 1)
        func count(_ entries: [ModelRun.Entry], _ part: String) -> Int {
            entries.filter { $0.message?.topic.contains(part) == true }.count
        }
        #expect(count(entries, "/spot/") > 2 * count(slow, "/spot/"))
        #expect(abs(count(entries, "/sensor/") - count(slow, "/sensor/")) < 15)
        let gate = entries.changes(of: "garage/home/gate/front/state")
        for (before, after) in zip(gate, gate.dropFirst()) where before.text == "closing" && after.text == "closed" {
            #expect(after.time.milliseconds(since: before.time) >= 13_000)
        }
    }

    @Test func aDemoShowsLifeWithinTheFirstMinuteAtAnyHour() {
        for hour in 0..<24 as Range<Int64> {
            var run = ModelRun(ModelSettings(seed: UInt64(hour)), startingAt: ModelRun.after(hour * ModelRun.hour))
            run.advance(to: ModelRun.after(hour * ModelRun.hour + 60_000))
            let topics = Set(run.messages.map(\.topic))
            #expect(topics.contains("garage/home/gate/front/state"))
            #expect(topics.contains { $0.contains("/spot/") })
        }
    }
}

extension Timestamp {
    fileprivate func distance(to later: Timestamp) -> Int64 { later.milliseconds(since: self) }
}
