import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import NIOCore

@testable import Web

/// Asks for pages of a sample garage in the zone of São Paulo, where the clock stands at `SampleTime.now`.
struct PageClient {
    let client: any TestClientProtocol

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var text: String

        func header(_ name: String) -> String? { headers[named: name] }
    }

    func get(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(.get, path, headers, nil)
    }

    func post(_ path: String, _ body: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(.post, path, headers, body)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: [(String, String)], _ body: String?
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { fields[named: name] = value }
        return try await client.execute(
            uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }

    /// Runs a test against the pages of a garage.
    static func with(
        _ garage: SampleGarage, _ test: @escaping @Sendable (PageClient) async throws -> Void
    ) async throws {
        guard let zone = TimeZone(identifier: "America/Sao_Paulo") else { throw SampleTime.Missing() }
        let router = Router(context: WebContext.self)
        try Pages(
            reads: garage, door: garage, files: .embedded, timeZone: zone, now: { SampleTime.now },
            broker: { garage.report }
        )
        .addRoutes(to: router)
        try await Application(router: router).test(.router) { client async throws in
            try await test(PageClient(client: client))
        }
    }
}

enum SampleTime {
    struct Missing: Error {}

    /// 2026-11-22 18:20:05.250 UTC, 15:20:05 in São Paulo.
    static let now = Timestamp(microseconds: 1_795_371_605_250_000)
}
