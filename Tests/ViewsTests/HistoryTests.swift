import EventLog
import GarageDomain
import GarageEvents
import Testing
import Views

/// What happened to gates, spots and alerts over time.
@Suite struct HistoryTests {
    private static func ms(_ seconds: Double) -> Int64 { Int64(seconds * 1000) }

    @Test func aTimelineSaysHowLongEachStateLastedAndWhoCausedIt() async throws {
        try await GarageLog.with { garage in
            let gate = try subject("gate/home.front")
            try await garage.append("gate/home.front", moved(nil, .closed), at: 10, device: "esp1")
            try await garage.append(
                "gate/home.front",
                .commandRequested(
                    CommandRequested(commandID: "c1", action: .open, expiresAt: GarageLog.at(200))),
                at: 100, actor: "ana", channel: "page")
            try await garage.append("gate/home.front", moved(.closed, .opening, command: "c1"), at: 101, device: "esp1")
            try await garage.append("gate/home.front", moved(.opening, .open, command: "c1"), at: 115, device: "esp1")
            try await garage.append("gate/home.front", moved(.open, .closing), at: 400, device: "esp1")
            try await garage.append("gate/home.front", moved(.closing, .closed), at: 420, device: "esp1")
            let views = try await garage.caughtUpViews()

            let all = try await views.timeline(of: gate, from: GarageLog.at(0), to: GarageLog.at(1000))
            #expect(all.spans.map(\.state) == [.closed, .opening, .open, .closing, .closed])
            #expect(all.spans.map(\.milliseconds) == [91_000, 14_000, 285_000, 20_000, nil])
            #expect(all.spans.map(\.actor) == ["esp1", "ana", "ana", "esp1", "esp1"])
            #expect(all.spans.map(\.channel) == ["device", "page", "page", "device", "device"])
            #expect(all.spans.map(\.isFirstReport) == [true, false, false, false, false])
            #expect(!all.isCut)

            // The state in which a range begins belongs to it, and what ends later says when.
            let part = try await views.timeline(of: gate, from: GarageLog.at(200), to: GarageLog.at(401))
            #expect(part.spans.map(\.state) == [.open, .closing])
            #expect(part.spans.map(\.milliseconds) == [285_000, 20_000])
            let cut = try await views.timeline(of: gate, from: GarageLog.at(0), to: GarageLog.at(1000), limit: 2)
            #expect(cut.spans.map(\.state) == [.closing, .closed])
            #expect(cut.isCut)
            #expect(try await views.timeline(of: gate, from: GarageLog.at(0), to: GarageLog.at(5)).spans.isEmpty)

            let usage = try await views.usage(
                of: gate, boundaries: [0, 100, 200, 500].map { GarageLog.at($0) }, now: GarageLog.at(450))
            #expect(usage.map(\.openMilliseconds) == [0, 99_000, 220_000])
            #expect(usage.map(\.unknownMilliseconds) == [10_000, 0, 50_000])
            #expect(usage.map(\.openings) == [0, 1, 0])
            try views.close()
        }
    }

