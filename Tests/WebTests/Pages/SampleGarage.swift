import EventLog
import GarageDomain
import Ingest
import Synchronization
import Views

@testable import Web

/// A garage in memory: rows that a test sets, and events that it appends.
final class SampleGarage: PageReads, CommandDoor {
    struct Content {
        var events: [EventRow] = []
        var gates: [GateRow] = []
        var commands: [CommandRow] = []
        var spots: [SpotRow] = []
        var sensors: [SensorRow] = []
        var devices: [DeviceRow] = []
        var readings: [ReadingPoint] = []
        var garages: [Name] = []
        var views: [ViewsStatus.Projection] = []
        var trouble: String?
        var unmapped: [UnmappedTopic] = []
        var topics: [Subject: [DeviceTopic]] = [:]
        var spans: [GateSpan] = []
        var stays: [SpotStay] = []
        /// For how long spots were known, all added, in milliseconds.
        var parkingKnown: Int64 = 864_000_000
        var report: BrokerReport?
        var submitted: [CommandSubmission] = []
        /// What the command door answers.
        var rejection: CommandRejected.Reason?
        var isBroken = false
    }

    private let content = Mutex(Content())

    /// What the broker says of itself.
    var report: BrokerReport? { content.withLock { $0.report } }

    func change(_ body: (inout Content) -> Void) { content.withLock { body(&$0) } }

    var submitted: [CommandSubmission] { content.withLock { $0.submitted } }

    private func read<Value: Sendable>(_ body: (inout Content) throws -> sending Value) throws -> Value {
        try content.withLock { content in
            if content.isBroken { throw ViewsError.closed }
            return try body(&content)
        }
    }

    /// Appends an event that happened at `time` and returns its position.
    @discardableResult
    func append(
        _ subject: Subject, _ body: EventBody, at time: Timestamp, actor: String = "esp1", channel: String = "device",
        clientID: String? = nil, data: String = "{}"
    ) -> Int64 {
        content.withLock { content in
            let position = Int64(content.events.count + 1)
            let chain: Chain = body.type == .readingRecorded ? .telemetry : .journal
            let version = Int64(content.events.count { $0.event.stream == subject.stream } + 1)
            let event = RecordedEvent(
                position: position, id: EventID(microseconds: time.microseconds, random: (1, UInt64(position))),
                stream: subject.stream, version: version, chain: chain, type: body.type.rawValue, schema: 1,
                time: time.microseconds, recorded: time.microseconds + 1500,
                metadata: EventMetadata(actor: actor, channel: channel, clientID: clientID),
                data: Array(data.utf8), hash: Array(repeating: UInt8(truncatingIfNeeded: position), count: 32))
            content.events.append(EventRow(event: event, subject: subject, body: body))
            return position
        }
    }

    // MARK: PageReads

    func position() -> Int64 { content.withLock { Int64($0.events.count) } }

    func trouble() -> String? { content.withLock { $0.trouble } }

    func status() -> ViewsStatus {
        content.withLock { content in
            ViewsStatus(
                position: Int64(content.events.count), head: Int64(content.events.count), bytes: 0,
                projections: content.views)
        }
    }

    func waitUntilApplied(_ position: Int64, within deadline: Duration) async -> Bool { true }

    func feed(after position: Int64, filter: EventFilter) -> any RowFeed {
        SampleFeed(garage: self, filter: filter, position: position)
    }

    func events(_ filter: EventFilter, _ page: PageRequest) async throws -> EventPage {
        try read { content in
            var rows = content.events.filter { SampleGarage.matches($0, filter) }
            if page.order == .descending { rows.reverse() }
            if let after = page.after {
                rows.removeAll {
                    page.order == .descending ? $0.event.position >= after : $0.event.position <= after
                }
            }
            return EventPage(
                rows: Array(rows.prefix(page.limit)), hasMore: rows.count > page.limit,
                head: Int64(content.events.count))
        }
    }

    func event(at position: Int64) async throws -> EventRow? {
        try read { $0.events.first { $0.event.position == position } }
    }

    func related(to position: Int64) async throws -> [EventRow] {
        try read { content in
            guard let row = content.events.first(where: { $0.event.position == position }) else { return [] }
            guard let id = SampleGarage.commandID(row) else { return [row] }
            return content.events.filter { SampleGarage.commandID($0) == id }
        }
    }

    func neighbours(of position: Int64, count: Int) async throws -> (before: [EventRow], after: [EventRow]) {
        try read { content in
            let stream = content.events.first { $0.event.position == position }?.event.stream
            let rows = content.events.filter { $0.event.stream == stream }
            return (
                Array(rows.filter { $0.event.position < position }.suffix(count)),
                Array(rows.filter { $0.event.position > position }.prefix(count))
            )
        }
    }

