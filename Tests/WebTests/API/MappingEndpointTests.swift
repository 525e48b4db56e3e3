import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Ingest
import NIOCore
import Synchronization
import Testing

@testable import Web

@Suite("Mapping rules and webhooks over HTTP")
struct MappingEndpointTests {
    /// A device door that keeps rules and what webhooks brought.
    final class KeptDevices: DeviceDoor {
        struct State {
            var rules: [MappingText] = []
            var reports: [String] = []
        }
        let state = Mutex(State())

        func mappings() -> [MappingEntry] {
            state.withLock { $0.rules.map { MappingEntry(rule: $0, isConfigured: false) } }
        }
        func addMapping(_ rule: MappingText, by origin: EventMetadata) async throws(MappingDoorError) -> Int64 {
            if rule.property == "colour" { throw .invalid(member: "property", text: "it takes state") }
            state.withLock { $0.rules.append(rule) }
            return 1
        }
        func removeMapping(_ id: String, by origin: EventMetadata) async throws(MappingDoorError) -> Int64 {
            guard mappings().contains(where: { $0.rule.id == id }) else { throw .unknown }
            state.withLock { $0.rules.removeAll { $0.id == id } }
            return 2
        }
        func explain(topic: String, payload: [UInt8]) -> MessageExplanation {
            MessageExplanation(reader: "native", meanings: [topic], reason: nil)
        }
        func report(topic: String, payload: [UInt8], from source: String) async throws(MappingDoorError) {
            state.withLock { $0.reports.append("\(source) \(topic) \(String(decoding: payload, as: UTF8.self))") }
        }
    }

    private func with(
        _ body: @escaping @Sendable (any TestClientProtocol, KeptDevices) async throws -> Void
    ) async throws {
        try await APIGarage.withViews { garage in
            let devices = KeptDevices()
            let router = Router(context: WebContext.self)
            try API(
                views: garage.views, door: garage.door, devices: devices,
                webhooks: { WebhookSecrets(theThingsStack: "0123456789abcdef") }, log: garage.log, files: .embedded,
                clock: SiteClock(timeZone: .gmt), now: { Timestamp(microseconds: APIGarage.start) },
                status: { ServiceStatus(checks: []) }
            ).addRoutes(to: router)
            let application = Application(responder: router.buildResponder(), logger: APIGarage.logger)
            try await application.test(.router) { try await body($0, devices) }
        }
    }

    @Test func aRuleIsAddedListedAndRemoved() async throws {
        try await with { client, devices in
            let json = HTTPFields(dictionaryLiteral: (.contentType, "application/json"))
            let added = try await client.executeRequest(
                uri: "/api/v1/mappings", method: .post, headers: json,
                body: ByteBuffer(string: #"{"topic":"shop/{n}","property":"temperature","name":"{n}","scale":0.1}"#))
            #expect(added.status == .created)
            #expect(added.headers[.location] == "/api/v1/mappings/shop-n")
            let list = try await client.executeRequest(uri: "/api/v1/mappings", method: .get, headers: [:], body: nil)
            #expect(
                String(buffer: list.body)
                    == #"{"mappings":[{"id":"shop-n","topic":"shop/{n}","property":"temperature","name":"{n}","scale":0.1,"configured":false}]}"#
            )
            let removed = try await client.executeRequest(
                uri: "/api/v1/mappings/shop-n", method: .delete, headers: [:], body: nil)
            #expect(removed.status == .noContent)
            let again = try await client.executeRequest(
                uri: "/api/v1/mappings/shop-n", method: .delete, headers: [:], body: nil)
            #expect(again.status == .notFound)
            #expect(devices.mappings().isEmpty)
        }
    }

    @Test(arguments: [
        (#"{"topic":"a","name":"n"}"#, 422), (#"{"topic":"a","property":"colour","name":"n"}"#, 422),
        (#"{"topic":"a","property":"state","name":"n","scale":"x"}"#, 422),
        (#"{"topic":"a","property":"state","name":"n","size":1}"#, 422), ("[]", 400),
    ])
    func aBadRuleIsRefused(body: String, status: Int) async throws {
        try await with { client, devices in
            let answer = try await client.executeRequest(
                uri: "/api/v1/mappings", method: .post,
                headers: HTTPFields(dictionaryLiteral: (.contentType, "application/json")),
                body: ByteBuffer(string: body))
            #expect(answer.status.code == status)
            #expect(devices.mappings().isEmpty)
        }
    }

    @Test func anExplanation() async throws {
        try await with { client, _ in
            let answer = try await client.executeRequest(
                uri: "/api/v1/mappings/explain?topic=a%2Fb&payload=1", method: .get, headers: [:], body: nil)
            #expect(String(buffer: answer.body) == #"{"reader":"native","meanings":["a/b"],"reason":null}"#)
        }
    }

    @Test func aWebhookNeedsItsSecret() async throws {
        try await with { client, devices in
            let cases: [(path: String, authorization: String, status: Int)] = [
                ("ttn", "", 401), ("ttn", "Bearer 0123456789abcdeg", 401), ("ttn", "Bearer 0123456789abcdef0", 401),
                ("ttn", "Basic 0123456789abcdef", 401), ("chirpstack?event=up", "Bearer ", 404),
                ("ttn", "Bearer 0123456789abcdef", 202),
            ]
            for (path, authorization, status) in cases {
                let answer = try await client.executeRequest(
                    uri: "/api/v1/ingest/\(path)", method: .post, headers: [.authorization: authorization],
                    body: ByteBuffer(string: "{}"))
                #expect(answer.status.code == status, "\(path) \(authorization)")
            }
            let reports = devices.state.withLock { $0.reports }
            #expect(reports == ["ttn v3/webhook/devices/unnamed/up {}"])
        }
    }
}
