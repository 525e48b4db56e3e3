import Charts
import Foundation
import GarageDomain
import Testing
import Views

@testable import Web

/// The pages about the past.
@Suite struct HistoryPageTests {
    private let clock: SiteClock
    private let newYork: SiteClock

    init() throws {
        clock = SiteClock(timeZone: try #require(TimeZone(identifier: "America/Sao_Paulo")))
        newYork = SiteClock(timeZone: try #require(TimeZone(identifier: "America/New_York")))
    }

    private func range(_ query: String) -> PageRange { PageRange(FormFields.read(query), standard: .day) }

    private func moment(_ text: String) throws -> Timestamp { try #require(Instant.time(text)) }

    @Test(arguments: [("", 1), ("range=week", 7), ("range=month", 30), ("range=year", 365), ("range=x", 1)])
    func rangesEndNow(query: String, days: Int64) {
        let (from, to) = range(query).moments(in: clock, at: SampleTime.now)
        #expect(SampleTime.now.milliseconds(since: from) == days * 86_400_000)
        #expect(to > SampleTime.now)
        #expect(range(query).includesFuture(in: clock, at: SampleTime.now))
    }

    @Test func ownRangesAreWholeLocalDays() throws {
        let own = range("range=custom&from=2026-11-03&to=2026-11-01")
        let (from, to) = own.moments(in: clock, at: SampleTime.now)
        #expect(from == (try moment("2026-11-01T00:00:00-03:00")))
        #expect(to == (try moment("2026-11-04T00:00:00-03:00")))
        #expect(!own.includesFuture(in: clock, at: SampleTime.now))
        #expect(range("range=custom&from=2026-11-20").query == "range=custom&from=2026-11-20")
        #expect(range("range=custom&from=&to=x").span == .day)
        #expect(range("from=2026-11-20").span == .day)
        #expect(range(own.query) == own)
    }

    /// On 2026-03-08 New York's day has 23 hours, on 2026-11-01 it has 25.
    @Test(arguments: [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-01", 24)])
    func daysFollowDaylightSaving(day: String, hours: Int64) throws {
        let (from, to) = range("range=custom&from=\(day)&to=\(day)").moments(in: newYork, at: SampleTime.now)
        #expect(to.milliseconds(since: from) == hours * 3_600_000)
        let text = PageText(
            words: try Wording(.english, files: .embedded), clock: newYork, now: SampleTime.now, assets: "")
        let labels = TimeAxis.ticks(from: from, to: to, .wide, in: text).map(\.label)
        #expect(labels == ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"])
    }

    @Test(
        arguments: [
            (3600, "1m"), (86_400, "5m"), (604_800, "15m"), (2_592_000, "1h"), (31_536_000, "1d"),
        ] as [(Int64, String)])
    func noChartHasTooManyPoints(seconds: Int64, bucket: String) {
        let from = Timestamp(microseconds: 0)
        let found = PageRange.bucket(from: from, to: from.adding(milliseconds: seconds * 1000))
        #expect(found.bucket.rawValue == bucket)
    }

    @Test func longRangesHaveMonths() throws {
        let text = PageText(
            words: try Wording(.portuguese, files: .embedded), clock: clock, now: SampleTime.now, assets: "")
        let from = try moment("2025-11-22T15:00:00-03:00")
        let labels = TimeAxis.ticks(from: from, to: SampleTime.now, .wide, in: text).map(\.label)
        #expect(labels.count == 12)
        #expect(labels.contains { $0.contains("2026") })
    }

    @Test func theGatePageTellsEachState() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let start = SampleTime.now.adding(milliseconds: -7_200_000)
        garage.change { content in
            content.spans = [
                GateSpan(
                    state: .closed, start: start, end: start.adding(milliseconds: 3_600_000), position: 1,
                    actor: "esp1", channel: "device", commandID: nil, isFirstReport: true),
                GateSpan(
                    state: .open, start: start.adding(milliseconds: 3_600_000), end: nil, position: 2, actor: "ana",
                    channel: "mqtt", commandID: "c1", isFirstReport: false),
            ]
        }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/gates/home.front").text
            #expect(page.contains("class=\"chart timeline wide\""))
            #expect(page.contains("class=\"span open\""))
            #expect(page.contains("ana over MQTT"))
            #expect(page.contains("class=\"bar unknown\""))
            #expect(page.contains("data-live=\"/gates/home.front/live?range=day\""))
            let portuguese = try await client.get("/gates/home.front", [("Accept-Language", "pt-BR")]).text
            #expect(portuguese.contains("Aberto por dia"))
        }
    }

    @Test func theParkingPageTellsHoursAndStays() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let spot = SampleGarage.subject(.spot, "A1")
        let arrival = SampleTime.now.adding(milliseconds: -5_400_000)
        garage.change { content in
            content.stays = [
                SpotStay(
                    spot: spot, arrival: arrival, departure: arrival.adding(milliseconds: 3_600_000),
                    arrivalPosition: 3, departurePosition: 4)
            ]
        }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/spots").text
            #expect(page.contains("Monday 23:00: 100 %"))
            #expect(page.contains("Sunday 0:00: unknown"))
            #expect(page.contains("25\u{202f}%"))
            #expect(page.contains("1\u{a0}h 30\u{a0}min"))
            #expect(page.contains("href=\"/events/3\""))
        }
    }

    @Test(arguments: [(864_000_000, "1.2"), (86_400_000, "12.0"), (86_399_999, "–"), (0, "–")])
    func noRateForADayIsToldOfLess(known: Int64, turnover: String) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { $0.parkingKnown = known }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/spots").text
            #expect(page.contains("<span>Arrivals per spot and day</span> <b>\(turnover)</b>"))
        }
    }

    @Test func theBrokerPageTellsClientsAndRefusals() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            #expect(try await client.get("/broker").text.contains("The broker says nothing"))
            garage.change { content in
                content.report = BrokerReport(
                    clients: [
                        .init(id: "<b>esp1", version: "5.0", isConnected: true, subscriptions: ["garage/#", "other/+"])
                    ],
                    retained: [.init(topic: "garage/home/gate/front/state", payload: "closed")],
                    figures: [.init(name: "messages/received", value: 1234), .init(name: "odd/figure", value: 0.5)],
                    refusals: [
                        .init(reason: "not authorized", count: 7), .init(reason: "throttled", count: 2),
                        .init(reason: "command/rate-limited", count: 3),
                    ])
            }
            let page = try await client.get("/broker").text
            for part in [
                "&lt;b&gt;esp1", "MQTT 5.0", "1 of 1 connected", "garage/home/gate/front/state", "1,234",
                "Messages received", "odd/figure", "garage/#", "other/+", "not authorized", "Clients slowed down",
                "Command to a gate: ",
            ] { #expect(page.contains(part), "\(part)") }
        }
    }

    @Test func theInterfacePageListsEveryOperation() async throws {
        try await PageClient.with(SampleGarage()) { client async throws in
            let page = try await client.get("/api").text
            let document = try DocumentEndpoints.document("openapi.yaml", .embedded)
            for (path, _) in document["paths"]?.members ?? [] { #expect(page.contains(">\(path)<"), "\(path)") }
            #expect(page.contains("garage/{garage}/gate/{name}/command"))
            #expect(HTMLScan(page).foreignParts == [])
        }
    }
}