    /// What lasts while the clock is set lasts no longer and no shorter for it, and a rebuild says the same.
    @Test(arguments: [3600, -3600] as [Double]) func aClockThatIsSetDoesNotChangeHowLongThingsLast(jump: Double)
        async throws
    {
        try await GarageLog.with { garage in
            let (gate, spot) = (try subject("gate/home.front"), try subject("spot/home.A1"))
            try await garage.append("gate/home.front", moved(.closed, .opening), at: 9990, device: "esp1")
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 9995, device: "esp1")
            let change = ClockChanged(milliseconds: Int64(jump * 1000))
            try await garage.append("garage/home.home", .clockChanged(change), at: 10_000 + jump)
            var views = try await garage.caughtUpViews()
            #expect(try await views.gate(gate)?.since == GarageLog.at(9990 + jump))
            #expect(try await views.spots().map(\.since) == [GarageLog.at(9995 + jump)])
            try await garage.append("gate/home.front", moved(.opening, .open), at: 10_004 + jump, device: "esp1")
            try await garage.append(
                "spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 10_015 + jump, device: "esp1")
            try await views.catchUp()
            for _ in 0..<2 {
                let stays = try await views.stays(spot: spot, limit: 10).stays
                #expect(stays.map(\.milliseconds) == [20_000])
                let spans = try await views.timeline(of: gate, from: GarageLog.at(0), to: GarageLog.at(20_000)).spans
                if jump > 0 { #expect(spans.map(\.milliseconds) == [14_000, nil]) }
                #expect(try await views.gate(gate)?.since == GarageLog.at(10_004 + jump))
                try views.close()
                try await Views.rebuild(directory: garage.folder, log: garage.log, logger: GarageLog.logger)
                views = try await garage.caughtUpViews()
            }
            try views.close()
        }
    }

    /// A gate that is heard of for the first time has not been moved by anyone.
    @Test func aFirstReportIsNoMovement() async throws {
        try await GarageLog.with { garage in
            let gate = try subject("gate/home.front")
            try await garage.append("gate/home.front", moved(nil, .open), at: 1, device: "esp1")
            let views = try await garage.caughtUpViews()
            let first = try #require(try await views.gate(gate))
            #expect(first.state == .open)
            #expect(first.since == GarageLog.at(1))
            #expect(first.lastMovement == nil)
            try await garage.append("gate/home.front", moved(.open, .closing), at: 2, device: "esp1")
            try await views.catchUp()
            #expect(try await views.gate(gate)?.lastMovement?.to == .closing)
            try views.close()
        }
    }

    @Test func staysHaveArrivalAndDeparture() async throws {
        try await GarageLog.with { garage in
            func park(_ spot: String, _ occupied: Bool, at seconds: Double) async throws {
                try await garage.append(
                    "spot/home.\(spot)", .spotChanged(SpotChanged(occupied: occupied)), at: seconds, device: "esp1")
            }
            try await park("A1", false, at: 0)
            try await park("A2", false, at: 0)
            try await park("A1", true, at: 600)
            try await park("A2", true, at: 900)
            try await park("A1", true, at: 1000)
            try await park("A1", false, at: 4200)
            try await park("A1", true, at: 5000)
            try await park("A1", false, at: 4900)
            let views = try await garage.caughtUpViews()
            let page = try await views.stays(limit: 2)
            #expect(page.stays.map(\.spot.id) == ["home.A1", "home.A2"])
            #expect(page.stays.map(\.milliseconds) == [0, nil])
            #expect(page.hasMore)
            let rest = try await views.stays(before: page.stays.last?.arrivalPosition, limit: 2)
            #expect(rest.stays.map(\.milliseconds) == [3_600_000])
            #expect(!rest.hasMore)

            let summary = try await views.parkingSummary(
                garage: Name(nearest: "home"), from: GarageLog.at(0), to: GarageLog.at(86_400), now: GarageLog.at(7200))
            #expect(summary.spots == 2)
            #expect(summary.arrivals == 3)
            #expect(summary.completed == 2)
            #expect(summary.meanStayMilliseconds == 1_800_000)
            #expect(summary.longestStayMilliseconds == 3_600_000)
            #expect(summary.occupiedMilliseconds == 3_600_000 + 6_300_000)
            #expect(summary.knownMilliseconds == 2 * 7_200_000)
            #expect(try await views.stays(garage: Name(nearest: "beach")).stays.isEmpty)
            try views.close()
        }
    }

    /// 2023-11-14 22:13:20 UTC was a Tuesday; in São Paulo the day began three hours later.
    @Test func occupancyFollowsTheSitesHours() async throws {
        try await GarageLog.with { garage in
            let toMidnight = 6400.0
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 0)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: toMidnight - 900)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: toMidnight + 3600)
            let views = try await garage.caughtUpViews()
            let end = GarageLog.at(toMidnight + 7200)
            let utc = try await views.occupancyPattern(from: GarageLog.at(0), to: end, now: end) { _ in 0 }
            #expect(utc.shares[1][22] == 0)
            #expect(utc.shares[1][23] == 0.25)
            #expect(utc.shares[2][0] == 1)
            #expect(utc.shares[2][1] == 0)
            #expect(utc.shares[2][2] == nil)
            #expect(utc.shares[0].allSatisfy { $0 == nil })
            let local = try await views.occupancyPattern(from: GarageLog.at(0), to: end, now: end) { _ in -10_800 }
            #expect(local.shares[1][21] == 1)
            #expect(local.shares[1][20] == 0.25)
            #expect(local.shares[2].allSatisfy { $0 == nil })
            try views.close()
        }
    }

    @Test func alertsAreRaisedAcknowledgedAndCleared() async throws {
        try await GarageLog.with { garage in
            let long = Alert(condition: "open-too-long", text: "The gate is open")
            let silent = Alert(condition: "silent", text: "Not heard of")
            let first = try await garage.append("gate/home.front", .alertRaised(long), at: 1)
            let second = try await garage.append("gate/home.front", .alertRaised(silent), at: 2)
            let other = try await garage.append("gate/home.back", .alertRaised(long), at: 3)
            for actor in ["ana", "rui"] {
                try await garage.append(
                    "gate/home.front", .eventAcknowledged(Acknowledgement(position: first)), at: 4, actor: actor,
                    channel: "page")
            }
            try await garage.append("gate/home.front", .alertCleared(long), at: 5)
            let views = try await garage.caughtUpViews()
            #expect(try await views.openAlerts().map(\.position) == [other, second])
            let all = try await views.alerts()
            #expect(all.map(\.position) == [other, second, first])
            #expect(all.last?.cleared == GarageLog.at(5))
            #expect(all.last?.acknowledgement?.actor == "ana")
            #expect(all.last?.acknowledgement?.time == GarageLog.at(4))
            #expect(try await views.alert(at: second)?.acknowledgement == nil)
            #expect(try await views.acknowledgement(of: first)?.actor == "ana")
            #expect(try await views.alert(at: 99) == nil)
            #expect(try await views.alerts(before: second).map(\.position) == [first])
            try views.close()
        }
    }

    @Test func anEventKnowsItsNeighboursAndItsUndertaking() async throws {
        try await GarageLog.with { garage in
            let gate = try subject("gate/home.front")
            let request = garage.newID()
            func event(_ body: EventBody, _ seconds: Double, id: EventID? = nil) -> NewEvent {
                EventCoding.encode(
                    DomainEvent(gate, body), id: id ?? garage.newID(), time: GarageLog.at(seconds).microseconds,
                    metadata: EventMetadata(actor: "ana", channel: "page", correlation: request))
            }
            try await garage.append("gate/home.front", moved(nil, .closed), at: 1, device: "esp1")
            let expiry = GarageLog.at(20)
            try await garage.append([
                event(
                    .commandRequested(CommandRequested(commandID: "c", action: .open, expiresAt: expiry)), 2,
                    id: request)
            ])
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 3)
            try await garage.append([event(moved(.closed, .opening, command: "c"), 4)])
            try await garage.append([event(moved(.opening, .open, command: "c"), 5)])
            try await garage.append("gate/home.front", moved(.open, .closing), at: 6, device: "esp1")
            let views = try await garage.caughtUpViews()
            for position in [Int64(2), 4, 5] {
                #expect(try await views.related(to: position).map(\.event.position) == [2, 4, 5])
            }
            #expect(try await views.related(to: 3).map(\.event.position) == [3])
            #expect(try await views.related(to: 77).isEmpty)
            let around = try await views.neighbours(of: 4, count: 2)
            #expect(around.before.map(\.event.position) == [1, 2])
            #expect(around.after.map(\.event.position) == [5, 6])
            #expect(try await views.neighbours(of: 3).before.isEmpty)
            #expect(try await views.neighbours(of: 77).after.isEmpty)
            try views.close()
        }
    }

    @Test func daysOfASensorAreSummedUp() async throws {
        try await GarageLog.with { garage in
            let sensor = try subject("sensor/home.dht1")
            for (value, seconds) in [(20.0, 10.0), (30, 1000), (25, 3000), (5, 90_000)] {
                try await garage.append("sensor/home.dht1", reading(.temperature, value), at: seconds, device: "esp1")
            }
            let views = try await garage.caughtUpViews()
            let day = 86_400_000_000 as Int64
            let midnight = GarageLog.start / day * day
            let days = (0...3).map { Timestamp(microseconds: midnight + Int64($0) * day) }
            let found = try await views.summaries(of: sensor, quantity: .temperature, boundaries: days)
            #expect(found.map(\.from) == [days[0], days[1]])
            #expect(found.map(\.minimum) == [20, 5])
            #expect(found.map(\.maximum) == [30, 5])
            #expect(found.map(\.mean) == [25, 5])
            #expect(found.map(\.count) == [3, 1])
            #expect(try await views.summaries(of: sensor, quantity: .humidity, boundaries: days).isEmpty)
            try views.close()
        }
    }

    @Test func aDeviceSaysWhatItReportsFor() async throws {
        try await GarageLog.with { garage in
            try await garage.append("sensor/home.dht1", reading(.humidity, 50), at: 1, device: "esp1")
            try await garage.append("gate/home.front", moved(nil, .open), at: 2, device: "esp1")
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 3, device: "pi")
            let views = try await garage.caughtUpViews()
            let devices = try await views.devices()
            #expect(devices.map(\.subject.id) == ["home.esp1", "home.pi"])
            #expect(
                devices.map { $0.reportsFor.map(\.stream) } == [
                    ["gate/home.front", "sensor/home.dht1"], ["spot/home.A1"],
                ])
            try views.close()
        }
    }
}
