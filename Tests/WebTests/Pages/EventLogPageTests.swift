import Foundation
import GarageDomain
import Testing
import Views

@testable import Web

/// The event log: its filter in the URL, its pages and its rows.
struct EventLogPageTests {
    private func query(_ text: String) -> EventQuery { EventQuery(FormFields.read(text)) }

    @Test(arguments: [
        "type=gate.opened&kind=gate&subject=home.front&device=esp1&actor=ana&q=a b&period=today&readings=1&before=40",
        "type=sensor.*&period=custom&from=2026-11-20T08:00:00&to=2026-11-21T00:00:00&after=7", "period=yesterday", "",
        "q=100%25+a%2Bb&device=%C3%A9",
    ])
    func theUrlSaysAllThatTheFilterDoes(text: String) {
        let first = query(text)
        let path = first.path
        let encoded = path.firstIndex(of: "?").map { String(path[path.index(after: $0)...]) } ?? ""
        let again = query(encoded)
        #expect(again == first)
        #expect(again.path == path)
    }

    @Test func whatMeansNothingIsLeftOut() {
        let strange = query("type=gate.flew&kind=boat&period=never&from=x&before=-3&after=abc&readings=yes&zzz=1&q=")
        #expect(strange == EventQuery())
        #expect(strange.path == "/events")
        #expect(query("before=5&after=4").after == nil)
        #expect(query("from=2026-11-20").period == .custom)
        #expect(query("from=2026-11-20&period=today").from == nil)
        // As a browser sends a form.
        #expect(query("type=&kind=&device=&period=any&from=&to=&q=two++words").path == "/events?q=two%20words")
        #expect(query("q=%zz&kind=gate").path == "/events?kind=gate")
        #expect(query("q=" + String(repeating: "x", count: 501)).text == nil)
    }

    @Test func thePeriodIsOneOfTheSitesDays() throws {
        let zone = try #require(TimeZone(identifier: "America/Sao_Paulo"))
        let clock = SiteClock(timeZone: zone)
        let today = query("period=today").filter(in: clock, at: SampleTime.now)
        #expect(today.from?.rfc3339 == "2026-11-22T03:00:00Z")
        #expect(today.to == nil)
        let yesterday = query("period=yesterday").filter(in: clock, at: SampleTime.now)
        #expect(yesterday.from?.rfc3339 == "2026-11-21T03:00:00Z")
        #expect(yesterday.to?.rfc3339 == "2026-11-22T03:00:00Z")
        let custom = query("from=2026-11-20T08:00").filter(in: clock, at: SampleTime.now)
        #expect(custom.from?.rfc3339 == "2026-11-20T11:00:00Z")
    }

    @Test func readingsAreHiddenUnlessAskedFor() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            #expect(try await !client.get("/events").text.contains("measured temperature"))
            #expect(try await client.get("/events?readings=1&kind=sensor").text.contains("measured temperature"))
            #expect(try await client.get("/events?type=sensor.reading-recorded").text.contains("measured temperature"))
        }
    }

    @Test func pagesOlderAndNewerMeetWithoutGapOrOverlap() async throws {
        let garage = SampleGarage()
        let spot = SampleGarage.subject(.spot, "A1")
        for index in 0..<120 {
            let time = SampleTime.now.adding(milliseconds: Int64(index - 120) * 60_000)
            garage.append(spot, .spotChanged(SpotChanged(occupied: index % 2 == 0)), at: time)
        }
        try await PageClient.with(garage) { client async throws in
            func positions(_ page: String) -> [Int] {
                page.matches(of: /id="e([0-9]+)"/).compactMap { Int($0.1) }
            }
            let newest = try await client.get("/events?kind=spot").text
            #expect(positions(newest) == Array((71...120).reversed()))
            #expect(newest.contains("/events?kind=spot&amp;before=71"))
            #expect(!newest.contains("rel=\"prev\""))
            let middle = try await client.get("/events?kind=spot&before=71").text
            #expect(positions(middle) == Array((21...70).reversed()))
            #expect(middle.contains("/events?kind=spot&amp;before=21"))
            #expect(middle.contains("/events?kind=spot&amp;after=70"))
            let oldest = try await client.get("/events?kind=spot&before=21").text
            #expect(positions(oldest) == Array((1...20).reversed()))
            #expect(!oldest.contains("rel=\"next\""))
            let back = try await client.get("/events?kind=spot&after=20").text
            #expect(positions(back) == Array((21...70).reversed()))
        }
    }

    @Test func onlyTheNewestPageIsLive() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let head = garage.position()
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/events?kind=gate").text
            #expect(page.contains("data-stream=\"/events/live?kind=gate&amp;after=\(head)\""))
            #expect(try await !client.get("/events?before=5").text.contains("data-stream"))
            #expect(try await !client.get("/events?period=yesterday").text.contains("data-stream"))
            #expect(try await client.get("/events/live?period=yesterday").status == 404)
        }
    }

    @Test func theExportHasTheSameFilter() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            let page = try await client.get("/events?kind=gate&q=ana&period=today").text
            let query = "?kind=gate&amp;q=ana&amp;from=2026-11-22T03%3A00%3A00Z&amp;type%21=sensor.reading-recorded"
            #expect(page.contains("/api/v1/events.csv\(query)"))
            #expect(page.contains("/api/v1/events.jsonl\(query)"))
        }
    }

    @Test func daysHaveHeadingsInTheReadersLanguage() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            let english = try await client.get("/events").text
            #expect(english.contains("Today, Sunday, November 22"))
            #expect(english.contains("Yesterday, Saturday, November 21"))
            #expect(english.contains("title=\"2026-11-22 18:"))
            let portuguese = try await client.get("/events", [("Accept-Language", "pt-BR")]).text
            #expect(portuguese.contains("Hoje, domingo, 22 de novembro"))
        }
    }

    @Test func theFilterBarShowsTheFilter() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            let path =
                "/events?type=gate.opened&kind=gate&device=esp-front&actor=ana&state=open&subject=front&q=x%22y&readings=1"
            let page = try await client.get(path).text
            #expect(page.contains("<option value=\"gate.opened\" selected>"))
            #expect(page.contains("<option value=\"gate\" selected>"))
            #expect(page.contains("<option value=\"esp-front\" selected>"))
            #expect(page.contains("<option value=\"open\" selected>"))
            #expect(page.contains("value=\"x&quot;y\""))
            #expect(page.contains("name=\"readings\" value=\"1\" checked"))
            #expect(page.contains("<input name=\"actor\" value=\"ana\""))
        }
    }

    @Test(arguments: [(1, "1 event of a person was erased"), (1234, "1,234 events of a person were erased")])
    func oneErasedEventIsNotMany(count: Int64, sentence: String) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.append(
            SampleGarage.subject(.garage, "home"), .dataErased(DataErased(events: count)), at: SampleTime.now,
            actor: "ana", channel: "cli")
        try await PageClient.with(garage) { client async throws in
            #expect(try await client.get("/events").text.contains(sentence))
        }
    }
}