    private static func commandID(_ row: EventRow) -> String? {
        switch row.body {
        case .gateMoved(let moved): moved.commandID
        case .commandRequested(let command): command.commandID
        case .commandDispatched(let command): command.commandID
        case .commandCompleted(let command): command.commandID
        default: nil
        }
    }

    func gates() async throws -> [GateRow] { try read { $0.gates } }
    func gate(_ id: Subject) async throws -> GateRow? { try read { $0.gates.first { $0.subject == id } } }

    func commands(of gate: Subject, limit: Int) async throws -> [CommandRow] {
        try read { Array($0.commands.filter { $0.gate == gate }.prefix(limit)) }
    }

    func command(gate: Subject, id: String) async throws -> CommandRow? {
        try read { $0.commands.first { $0.gate == gate && $0.id == id } }
    }

    func spots() async throws -> [SpotRow] { try read { $0.spots } }
    func sensors() async throws -> [SensorRow] { try read { $0.sensors } }
    func sensor(_ id: Subject) async throws -> SensorRow? { try read { $0.sensors.first { $0.subject == id } } }
    func devices() async throws -> [DeviceRow] { try read { $0.devices } }

    func openAlerts() async throws -> [AlertRow] {
        try read { content in
            var alerts: [AlertRow] = []
            for row in content.events {
                switch row.body {
                case .alertRaised(let alert):
                    alerts.append(
                        AlertRow(
                            position: row.event.position, subject: row.subject, condition: alert.condition,
                            text: alert.text, raised: Timestamp(microseconds: row.event.time), cleared: nil,
                            acknowledgement: nil))
                case .alertCleared(let alert):
                    alerts.removeAll { $0.subject == row.subject && $0.condition == alert.condition }
                case .eventAcknowledged(let note):
                    let acknowledgement = AcknowledgementRow(
                        position: row.event.position, actor: row.event.metadata.actor,
                        time: Timestamp(microseconds: row.event.time))
                    for index in alerts.indices where alerts[index].position == note.position {
                        alerts[index].acknowledgement = acknowledgement
                    }
                default: break
                }
            }
            return alerts.reversed()
        }
    }

    func timeline(of gate: Subject, from: Timestamp, to: Timestamp, limit: Int) async throws -> GateTimeline {
        try read { GateTimeline(spans: $0.spans, isCut: false) }
    }

    func usage(of gate: Subject, boundaries: [Timestamp], now: Timestamp) async throws -> [GateUsage] {
        zip(boundaries, boundaries.dropFirst()).enumerated().map { index, day in
            GateUsage(
                from: day.0, to: day.1, openMilliseconds: Int64(index) * 60_000,
                unknownMilliseconds: index == 0 ? day.1.milliseconds(since: day.0) : 0, openings: index)
        }
    }

    func stays(garage: Name?, spot: Subject?, before: Int64?, limit: Int) async throws -> StayPage {
        try read { StayPage(stays: $0.stays, hasMore: false) }
    }

    func parkingSummary(
        garage: Name?, spot: Subject?, from: Timestamp, to: Timestamp, now: Timestamp
    ) async throws -> ParkingSummary {
        try read { content in
            ParkingSummary(
                spots: content.spots.count, arrivals: 12, completed: 11, meanStayMilliseconds: 5_400_000,
                longestStayMilliseconds: 90_000_000, occupiedMilliseconds: content.parkingKnown / 4,
                knownMilliseconds: content.parkingKnown)
        }
    }

    func occupancyPattern(
        garage: Name?, spot: Subject?, from: Timestamp, to: Timestamp, now: Timestamp,
        offset: @escaping @Sendable (Timestamp) -> Int
    ) async throws -> OccupancyPattern {
        OccupancyPattern(shares: (0..<7).map { day in (0..<24).map { day == 6 ? nil : Double($0) / 23 } })
    }

    func summaries(
        of sensor: Subject, quantity: Quantity, boundaries: [Timestamp]
    ) async throws -> [ReadingSummary] {
        zip(boundaries, boundaries.dropFirst()).map { from, to in
            ReadingSummary(from: from, to: to, minimum: 18, maximum: 26, mean: 21.5, count: 1440)
        }
    }

    func garages() async throws -> [Name] { try read { $0.garages } }

