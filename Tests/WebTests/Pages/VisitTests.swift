import EventLog
import GarageDomain
import Ingest
import Testing

@testable import Web

/// Choices that the browser keeps, and what buttons do.
struct VisitTests {
    @Test func aChosenLanguageIsRemembered() async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            let chosen = try await client.get("/events?kind=gate&lang=pt-BR", [("Accept-Language", "en")])
            #expect(chosen.text.contains("lang=\"pt-BR\""))
            let cookie = try #require(chosen.header("Set-Cookie"))
            #expect(
                cookie.hasPrefix("garage_lang=pt-BR;") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax")
            )
            // The switch leads back to where the reader is.
            #expect(chosen.text.contains("href=\"/events?kind=gate&amp;lang=en\""))
            let later = try await client.get("/", [("Accept-Language", "en"), ("Cookie", "garage_lang=pt-BR")])
            #expect(later.text.contains("lang=\"pt-BR\""))
            let strange = try await client.get("/?lang=xx", [("Cookie", "garage_lang=%00; garage_theme=pink")])
            #expect(strange.text.contains("<html lang=\"en\" data-theme=\"auto\""))
            #expect(strange.header("Set-Cookie") == nil)
        }
    }

    @Test func chosenColoursAreRemembered() async throws {
        try await PageClient.with(SampleGarage()) { client async throws in
            let chosen = try await client.get("/?theme=dark")
            #expect(chosen.text.contains("data-theme=\"dark\""))
            #expect(chosen.header("Set-Cookie")?.hasPrefix("garage_theme=dark;") == true)
            #expect(try await client.get("/", [("Cookie", "garage_theme=light")]).text.contains("data-theme=\"light\""))
        }
    }

    @Test func aButtonSubmitsTheCommandAndComesBack() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            let answer = try await client.post(
                "/gates/home.back/commands", "from=%2Fgates%2Fhome.back&action=open",
                [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost")])
            #expect(answer.status == 303)
            #expect(answer.header("Location") == "/gates/home.back")
            let cookie = try #require(answer.header("Set-Cookie"))
            #expect(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"))
            let pair = String(cookie.prefix { $0 != ";" })
            let page = try await client.get("/gates/home.back", [("Cookie", pair)])
            #expect(page.text.contains("Back gate was asked to open."))
            #expect(page.header("Set-Cookie")?.contains("Max-Age=0") == true)
        }
        let submitted = try #require(garage.submitted.first)
        #expect(garage.submitted.count == 1)
        #expect(submitted.gate == SampleGarage.subject(.gate, "back"))
        #expect(submitted.action == .open)
        #expect(submitted.origin.channel == "page")
    }

    @Test func aRefusalIsSaid() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { $0.rejection = .obstructed }
        try await PageClient.with(garage) { client async throws in
            let answer = try await client.post("/gates/home.back/commands", "action=close", [("Accept-Language", "pt")])
            let pair = String(try #require(answer.header("Set-Cookie")).prefix { $0 != ";" })
            let page = try await client.get("/", [("Cookie", pair), ("Accept-Language", "pt")])
            #expect(page.text.contains("pedido para fechar recusado, o portão está obstruído."))
            let script = try await client.post(
                "/gates/home.back/commands", "action=close", [("Accept", "application/json")])
            #expect(script.status == 409)
            #expect(
                script.text
                    == #"{"ok":false,"message":"Back gate: request to close refused, the gate is obstructed."}"#)
            garage.change { ($0.rejection, $0.isBroken) = (nil, true) }
            let broken = try await client.post("/gates/home.back/commands", "action=close", [("Accept", "text/html")])
            #expect(broken.header("Set-Cookie")?.contains("not-stored") == true)
        }
    }

    @Test(arguments: [
        [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site"), ("Origin", "http://localhost")],
        [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "http://localhost.evil.example")],
    ])
    func aPostFromAnotherSiteIsRefused(headers: [(String, String)]) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            let answer = try await client.post("/gates/home.back/commands", "action=open", headers)
            #expect(answer.status == 403)
            #expect(answer.text.contains("came from another site"))
        }
        #expect(garage.submitted.isEmpty)
    }

    @Test func aFormThatSaysNothingDoesNothing() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        try await PageClient.with(garage) { client async throws in
            for body in ["", "action=fly", "action", "Action=open", "action=%"] {
                #expect(try await client.post("/gates/home.back/commands", body).status == 400, "\(body)")
            }
            #expect(try await client.post("/gates/home.b.c/commands", "action=open").status == 404)
            let large = "action=open&x=" + String(repeating: "y", count: 100_000)
            #expect(try await client.post("/gates/home.back/commands", large).status >= 400)
            // The form can't send its visitor to another site.
            let answer = try await client.post(
                "/gates/home.back/commands", "action=open&from=https%3A%2F%2Fevil.example")
            #expect(answer.header("Location") == "/")
        }
        #expect(garage.submitted.count == 1)
    }

    @Test func aNoticeIsOneOfOurMessages() {
        #expect(Notice("home.front/open/sent")?.result == .sent)
        #expect(Notice("home.front/open/busy")?.result == .rejected(.busy))
        for text in [
            "", "x", "home.front/open", "home.front/open/<b>", "front/open/sent", "home.front/fly/sent", "///",
        ] {
            #expect(Notice(text) == nil, "\(text)")
        }
    }
}
