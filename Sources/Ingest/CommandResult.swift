import DeviceProfiles
import EventLog
import GarageDomain
import MQTTBroker
import MQTTCodec
import NIOCore

/// What the sender of a gate command is told over MQTT, at each step.
struct CommandResult {
    var gate: Subject
    var commandID: String
    var action: GateAction?
    var status: NativeProfile.CommandStatus
    var reason: String?

    /// The result that an event of a command means; `nil` for other events.
    init?(_ event: DomainEvent) {
        gate = event.subject
        switch event.body {
        case .commandRequested(let body):
            (commandID, action, status) = (body.commandID, body.action, .requested)
        case .commandRejected(let body):
            (commandID, action, status, reason) = (body.commandID, body.action, .rejected, body.reason.rawValue)
        case .commandWarned(let body):
            (commandID, action, status) = (body.commandID, body.action, .warned)
        case .commandDispatched(let body):
            (commandID, action, status) = (body.commandID, body.action, .dispatched)
        case .commandCompleted(let body):
            (commandID, action, status) = (body.commandID, body.action, .completed)
        case .commandFailed(let body):
            (commandID, action, status, reason) = (body.commandID, body.action, .failed, body.reason.rawValue)
        default: return nil
        }
    }

    /// The result of a command whose id was used before: what became of the first.
    init(_ repeated: (id: String, record: CommandRecord, isConflict: Bool)) {
        gate = repeated.record.gate
        commandID = repeated.id
        action = repeated.record.action
        guard !repeated.isConflict else {
            (status, reason) = (.rejected, "conflict")
            return
        }
        switch repeated.record.outcome {
        case .requested: status = .requested
        case .dispatched: status = .dispatched
        case .completed: status = .completed
        case .rejected(let why): (status, reason) = (.rejected, why.rawValue)
        case .failed(let why): (status, reason) = (.failed, why.rawValue)
        }
    }

    /// One message for the gate's result topic and one for the sender's response topic, if it named one.
    func messages(to reply: ReplyAddress?, trace: TraceContext?) -> [LocalMessage] {
        let result = NativeProfile.commandResult(gate, id: commandID, action: action, status: status, reason: reason)
        let payload = ByteBuffer(bytes: result.payload)
        var messages = [
            LocalMessage(
                topic: result.topic, payload: payload, qos: .atLeastOnce, properties: Properties(trace),
                neverQueued: true)
        ]
        if let reply {
            var properties = Properties(trace)
            properties.correlationData = reply.correlationData
            messages.append(
                LocalMessage(
                    topic: reply.topic, payload: payload, qos: .atLeastOnce, properties: properties,
                    neverQueued: true))
        }
        return messages
    }
}

extension Decision {
    /// The command whose id was repeated, if that is what the decision is about.
    var repeatedCommand: (id: String, record: CommandRecord, isConflict: Bool)? {
        switch verdict {
        case .repeated(let id, let first): (id, first, false)
        case .conflict(let id, let first): (id, first, true)
        default: nil
        }
    }
}
