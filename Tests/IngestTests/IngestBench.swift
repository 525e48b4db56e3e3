import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Ingest
import Logging
import MQTTBroker
import MQTTCodec
import Synchronization
import Testing

/// Ingest on a real event log in a folder of its own, with a broker that only remembers what it was told.
final class IngestBench: Sendable {
    let folder: String
    let log: EventLog
    let ingest: Ingest
    let sink: RecordingSink
    let clock: ManualClock

    init(
        folder: String? = nil, receivers: Int = 1, settings: GarageSettings = IngestBench.quiet,
        mappings: [MappingText] = []
    ) throws {
        let path = folder ?? FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        self.folder = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let clock = ManualClock()
        self.clock = clock
        log = try EventLog.open(directory: path, clock: { clock.now.microseconds })
        sink = RecordingSink(log: log, receivers: receivers)
        ingest = try Ingest(
            log: log,
            options: .init(settings: settings, clock: { clock.now }, gatekeeper: OpenGate(), mappings: mappings),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        ingest.attach(sink)
    }

    /// No alerts, no limits, and gates that may be closed at any time.
    static let quiet: GarageSettings = {
        var settings = GarageSettings()
        settings.alerts = .none
        settings.commandsPerMinuteAndActor = nil
        settings.commandsPerMinuteAndGate = nil
        settings.everyGate.unattendedClose = .deviceWarns
        return settings
    }()

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Publishes as a client would and returns the verdict.
    @discardableResult
    func publish(
        _ topic: String, _ payload: String, qos: QoS = .atLeastOnce, packetID: UInt16 = 1, retain: Bool = false,
        duplicate: Bool = false, isWill: Bool = false, from client: ClientContext = ClientContext(clientID: "esp1"),
        properties: Properties = Properties()
    ) -> PublishVerdict {
        PublishInspection.with(
            topic: topic, payload: Array(payload.utf8), qos: qos, packetID: packetID, retain: retain,
            duplicate: duplicate, isWill: isWill, client: client, properties: properties
        ) { ingest.inspect($0) }
    }

    /// Every event in the log once all that was published before is on disk.
    func events() async throws -> [RecordedEvent] {
        _ = try await log.append(AppendRequest(events: []))
        return try log.read(after: 0, limit: 1000)
    }

    /// The types of the events, without those of devices' coming and going.
    func types() async throws -> [String] {
        try await events().map(\.type).filter { !$0.hasPrefix("device.") }
    }

    /// Waits until `condition` holds; fails the test after five seconds.
    func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<500 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what)
    }
}

/// A clock that stands until it is moved.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(microseconds: 1_750_000_000_000_000))

    var now: Timestamp { time.withLock { $0 } }

    func advance(milliseconds: Int64) { time.withLock { $0 = $0.adding(milliseconds: milliseconds) } }
}

/// Remembers what Ingest published and released, and how far the log was on disk at that time.
final class RecordingSink: MessageSink {
    struct Record: Sendable {
        var messages: [LocalMessage] = []
        var releases: [(code: ReasonCode, head: Int64)] = []
        var answer: (@Sendable () -> Void)?
    }

    private let log: EventLog
    private let receivers: Int
    private let record = Mutex(Record())

    init(log: EventLog, receivers: Int) {
        self.log = log
        self.receivers = receivers
    }

    var messages: [LocalMessage] { record.withLock { $0.messages } }
    var releases: [(code: ReasonCode, head: Int64)] { record.withLock { $0.releases } }

    /// What a device does as soon as it gets a message that is counted, before the count is returned.
    func onPublish(_ answer: @escaping @Sendable () -> Void) { record.withLock { $0.answer = answer } }

    func publish(_ message: LocalMessage) async -> Int {
        post(message)
        record.withLock { $0.answer }?()
        return receivers
    }

    func post(_ message: LocalMessage) { record.withLock { $0.messages.append(message) } }

    func release(_ releases: [(HoldTicket, ReasonCode)]) {
        let head = log.head
        record.withLock { $0.releases += releases.map { ($0.1, head) } }
    }
}

struct OpenGate: Gatekeeper {
    func admit(_ request: ConnectRequest) -> Authentication { .accepted(.anonymous) }
}
