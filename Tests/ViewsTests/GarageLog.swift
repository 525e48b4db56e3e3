import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Logging
import Synchronization
import Testing
import Views

/// A log in a temporary folder, with short ways to append what happens in a garage.
///
/// Its clock stands at `start` and moves only when a test moves it.
final class GarageLog: Sendable {
    static let start: Int64 = 1_700_000_000_000_000

    let folder: String
    let log: EventLog
    private let clock: Mutex<Int64>
    private let appended = Mutex<UInt64>(0)

    /// Runs a body with an empty log, and removes the folder afterwards.
    static func with(_ body: (GarageLog) async throws -> Void) async throws {
        let garage = try GarageLog()
        do {
            try await body(garage)
            await garage.log.close()
        } catch {
            await garage.log.close()
            throw error
        }
    }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("views-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        clock = Mutex(GarageLog.start)
        log = try EventLog.open(directory: folder, clock: { GarageLog.start })
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Seconds after the start.
    static func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: start + Int64((seconds * 1_000_000).rounded()))
    }

    func openViews() throws -> Views { try Views.open(directory: folder, log: log, logger: GarageLog.logger) }

    /// Open views that have applied everything.
    func caughtUpViews() async throws -> Views {
        let views = try openViews()
        try await views.catchUp()
        return views
    }

    static var logger: Logger {
        var logger = Logger(label: "views-tests")
        logger.logLevel = .critical
        return logger
    }

    // MARK: - Appending

    /// Appends one event; `device` reports it, or else `actor` causes it over `channel`.
    @discardableResult
    func append(
        _ stream: String, _ body: EventBody, at seconds: Double, device: String? = nil, actor: String = "garage",
        channel: String = "service"
    ) async throws -> Int64 {
        let subject = try #require(Subject(stream: stream))
        let metadata =
            device.map { EventMetadata(actor: $0, channel: "device", clientID: $0) }
            ?? EventMetadata(actor: actor, channel: channel)
        return try await append([
            EventCoding.encode(
                DomainEvent(subject, body), id: newID(), time: GarageLog.at(seconds).microseconds, metadata: metadata
            )
        ])
    }

    /// Appends an event of a type that this version does not know.
    @discardableResult
    func appendUnknown(_ stream: String, type: String, data: String, at seconds: Double) async throws -> Int64 {
        try await append([
            NewEvent(
                id: newID(), stream: stream, chain: .journal, type: type, schema: 1,
                time: GarageLog.at(seconds).microseconds, metadata: EventMetadata(actor: "someone", channel: "http"),
                data: Array(data.utf8)
            )
        ])
    }

    /// Appends events in one request and returns the last position.
    @discardableResult
    func append(_ events: [NewEvent]) async throws -> Int64 {
        let receipt = try await log.append(AppendRequest(events: events))
        return try #require(receipt.positions.last)
    }

    /// Ids in a fixed order, so that the same test makes the same log.
    func newID() -> EventID {
        let number = appended.withLock { appended in
            appended += 1
            return appended
        }
        return EventID(microseconds: GarageLog.start, random: (number >> 20, number))
    }
}

/// What a gate reports.
func moved(_ from: GateState?, _ to: GateState, command: String? = nil) -> EventBody {
    .gateMoved(GateMoved(from: from, to: to, tookMilliseconds: nil, commandID: command))
}

func reading(_ quantity: Quantity, _ value: Double) -> EventBody {
    .readingRecorded(Reading(quantity: quantity, value: value))
}

func subject(_ stream: String) throws -> Subject { try #require(Subject(stream: stream)) }

/// Waits for a condition, and fails the test if it does not come true in time.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("The condition did not come true in time")
}
