public import EventLog
import GarageDomain
import GarageEvents

/// Fills an empty log with what a garage does in 400 days, in an order that a seed decides: 88 of 100 events are readings.
public struct GeneratedLog {
    /// The time of the first event: 2025-01-01T00:00:00Z.
    public static let start: Int64 = 1_735_689_600_000_000
    /// The days that the events are spread over.
    public static let days: Int64 = 400

    private var random: Generator
    private var time = GeneratedLog.start
    private let step: Int64
    private var gateStates: [Int: GateState] = [:]
    private var isTaken: [Int: Bool] = [:]
    private var commands = 0
    private var events: [NewEvent] = []

    private init(count: Int, seed: UInt64) {
        random = Generator(state: seed)
        step = max(1, GeneratedLog.days * 86_400_000_000 / Int64(max(count, 1)))
    }

    /// Appends `count` events, a few more where an undertaking ends beyond them, and tells how many there are now and then.
    public static func fill(
        _ log: EventLog, count: Int, seed: UInt64, progress: (Int) -> Void
    ) async throws(AppendError) {
        var story = GeneratedLog(count: count, seed: seed)
        var appended = 0
        while appended < count {
            while story.events.count < min(1024, count - appended) { story.tell() }
            try await log.append(AppendRequest(events: story.events))
            appended += story.events.count
            story.events.removeAll(keepingCapacity: true)
            progress(appended)
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private mutating func tell() {
        switch pick(1000) {
        case 0..<880: tellReading()
        case 880..<940: tellSpot()
        case 940..<985: if pick(4) == 0 { tellGate() } else { tellReading() }
        case 985..<995: tellDevice()
        case 995..<998: tellNote()
        default: tellAlert()
        }
    }

    private mutating func add(_ subject: Subject, _ body: EventBody, _ metadata: EventMetadata, id: EventID? = nil) {
        time += 1 + Int64(random.next() % UInt64(2 * step))
        let id = id ?? EventID(microseconds: time, random: (random.next(), random.next()))
        events.append(EventCoding.encode(DomainEvent(subject, body), id: id, time: time, metadata: metadata))
    }

    private func subject(_ kind: Subject.Kind, _ name: String) -> Subject {
        Subject(garage: Name(nearest: "home"), kind: kind, name: Name(nearest: name))
    }

    private func device(_ number: Int) -> EventMetadata {
        EventMetadata(actor: "esp\(number)", channel: "device", clientID: "esp\(number)")
    }

    private mutating func tellReading() {
        let sensor = pick(8)
        let quantity: Quantity = pick(2) == 0 ? .temperature : .humidity
        let value = Double(pick(300)) / 10 + (quantity == .humidity ? 30 : 5)
        let body = EventBody.readingRecorded(Reading(quantity: quantity, value: value))
        add(subject(.sensor, "dht\(sensor)"), body, device(sensor % 4))
    }

    private mutating func tellSpot() {
        let spot = pick(12)
        let taken = !(isTaken[spot] ?? false)
        isTaken[spot] = taken
        add(subject(.spot, "A\(spot)"), .spotChanged(SpotChanged(occupied: taken)), device(4 + spot % 2))
    }

    private mutating func tellGate() {
        let gate = pick(2)
        let subject = subject(.gate, gate == 0 ? "front" : "back")
        let (way, end): (GateState, GateState) = gateStates[gate] == .open ? (.closing, .closed) : (.opening, .open)
        let from = gateStates[gate]
        commands += 1
        let id = "c\(commands)"
        let action: GateAction = end == .open ? .open : .close
        let request = EventID(microseconds: time, random: (random.next(), random.next()))
        let actor = ["ana", "rui", "João", "key-fob"][pick(4)]
        let person = EventMetadata(actor: actor, channel: pick(2) == 0 ? "page" : "http", correlation: request)
        var reporter = device(6)
        reporter.correlation = request
        let expiry = Timestamp(microseconds: time + 10_000_000)
        add(
            subject, .commandRequested(CommandRequested(commandID: id, action: action, expiresAt: expiry)), person,
            id: request)
        if pick(20) == 0 {
            add(subject, .commandFailed(CommandFailed(commandID: id, action: action, reason: .timedOut)), person)
            return
        }
        add(subject, .commandDispatched(CommandDispatched(commandID: id, action: action, receivers: 1)), person)
        let moves = [(from, way), (way, end)]
        for (from, to) in moves {
            let moved = GateMoved(from: from, to: to, tookMilliseconds: 14_000, commandID: id)
            add(subject, .gateMoved(moved), reporter)
        }
        let done = CommandCompleted(commandID: id, action: action, state: end, tookMilliseconds: 15_000)
        add(subject, .commandCompleted(done), person)
        gateStates[gate] = end
    }

    private mutating func tellDevice() {
        let number = pick(7)
        let subject = subject(.device, "esp\(number)")
        let metadata = EventMetadata(actor: "garage", channel: "service")
        if pick(2) == 0 {
            add(subject, .deviceConnected(DeviceConnected(clientID: "esp\(number)")), metadata)
        } else {
            add(subject, .deviceDisconnected(DeviceDisconnected(clientID: nil, reason: .connectionLost)), metadata)
        }
    }

    private mutating func tellNote() {
        let text = "Checked the hinges, number \(pick(100_000)), all well"
        add(subject(.gate, "front"), .noteAdded(Note(text: text)), EventMetadata(actor: "ana", channel: "page"))
    }

    private mutating func tellAlert() {
        let alert = Alert(condition: "open-too-long", text: "The gate has been open for 10 minutes")
        let metadata = EventMetadata(actor: "garage", channel: "service")
        add(subject(.gate, "back"), .alertRaised(alert), metadata)
        add(subject(.gate, "back"), .alertCleared(alert), metadata)
    }

    /// Numbers that depend on the seed alone (SplitMix64; Steele, Lea and Flood 2014).
    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
