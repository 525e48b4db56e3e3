import Testing

@testable import Web

/// The tables of the page about the broker: paged by key and filtered, all of it in the URL.
struct BrokerPageTests {
    private func garage(clients: Int, retained: Int? = 0) -> SampleGarage {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { content in
            content.report = BrokerReport(
                clients: (0..<clients).map {
                    .init(id: "client\(1000 + $0)", username: "user\($0 % 2)", isConnected: true)
                },
                retained: retained.map { (0..<$0).map { .init(topic: "t/\(1000 + $0)", payload: "on") } })
        }
        return garage
    }

    /// The addresses of links with this relation, as the browser follows them.
    private func links(_ relation: String, in page: String) -> [String] {
        page.matches(of: /rel="(next|prev)" href="([^"#]+)(#[a-z]+)?"/).filter { $0.1 == relation }
            .map { String($0.2).replacing("&amp;", with: "&") }
    }

    @Test func everyRowIsOnOnePageOfItsTable() async throws {
        try await PageClient.with(garage(clients: 250, retained: 230)) { client async throws in
            var seen: [String] = []
            var path: String? = "/broker"
            while let current = path, seen.count <= 250 {
                let page = try await client.get(current).text
                seen += page.matches(
                    of: /data-label="MQTT client"><div><code>(client\d{4})<\/code><\/div><\/td><td data/
                )
                .map { String($0.1) }
                path = links("next", in: page).first { $0.contains("table=clients&") || !$0.contains("table=") }
            }
            #expect(seen.count == 250 && seen == Set(seen).sorted())
            let first = try await client.get("/broker").text
            #expect(first.contains("1–100 of 250") && first.contains("1–100 of 230"))
            let last = try await client.get("/broker?table=retained&after=t%2F1199").text
            #expect(last.contains("201–230 of 230") && last.contains("t/1229") && !last.contains("t/1199<"))
            let back = try #require(links("prev", in: last).first)
            #expect(try await client.get(back).text.contains("101–200 of 230"))
        }
    }

    @Test func rowsThatAreGoneDoNotLeaveTheReaderStranded() async throws {
        try await PageClient.with(garage(clients: 120)) { client async throws in
            let page = try await client.get("/broker?table=clients&after=zzz").text
            let back = try #require(links("prev", in: page).first)
            #expect(try await client.get(back).text.contains("21–120 of 120"))
            #expect(try await client.get("/broker?table=clients&before=client1005").text.contains("1–100 of 120"))
        }
    }

    @Test func theTextFiltersEveryTableAndStaysInTheLinks() async throws {
        try await PageClient.with(garage(clients: 250)) { client async throws in
            let page = try await client.get("/broker?q=USER1").text
            #expect(page.contains("1–100 of 125") && page.contains("client1001") && !page.contains("client1002"))
            #expect(links("next", in: page).allSatisfy { $0.contains("q=USER1") })
            #expect(page.contains("value=\"USER1\""))
            let none = try await client.get("/broker?q=nobody", [("Accept-Language", "pt-BR")]).text
            #expect(none.contains("Nada corresponde."))
            let hostile = try await client.get("/broker?q=%22%3E%3Cscript%3E").text
            #expect(!hostile.contains("\"><script>"))
        }
    }

    @Test func tooManyRetainedMessagesAreSaidToBeTooMany() async throws {
        try await PageClient.with(garage(clients: 1, retained: nil)) { client async throws in
            #expect(try await client.get("/broker").text.contains("too many retained messages"))
        }
    }
}
