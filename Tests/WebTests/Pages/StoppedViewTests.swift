import Testing
import Views

@testable import Web

@Suite struct StoppedViewTests {
    @Test(arguments: [("en", "stopped at event 17"), ("pt-BR", "parou no evento 17")])
    func theDashboardSaysWhichViewStoppedAndWhy(language: String, text: String) async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change {
            let stop = ViewsStatus.Stop(position: 17, reason: "no such <spot>")
            $0.views = [ViewsStatus.Projection(name: "garage", position: 16, stop: stop)]
        }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/", [("Accept-Language", language)]).text
            #expect(page.contains(text))
            #expect(page.contains("no such &lt;spot&gt;"))
            #expect(page.contains("/events/17"))
        }
    }
}
