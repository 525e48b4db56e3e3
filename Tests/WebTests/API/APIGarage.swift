import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Hummingbird
import HummingbirdTesting
import Ingest
import Logging
import Synchronization
import Testing
import Views

@testable import Web

/// A garage with a log, views that follow it, a command door that a test steers, and the API's routes.
final class APIGarage: Sendable {
    static let start: Int64 = 1_700_000_000_000_000

    let folder: String
    let log: EventLog
    let views: Views
    let door: SteeredDoor
    let status = Mutex(ServiceStatus(checks: []))
    private let table = Mutex<[(path: String, methods: [HTTPRequest.Method])]>([])
    private let client = Mutex<(any TestClientProtocol)?>(nil)

    /// Runs a body that talks to the routes.
    static func with(_ body: @escaping @Sendable (APIGarage) async throws -> Void) async throws {
        let garage = try APIGarage()
        let router = Router(context: WebContext.self)
        router.addMiddleware { Compression() }
        let routes = try API(
            views: garage.views, door: garage.door, devices: MappingEndpointTests.KeptDevices(), log: garage.log,
            files: .embedded,
            clock: SiteClock(timeZone: try #require(TimeZone(identifier: "America/Sao_Paulo"))),
            now: { Timestamp(microseconds: APIGarage.start + 60_000_000) },
            status: { garage.status.withLock { $0 } },
            metrics: { _ in MetricsText(contentType: "text/plain; version=0.0.4; charset=utf-8", text: "") },
            securityContacts: { ["mailto:safety@example.org"] }
        ).addRoutes(to: router)
        garage.table.withLock { $0 = routes.methods }
        let application = Application(responder: router.buildResponder(), logger: APIGarage.logger)
        try await garage.whileFollowing {
            try await application.test(.router) { client in
                garage.client.withLock { $0 = client }
                // The client holds the application, which holds the garage.
                defer { garage.client.withLock { $0 = nil } }
                try await body(garage)
            }
        }
    }

    /// Every path of the API and its methods.
    var routes: [(path: String, methods: [HTTPRequest.Method])] { table.withLock { $0 } }

    /// Runs a body without routes.
    static func withViews(_ body: (APIGarage) async throws -> Void) async throws {
        let garage = try APIGarage()
        try await garage.whileFollowing { try await body(garage) }
    }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("api-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        log = try EventLog.open(directory: folder, clock: { APIGarage.start })
        views = try Views.open(directory: folder, log: log, logger: APIGarage.logger)
        door = SteeredDoor(log: log)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func whileFollowing(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.views.run() }
            try await body()
            group.cancelAll()
        }
        try views.close()
        await log.close()
    }

    static var logger: Logger {
        var logger = Logger(label: "web-tests")
        logger.logLevel = .critical
        return logger
    }

    // MARK: - The log

    /// Appends an event and waits until the views have it.
    @discardableResult
    func append(
        _ stream: String, _ body: EventBody, at seconds: Double = 0, device: String? = nil, actor: String = "garage"
    ) async throws -> Int64 {
        let subject = try #require(Subject(stream: stream))
        let metadata =
            device.map { EventMetadata(actor: $0, channel: "device", clientID: $0) }
            ?? EventMetadata(actor: actor, channel: "service")
        let time = APIGarage.start + Int64((seconds * 1_000_000).rounded())
        let event = EventCoding.encode(
            DomainEvent(subject, body), id: .make(at: APIGarage.start), time: time, metadata: metadata
        )
        let head = try await log.append(AppendRequest(events: [event])).head
        #expect(await views.waitUntilApplied(head, within: .seconds(10)))
        return head
    }

    /// A gate that is closed, a spot that is taken, a sensor with two readings, and a device.
    func fill() async throws {
        try await append("device/home.esp1", .deviceConnected(DeviceConnected(clientID: "ESP")), at: 1)
        try await append("gate/home.front", .gateMoved(GateMoved(from: nil, to: .closed)), at: 2, device: "esp1")
        try await append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 3, device: "esp1")
        try await append(
            "sensor/home.dht1", .readingRecorded(Reading(quantity: .temperature, value: 23.4)), at: 4, device: "esp1")
        try await append(
            "sensor/home.dht1", .readingRecorded(Reading(quantity: .humidity, value: 58)), at: 5, device: "esp1")
    }

    // MARK: - Requests

    func send(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestResponse {
        let client = try #require(client.withLock { $0 })
        return try await client.executeRequest(
            uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        )
    }

    func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await send(.get, uri, headers)
    }

    func post(_ uri: String, _ body: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return try await send(.post, uri, headers, body: body)
    }

    /// The JSON of a successful answer.
    func json(_ uri: String) async throws -> [String: Any] {
        let response = try await get(uri)
        #expect(response.status == .ok, "\(uri): \(String(buffer: response.body))")
        #expect(response.headers[.contentType] == "application/json")
        return try object(response)
    }
}

