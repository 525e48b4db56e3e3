import DeviceProfiles
import EventLog
import GarageDomain
import GarageEvents
import Simulator

/// The days before the demo: what the simulated garage would have reported, decided by the rules of the real one and
/// written to an empty log with the times at which it would have happened. So charts, stays and log have something to
/// show from the first minute.
struct DemoHistory {
    static let days: Int64 = 3

    private static let hourMilliseconds: Int64 = 3_600_000
    /// Nobody asks for anything so shortly before the end, so that no command is left under way.
    private static let quietMilliseconds: Int64 = 600_000
    private static let people: [(name: String, channel: String)] = [
        ("ana", "page"), ("bruno", "mqtt"), ("carla", "http"),
    ]

    private let settings: GarageSettings
    private let names: [String]
    private let gates: [Subject]
    private var model: GarageModel
    private var state = GarageState()
    private var now: Timestamp
    private var nextPress: Timestamp
    private var presses = 0
    private var traces: [String: (request: EventID, latest: EventID)] = [:]
    private var events: [NewEvent] = []

    private init(_ options: SimulationOptions, settings: GarageSettings, from start: Timestamp) {
        var settings = settings
        // Nobody was there to take note of an alert.
        settings.alerts = .none
        self.settings = settings
        var day = ModelSettings(
            seed: options.seed, garage: options.garage, gates: options.gates, spots: options.spots,
            sensors: options.sensors, utcOffset: options.utcOffset)
        day.reportInterval = 300_000
        model = GarageModel(day, startingAt: start)
        names = model.devices.map(\.name.text)
        // `garage/home/gate/front/actuate` is about the gate `home.front`.
        gates = model.devices.compactMap { device in
            let levels = device.actuateTopic?.split(separator: "/") ?? []
            return levels.count > 3 ? Subject(stream: "gate/\(levels[1]).\(levels[3])") : nil
        }
        now = start
        nextPress = start.adding(milliseconds: DemoHistory.hourMilliseconds)
    }

    /// Fills an empty log up to `end`. A log that has events is left alone.
    static func fill(
        _ log: EventLog, as options: SimulationOptions, settings: GarageSettings, until end: Timestamp
    ) async throws(AppendError) {
        guard log.head == 0 else { return }
        let start = end.adding(milliseconds: -days * 24 * hourMilliseconds)
        var history = DemoHistory(options, settings: settings, from: start)
        history.connectDevices()
        while history.step(until: end) {
            guard history.events.count >= 512 else { continue }
            try await log.append(AppendRequest(events: history.events))
            history.events.removeAll(keepingCapacity: true)
        }
        try await log.append(AppendRequest(events: history.events))
    }

    private mutating func connectDevices() {
        for index in names.indices {
            handle(.clientConnected(names[index]), device: index)
            for message in model.announcement(ofDevice: index) { take(message) }
        }
    }

    /// Lets the next thing happen; `false` once nothing more does until `end`.
    private mutating func step(until end: Timestamp) -> Bool {
        let deadline = state.nextDeadline(settings: settings)
        let due = [model.nextEvent, deadline, nextPress].compactMap { $0 }.min() ?? end
        guard due < end else { return false }
        now = max(now, due)
        take(model.advance(to: now))
        if let deadline, deadline <= now { handle(.tick) }
        if nextPress <= now {
            if now < end.adding(milliseconds: -DemoHistory.quietMilliseconds) { press() }
            // From one to four hours later, and not at the same minute each day.
            let minutes = 60 + (presses * 47) % 180
            nextPress = now.adding(milliseconds: Int64(minutes) * 60_000)
        }
        return true
    }

    /// A person asks for a gate that stands closed.
    private mutating func press() {
        presses += 1
        let index = presses % max(1, gates.count)
        guard gates.indices.contains(index), state.gates[gates[index]]?.state == .closed else { return }
        let person = DemoHistory.people[presses % DemoHistory.people.count]
        let request = CommandRequest(
            gate: gates[index], text: CommandText(action: .open, isAttended: true),
            newID: EventID.make(at: now.microseconds).description, receivedAt: now, actor: person.name)
        let directives = handle(.commandReceived(request), actor: person.name, channel: person.channel)
        for case .actuate(_, let action, let commandID, _) in directives {
            now = now.adding(milliseconds: 40)
            handle(.actuated(commandID: commandID, receivers: 1))
            take(model.actuate(gate: index, action, at: now))
        }
    }

    private mutating func take(_ effects: [DeviceEffect]) {
        for case .publish(let message) in effects { take(message) }
    }

    private mutating func take(_ message: Simulator.DeviceMessage) {
        let topic = Array(message.topic.utf8)
        guard
            case .observations(let observations) = NativeProfile().interpret(
                topic: topic.span, payload: message.payload.span)
        else { return }
        let reporter = Reporter(clientID: names[message.device])
        for observation in observations { handle(.observed(observation, by: reporter), device: message.device) }
    }

    /// Decides on an input and keeps the events for the log. Returns what is to be done.
    @discardableResult
    private mutating func handle(
        _ input: Input, device: Int? = nil, actor: String = "garage", channel: String = "service"
    ) -> [Directive] {
        let decision = state.handle(input, at: now, settings: settings)
        for event in decision.events {
            let id = EventID.make(at: now.microseconds)
            var metadata = EventMetadata(actor: actor, channel: channel)
            if let device { metadata = EventMetadata(actor: names[device], channel: "device", clientID: names[device]) }
            correlate(event.body, id, &metadata)
            events.append(EventCoding.encode(event, id: id, time: now.microseconds, metadata: metadata))
        }
        return decision.directives
    }

    private mutating func correlate(_ body: EventBody, _ id: EventID, _ metadata: inout EventMetadata) {
        guard let commandID = body.commandID else { return }
        if let trace = traces[commandID] {
            metadata.correlation = trace.request
            metadata.causation = trace.latest
            traces[commandID]?.latest = id
        } else {
            metadata.correlation = id
            traces[commandID] = (id, id)
        }
    }
}
