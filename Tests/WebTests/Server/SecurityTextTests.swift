import GarageDomain
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Web

/// `/.well-known/security.txt` by RFC 9116.
struct SecurityTextTests {
    private func get(_ contacts: [String]) async throws -> (status: Int, type: String?, text: String) {
        let router = Router(context: WebContext.self)
        var routes = RouteTable(router: router)
        SecurityText(contacts: { contacts }, now: { Timestamp(microseconds: 1_700_000_000_000_000) })
            .addRoutes(to: &routes)
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/.well-known/security.txt", method: .get) { answer in
                (answer.status.code, answer.headers[.contentType], String(buffer: answer.body))
            }
        }
    }

    @Test func theContactsAreTold() async throws {
        let answer = try await get(["mailto:a@example.org", "https://example.org/report"])
        #expect(answer.status == 200 && answer.type == "text/plain; charset=utf-8")
        #expect(
            answer.text.hasPrefix(
                "Contact: mailto:a@example.org\nContact: https://example.org/report\nExpires: 2024-05-1"))
        #expect(answer.text.hasSuffix("Z\n"))
    }

    @Test func withoutAContactThereIsNone() async throws {
        #expect(try await get([]).status == 404)
    }
}