/// The JSON object in an answer.
func object(_ response: TestResponse) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
    return try #require(value as? [String: Any])
}

func text(_ response: TestResponse) -> String { String(buffer: response.body) }

/// Expects a problem document with this status and type.
func expectProblem(
    _ response: TestResponse, _ status: HTTPResponse.Status, _ type: String? = nil,
    location: SourceLocation = #_sourceLocation
) throws {
    #expect(response.status == status, "\(text(response))", sourceLocation: location)
    #expect(response.headers[.contentType] == "application/problem+json", sourceLocation: location)
    #expect(response.headers[.xContentTypeOptions] == "nosniff", sourceLocation: location)
    let problem = try object(response)
    #expect(problem["status"] as? Int == status.code, sourceLocation: location)
    #expect(problem["title"] as? String != nil, sourceLocation: location)
    if let type { #expect(problem["type"] as? String == "urn:garage:problem:\(type)", sourceLocation: location) }
}

/// A command door that records to the log what a test tells it to decide.
final class SteeredDoor: CommandDoor {
    struct State {
        var submissions: [CommandSubmission] = []
        var rejection: CommandRejected.Reason?
        var error: CommandDoorError?
        var isRepeated = false
        /// How often the device has reported.
        var reports = 1
    }

    let state = Mutex(State())
    private let log: EventLog

    init(log: EventLog) { self.log = log }

    var submissions: [CommandSubmission] { state.withLock { $0.submissions } }

    func submit(_ submission: CommandSubmission) async throws(CommandDoorError) -> CommandOutcome {
        let (number, rejection, error, isRepeated) = state.withLock { state in
            state.submissions.append(submission)
            return (state.submissions.count, state.rejection, state.error, state.isRepeated)
        }
        if let error { throw error }
        let id = submission.id ?? "generated-\(number)"
        let expiry = Timestamp(microseconds: APIGarage.start)
        let body: EventBody =
            rejection.map { .commandRejected(CommandRejected(commandID: id, action: submission.action, reason: $0)) }
            ?? .commandRequested(CommandRequested(commandID: id, action: submission.action, expiresAt: expiry))
        let position = try await record(submission.gate, body, submission.origin)
        return CommandOutcome(id: id, rejection: rejection, position: position, repeated: isRepeated)
    }

    func addNote(_ text: String, to subject: Subject, by origin: EventMetadata) async throws(CommandDoorError) -> Int64
    {
        if let error = state.withLock({ $0.error }) { throw error }
        return try await record(subject, .noteAdded(Note(text: text)), origin)
    }

    func perform(_ deed: Deed, by origin: EventMetadata) async throws(CommandDoorError) -> Int64? {
        if let error = state.withLock({ $0.error }) { throw error }
        let (subject, body): (Subject, EventBody) =
            switch deed {
            case .setMode(let gate, let mode, let reason):
                (gate, .gateModeChanged(GateModeChanged(mode: mode, reason: reason)))
            case .setUnattendedClose(let gate, let mode):
                (gate, .unattendedCloseChanged(UnattendedCloseChanged(mode: mode)))
            case .resumeUnattendedClose(let gate): (gate, .unattendedCloseResumed)
            case .acknowledge(let position):
                (
                    Subject(garage: Name(nearest: "home"), kind: .garage, name: Name(nearest: "home")),
                    .eventAcknowledged(Acknowledgement(position: position))
                )
            }
        return try await record(subject, body, origin)
    }

    func controls(of gate: Subject) -> GateControls? {
        GateControls(
            mode: .normal, unattendedClose: .off, warningSeconds: 5, isSuspended: false, isOnePiece: false)
    }

    func deviceTopics() -> DeviceTopics {
        guard let device = Subject(stream: "device/home.esp1") else { return .none }
        let (count, time) = (state.withLock { $0.reports }, Timestamp(microseconds: APIGarage.start))
        let topic = DeviceTopic(topic: "tele/x/SENSOR", reader: "tasmota", count: count, lastTime: time)
        return DeviceTopics([device: [topic]], revision: Int64(count))
    }

    func unmappedTopics() -> [UnmappedTopic] {
        let time = Timestamp(microseconds: APIGarage.start)
        return [UnmappedTopic(topic: "casa/x", count: 3, lastPayload: "1", lastTime: time, clientID: "esp1")]
    }

    private func record(
        _ subject: Subject, _ body: EventBody, _ origin: EventMetadata
    ) async throws(CommandDoorError) -> Int64 {
        let event = EventCoding.encode(
            DomainEvent(subject, body), id: .make(at: APIGarage.start), time: APIGarage.start, metadata: origin
        )
        do {
            return try await log.append(AppendRequest(events: [event])).head
        } catch {
            throw .storage("\(error)")
        }
    }
}
