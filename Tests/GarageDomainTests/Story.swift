import GarageDomain

/// A garage to which things happen one after the other, in virtual time.
struct Story {
    var state = GarageState()
    var now = Timestamp(microseconds: 1_700_000_000_000_000)
    var settings = Story.quiet
    /// No alerts, no limits, and gates that may be closed at any time.
    static let quiet: GarageSettings = {
        var settings = GarageSettings()
        settings.alerts = .none
        settings.commandsPerMinuteAndActor = nil
        settings.commandsPerMinuteAndGate = nil
        settings.everyGate.unattendedClose = .deviceWarns
        return settings
    }()
    /// Everything that happened, in order.
    var events: [DomainEvent] = []

    @discardableResult
    mutating func when(_ input: Input, after milliseconds: Int64 = 0) -> Decision {
        now = now.adding(milliseconds: milliseconds)
        let decision = state.handle(input, at: now, settings: settings)
        events += decision.events
        return decision
    }

    /// The machine's clock is set.
    @discardableResult
    mutating func setClock(by milliseconds: Int64) -> Decision {
        when(.clockChanged(garage: Name(nearest: "home"), milliseconds: milliseconds), after: milliseconds)
    }

    /// The device `client` reports.
    @discardableResult
    mutating func report(
        _ observation: Observation, by client: String = "esp1", will: Bool = false, after milliseconds: Int64 = 0
    ) -> [EventBody] {
        when(.observed(observation, by: Reporter(clientID: client, isLastWill: will)), after: milliseconds)
            .events.map(\.body)
    }

    /// Someone asks for a movement.
    mutating func ask(
        _ action: GateAction?, id: String, gate: Subject = front, after milliseconds: Int64 = 0,
        _ change: (inout CommandRequest) -> Void = { _ in }
    ) -> Decision {
        now = now.adding(milliseconds: milliseconds)
        var request = CommandRequest(
            gate: gate, text: CommandText(action: action, id: id), newID: "unused", receivedAt: now)
        change(&request)
        return when(.commandReceived(request))
    }

    @discardableResult
    mutating func actuated(_ id: String, receivers: Int = 1, after milliseconds: Int64 = 0) -> [EventBody] {
        when(.actuated(commandID: id, receivers: receivers), after: milliseconds).events.map(\.body)
    }

    /// Asks for a movement and hands the message to the device.
    mutating func send(_ action: GateAction, id: String) {
        _ = ask(action, id: id)
        actuated(id)
    }

    /// A garage whose front gate was reported by the device `esp1`.
    static func gate(_ state: GateState, by client: String = "esp1") -> Story {
        var story = Story()
        story.report(.gateState(front, state), by: client)
        return story
    }
}

func subject(_ kind: Subject.Kind, _ name: String) -> Subject {
    Subject(garage: Name(nearest: "home"), kind: kind, name: Name(nearest: name))
}

let front = subject(.gate, "front")
let spotA1 = subject(.spot, "A1")
let dht1 = subject(.sensor, "dht1")
let esp1 = subject(.device, "esp1")

extension Decision {
    var bodies: [EventBody] { events.map(\.body) }
}

func seen(_ client: String) -> EventBody { .deviceSeen(DeviceSeen(clientID: client)) }
func online(_ client: String) -> EventBody { .deviceConnected(DeviceConnected(clientID: client)) }
func offline(_ client: String, _ reason: DeviceDisconnected.Reason) -> EventBody {
    .deviceDisconnected(DeviceDisconnected(clientID: client, reason: reason))
}
func moved(_ from: GateState?, _ to: GateState, took: Int64? = nil, by command: String? = nil) -> EventBody {
    .gateMoved(GateMoved(from: from, to: to, tookMilliseconds: took, commandID: command))
}
func failed(_ id: String, _ action: GateAction, _ reason: CommandFailed.Reason) -> EventBody {
    .commandFailed(CommandFailed(commandID: id, action: action, reason: reason))
}
func completed(_ id: String, _ action: GateAction, _ state: GateState, took: Int64) -> EventBody {
    .commandCompleted(CommandCompleted(commandID: id, action: action, state: state, tookMilliseconds: took))
}
func dispatched(_ id: String, _ action: GateAction, _ receivers: Int = 1) -> EventBody {
    .commandDispatched(CommandDispatched(commandID: id, action: action, receivers: receivers))
}