    func readings(_ query: ReadingsQuery) async throws -> ReadingsAnswer {
        try read { content in
            let points = content.readings.filter { matches($0, query.sensor, query.quantity, query.from, query.to) }
            guard let length = query.bucket.microseconds else {
                return ReadingsAnswer(points: points, bucket: .raw, next: nil)
            }
            let groups = Dictionary(grouping: points) { $0.time.microseconds / length }
            let buckets = groups.sorted { $0.key < $1.key }.map { key, points in
                ReadingPoint(
                    sensor: points[0].sensor, quantity: points[0].quantity,
                    time: Timestamp(microseconds: key * length),
                    mean: points.map(\.mean).reduce(0, +) / Double(points.count),
                    minimum: points.map(\.minimum).min() ?? 0, maximum: points.map(\.maximum).max() ?? 0,
                    count: points.count)
            }
            return ReadingsAnswer(points: buckets, bucket: query.bucket, next: nil)
        }
    }

    func extremes(
        of sensor: Subject, quantity: Quantity, from: Timestamp, to: Timestamp
    ) async throws -> (minimum: ReadingPoint, maximum: ReadingPoint)? {
        try read { content in
            let points = content.readings.filter { matches($0, sensor, quantity, from, to) }
            guard let low = points.min(by: { $0.mean < $1.mean }), let high = points.max(by: { $0.mean < $1.mean })
            else { return nil }
            return (low, high)
        }
    }

    private func matches(
        _ point: ReadingPoint, _ sensor: Subject?, _ quantity: Quantity?, _ from: Timestamp?, _ to: Timestamp?
    ) -> Bool {
        (sensor == nil || point.sensor == sensor?.id) && (quantity == nil || point.quantity == quantity)
            && (from.map { point.time >= $0 } ?? true) && (to.map { point.time < $0 } ?? true)
    }

    static func matches(_ row: EventRow, _ filter: EventFilter) -> Bool {
        let type = row.event.type
        let names = filter.types.contains { $0 == type || ($0.hasSuffix(".*") && type.hasPrefix($0.dropLast())) }
        if !filter.types.isEmpty, !names { return false }
        if filter.types.isEmpty, filter.hidesReadings, type == EventType.readingRecorded.rawValue { return false }
        if let kind = filter.kind, row.subject?.kind != kind { return false }
        if let subject = filter.subject, row.subject?.id != subject, row.subject?.name.text != subject { return false }
        if let device = filter.device, row.event.metadata.clientID != device, row.event.metadata.actor != device {
            return false
        }
        if let actor = filter.actor, row.event.metadata.actor != actor { return false }
        if let from = filter.from, row.event.time < from.microseconds { return false }
        if let to = filter.to, row.event.time >= to.microseconds { return false }
        if let text = filter.text?.lowercased() {
            let data = String(decoding: row.event.data, as: UTF8.self)
            let searched = "\(row.event.stream) \(row.event.metadata.actor) \(data)".lowercased()
            if !searched.contains(text) { return false }
        }
        return true
    }

    // MARK: CommandDoor

    func submit(_ submission: CommandSubmission) async throws(CommandDoorError) -> CommandOutcome {
        let (rejection, isBroken) = content.withLock { content in
            content.submitted.append(submission)
            return (content.rejection, content.isBroken)
        }
        if isBroken { throw .storage("disk full") }
        return CommandOutcome(id: "c1", rejection: rejection, position: position(), repeated: false)
    }

    func addNote(
        _ text: String, to subject: Subject, by origin: EventMetadata
    ) async throws(CommandDoorError) -> Int64 {
        append(subject, .noteAdded(Note(text: text)), at: Timestamp(microseconds: 0))
    }

    func perform(_ deed: Deed, by origin: EventMetadata) async throws(CommandDoorError) -> Int64? {
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
        return append(subject, body, at: Timestamp(microseconds: 0))
    }

    func controls(of gate: Subject) -> GateControls? {
        GateControls(
            mode: .normal, unattendedClose: .off, warningSeconds: 5, isSuspended: false, isOnePiece: false)
    }

    func unmappedTopics() -> [UnmappedTopic] { content.withLock { $0.unmapped } }

    func deviceTopics() -> DeviceTopics { DeviceTopics(content.withLock { $0.topics }, revision: 0) }
}

private struct SampleFeed: RowFeed {
    let garage: SampleGarage
    let filter: EventFilter
    var position: Int64

    mutating func next(waitingAtMost wait: Duration) async throws -> [EventRow] {
        let deadline = ContinuousClock.now + wait
        while true {
            let head = garage.position()
            let page = try await garage.events(filter, PageRequest(after: position, order: .ascending, limit: 500))
            position = page.hasMore ? page.rows.last?.event.position ?? head : head
            if !page.rows.isEmpty || ContinuousClock.now >= deadline { return page.rows }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
