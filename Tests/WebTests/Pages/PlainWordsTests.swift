import Foundation
import Testing

@testable import Web

/// Small things that a reader notices: short times, one event's name, and paper that says what it shows.
struct PlainWordsTests {
    @Test(arguments: [
        (0, "0 s"), (7, "7 ms"), (99, "99 ms"), (100, "0,1 s"), (999, "0,9 s"), (1000, "1 s"), (61_000, "1 min"),
    ])
    func aShortTimeIsNotNothing(milliseconds: Int64, told: String) throws {
        let words = try Wording(.portuguese, files: .embedded)
        let text = PageText(
            words: words, clock: SiteClock(timeZone: .gmt), now: SampleTime.now, assets: "")
        #expect(text.duration(milliseconds).replacing("\u{a0}", with: " ") == told)
    }

    @Test(arguments: [
        ("/events", "todos os eventos · a qualquer hora"),
        (
            "/events?type=gate.*&actor=ana&period=today&q=x%3Cb%3E",
            "todos os eventos de portão · por ana · contendo “x&lt;b&gt;” · hoje"
        ),
        (
            "/events?kind=spot&state=free&readings=1",
            "todos os eventos · sobre vagas · estado livre · a qualquer hora · com leituras"
        ),
    ])
    func paperSaysWhatItShows(path: String, told: String) async throws {
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            let page = try await client.get(path, [("Accept-Language", "pt-BR")]).text
            #expect(page.contains("Mostrado: \(told)</p>"))
        }
    }

    @Test func oneEventIsNotNamedAsMany() throws {
        for language in PageLanguage.allCases {
            let words = try Wording(language, files: .embedded)
            for (key, name) in words.texts where key.hasPrefix("one_type_") {
                #expect(words.texts[String(key.dropFirst(4))] != nil && words.texts[String(key.dropFirst(4))] != name)
            }
        }
    }
}
