import EventLog
import GarageDomain
import Testing
import Views

@testable import Web

/// Every page, with every kind of content, in both languages.
struct PageContentTests {
    private static let front = SampleGarage.subject(.gate, "front")

    @Test(arguments: ["en", "pt-BR"])
    func everyPageIsThere(language: String) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            let paths = [
                "/", "/events", "/events?readings=1", "/events/1", "/events/12", "/gates/home.front",
                "/gates/home.back",
                "/spots", "/sensors/home.dht1", "/sensors/home.roof", "/devices", "/broker", "/api",
                "/gates/home.front?range=month",
                "/sensors/home.dht1?range=year", "/sensors/home.dht1?range=custom&from=2026-11-01&to=2026-11-09",
                "/spots?range=week", "/sensors/home.dht1?range=nonsense", "/events?state=open&actor=ana",
            ]
            for path in paths {
                let answer = try await client.get(path, [("Accept-Language", language)])
                #expect(answer.status == 200, "\(path)")
                #expect(answer.header("Content-Type") == "text/html; charset=utf-8")
                #expect(answer.text.contains("<html lang=\"\(language)\""), "\(path)")
                #expect(!answer.text.contains("{{"), "\(path)")
                #expect(HTMLScan(answer.text).foreignParts == [], "\(path)")
            }
        }
    }

    @Test func anEmptyGarageHasPagesThatSayHowToBegin() async throws {
        try await PageClient.with(SampleGarage()) { client async throws in
            for path in ["/", "/events", "/spots", "/devices"] {
                #expect(try await client.get(path).status == 200, "\(path)")
            }
            #expect(try await client.get("/").text.contains("mosquitto_pub -t garage/home/sensor/dht1/temperature"))
            #expect(try await client.get("/events").text.contains("No events"))
        }
    }

    @Test(arguments: ["en", "pt-BR"])
    func textFromOutsideStaysText(language: String) async throws {
        let garage = SampleGarage.hostile(at: SampleTime.now)
        let name = "Wolkenkratzer_Wolkenkratzer_Wolkenkratzer_Wolkenkratzer_Wolkenkr"
        let last = garage.position()
        try await PageClient.with(garage) { client async throws in
            var paths = [
                "/", "/events", "/gates/home.\(name)", "/spots", "/sensors/home.\(name)", "/devices", "/broker",
            ]
            paths += (last - 9...last).map { "/events/\($0)" }
            let text = PercentCoding.encode(SampleGarage.hostileText)
            paths.append("/events?q=\(text)&device=\(text)&actor=\(text)&subject=\(text)")
            for path in paths {
                let answer = try await client.get(path, [("Accept-Language", language)])
                #expect(answer.status == 200, "\(path)")
                #expect(HTMLScan(answer.text).foreignParts == [], "\(path)")
                #expect(!answer.text.unicodeScalars.contains("\u{202e}"), "\(path)")
                #expect(answer.text.utf8.count < 250_000, "\(path)")
            }
            let log = try await client.get("/events").text
            #expect(log.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
            // What looks like a template in a device's text is not one.
            #expect(log.contains("{{t.nav_events}}"))
        }
    }

    @Test func aQuoteWithACombiningMarkIsEscapedToo() {
        #expect(Markup("\"\u{301}<\u{301}'" as String).html == "&quot;\u{301}&lt;\u{301}&#39;")
        #expect(Markup(" a\u{0}b\u{202e}c\u{85}" as String).html == " a\u{fffd}b\u{fffd}c\u{fffd}")
    }

    @Test func theDashboardShowsWhatIsNow() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/").text
            for text in [
                "Front gate", "Opening", "Back gate", "A1", "B6", "Moved by ana on the page", "5</b> of 12 free",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(page.contains("Sensor dht2</b>: humidity is not a number"))
            #expect(page.contains("offline for"))
            let page2 = try await client.get("/?lang=pt-BR").text
            for text in ["Portão front", "Abrindo", "Ocupada", "Movido por ana pela página", "livres"] {
                #expect(page2.contains(text), "\(text)")
            }
        }
    }

    @Test func eachDeviceIsShownWithItsTopicsAndWhoReadsThem() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/devices").text
            #expect(page.contains("<summary>3 topics · Tasmota · this service’s own topics · rule “porch”</summary>"))
            #expect(page.contains("<code>tele/front/SENSOR</code>"))
            #expect(page.contains("Tasmota · 1,204 messages · "))
            #expect(page.contains("this service’s own topics · 1 message · "))
            // The other four devices have not reported since the start.
            #expect(page.ranges(of: "No report since the service started.").count == 4)
            let translated = try await client.get("/devices?lang=pt-BR").text
            #expect(translated.contains("3 tópicos · Tasmota · tópicos próprios deste serviço · regra “porch”"))
        }
    }

    @Test func aCalmGarageHasNoAlerts() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { content in
            for index in content.sensors.indices { content.sensors[index].fault = nil }
            content.devices.removeAll { !$0.online }
        }
        try await PageClient.with(garage) { client async throws in
            #expect(try await !client.get("/").text.contains("class=\"alerts\""))
        }
    }

    @Test func buttonsFollowWhatIsAllowed() async throws {
        func allowed(_ change: (inout GateRow) -> Void) -> Set<GateAction> {
            var gate = GateRow(
                subject: PageContentTests.front, state: .closed, since: nil, obstructed: false, device: nil,
                deviceOnline: true, lastMovement: nil, lastCommand: nil)
            change(&gate)
            return GateCard.allowedActions(gate, hindrances: nil)
        }
        #expect(allowed { _ in } == [.open, .stop])
        #expect(allowed { $0.state = .open } == [.close, .stop])
        #expect(allowed { $0.state = .opening } == [.close, .stop])
        #expect(allowed { $0.state = .stopped } == [.open, .close, .stop])
        #expect(allowed { $0.state = nil } == [.open, .stop])
        #expect(allowed { ($0.state, $0.obstructed) = (.open, true) } == [.stop])
        #expect(allowed { $0.deviceOnline = false } == [.stop])
        #expect(allowed { $0.deviceOnline = nil } == [.open, .stop])
    }

    @Test func oneEventIsShownWhole() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let event = try #require(try await garage.event(at: garage.position()))
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/events/\(event.event.position)").text
            #expect(page.contains(event.event.id.description))
            #expect(page.contains(event.event.type))
            #expect(page.contains("&quot;command_id&quot;: &quot;c-81&quot;"))
            #expect(page.contains("href=\"/events/\(event.event.position - 1)\""))
            #expect(!page.contains("href=\"/events/\(event.event.position + 1)\""))
            // The command's other events stand with it.
            #expect(page.contains("was asked to open"))
            #expect(page.contains("command to open sent"))
            // How long the last one took is said of no other.
            let sent = try #require(page.split(separator: "<li ").first { $0.contains("command to open sent") })
            #expect(!sent.prefix { $0 != "\n" }.contains("took"))
        }
    }

    @Test(arguments: [
        ("open-too-long", "not closed for 15 min", "não fecha há 15 min"),
        ("moved-at-night", "moved in the night without a command", "moveu-se à noite sem comando"),
        ("silent-device", "silent for 30 min", "em silêncio há 30 min"),
        ("silent-device", "offline for 30 min", "offline há 30 min"),
        ("command-failed", "command to open failed: timed-out", "comando para abrir falhou, "),
        ("obstructed", "something is in the way", "há algo no caminho"),
        ("overstay", "taken for 12 h", "ocupada há 12 h"),
        ("silent-spot", "silent for 26 h", "em silêncio há 26 h, livre ou ocupada"),
        ("of-another-version", "words <b>of</b> its own", "words &lt;b&gt;of&lt;/b&gt; its own"),
    ])
    func anAlertSpeaksTheReadersLanguage(condition: String, stored: String, shown: String) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.append(
            SampleGarage.subject(.gate, "front"), .alertRaised(Alert(condition: condition, text: stored)),
            at: SampleTime.now, actor: "garage")
        try await PageClient.with(garage) { client async throws in
            for path in ["/?lang=pt-BR", "/events?lang=pt-BR"] {
                #expect(try await client.get(path).text.contains(shown), "\(path)")
            }
        }
    }

    @Test func anAlertThatWasNotedSaysByWhomAndAsksNobodyAgain() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let alert = garage.append(
            SampleGarage.subject(.gate, "front"),
            .alertRaised(Alert(condition: "open-too-long", text: "open for 15 min")),
            at: SampleTime.now, actor: "garage")
        try await PageClient.with(garage) { client async throws in
            #expect(try await client.get("/").text.contains("action=\"/alerts/\(alert)/acknowledge\""))
            garage.append(
                SampleGarage.subject(.garage, "home"), .eventAcknowledged(Acknowledgement(position: alert)),
                at: SampleTime.now.adding(milliseconds: -120_000), actor: "ana", channel: "page")
            let page = try await client.get("/").text
            #expect(page.contains("not closed for 15 min"))
            #expect(page.contains("noted by ana, "))
            #expect(!page.contains("/acknowledge"))
        }
    }

    @Test func anAlertStandsHoweverManyComeAfterIt() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let (gate, spot) = (SampleGarage.subject(.gate, "front"), SampleGarage.subject(.spot, "A1"))
        garage.append(
            gate, .alertRaised(Alert(condition: "open-too-long", text: "open for 15 min")), at: SampleTime.now,
            actor: "garage")
        let other = Alert(condition: "silent-spot", text: "silent for 26 h")
        for _ in 0..<60 {
            garage.append(spot, .alertRaised(other), at: SampleTime.now, actor: "garage")
            garage.append(
                spot, .alertCleared(other), at: SampleTime.now, actor: "garage")
        }
        try await PageClient.with(garage) { client async throws in
            #expect(try await client.get("/").text.contains("not closed for 15 min"))
        }
    }

    @Test func stepsLeadOverWhatWasPruned() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { $0.events.removeAll { (2...4).contains($0.event.position) } }
        try await PageClient.with(garage) { client async throws in
            let first = try await client.get("/events/1").text
            #expect(first.contains("rel=\"next\" href=\"/events/5\""))
            #expect(!first.contains("rel=\"prev\""))
            #expect(try await client.get("/events/5").text.contains("rel=\"prev\" href=\"/events/1\""))
        }
    }

    @Test func theDashboardTellsHowTheDevicesAre() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        let devices = try await garage.devices()
        let online = devices.count { $0.online }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/").text
            #expect(page.contains("class=\"card health \(online == devices.count ? "good" : "warning")\""))
            #expect(page.contains("\(online) of \(devices.count) online"))
        }
    }

    @Test func aLoneGarageMayLeaveItsNameOut() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            #expect(try await client.get("/gates/front").text.contains("Front gate"))
            #expect(try await client.get("/sensors/dht1").status == 200)
            garage.change { $0.garages.append(Name(nearest: "second")) }
            #expect(try await client.get("/gates/front").status == 404)
        }
    }

    @Test func whatIsNotThereHasAPageThatSaysSo() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            for path in [
                "/events/999999", "/events/nothing", "/gates/home.none", "/gates/x", "/sensors/home.none", "/spots/x",
                "/events/-1",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.text.contains("There is nothing here"), "\(path)")
            }
            let elsewhere = try await client.get("/nothing", [("Accept", "text/html"), ("Accept-Language", "pt")])
            #expect(elsewhere.status == 404)
            #expect(elsewhere.text.contains("Não há nada aqui"))
        }
    }

    @Test func aPageThatCanNotBeMadeSaysSo() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { $0.isBroken = true }
        try await PageClient.with(garage) { client async throws in
            for path in ["/", "/events", "/spots", "/devices", "/gates/home.front", "/events/1"] {
                let answer = try await client.get(path)
                #expect(answer.status == 503, "\(path)")
                #expect(answer.text.contains("can’t be shown now"), "\(path)")
            }
        }
    }

    @Test func everyAnswerForbidsForeignScripts() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            for path in ["/", "/events", "/gates/home.none", "/favicon.ico"] where path != "/favicon.ico" {
                let answer = try await client.get(path)
                let policy = try #require(answer.header("Content-Security-Policy"))
                #expect(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "\(path)")
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("Referrer-Policy") == "same-origin")
            }
        }
    }

    @Test func theFirstPageIsSmall() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            #expect(try await client.get("/").text.utf8.count < 48_000)
        }
    }
}
