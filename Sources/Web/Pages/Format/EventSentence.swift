import EventLog
import GarageDomain
import Views

/// An event in plain words.
struct EventSentence {
    /// What happened, with the subject's name set apart.
    var markup: Markup
    /// What is good to know besides, for example how long it took.
    var aside: String?

    init(_ row: EventRow, in text: PageText) {
        let words = text.words
        let title = row.subject.map(text.title) ?? row.event.stream.cut(to: 80)
        let name: Markup = "<b>\(title)</b>"
        func sentence(_ key: String, _ values: [String: Markup] = [:]) -> Markup {
            words.markup("sentence_" + key, values.merging(["subject": name]) { value, _ in value })
        }
        func action(_ action: GateAction?) -> Markup { Markup(words.text("verb_" + (action?.rawValue ?? "unknown"))) }

        guard let body = row.body else {
            markup = sentence("unknown", ["type": Markup(row.event.type.cut(to: 80))])
            return
        }
        switch body {
        case .gateMoved(let moved):
            // The first report tells where the gate is, not that it moved there just now.
            markup = sentence((moved.from == nil ? "gate_is_" : "gate_") + moved.to.rawValue)
            if let took = moved.tookMilliseconds, let from = moved.from {
                aside = words.text(from.isMoving ? "took" : "was_\(from.rawValue)_for", ["time": text.duration(took)])
            }
        case .gateObstructed: markup = sentence("gate_obstructed")
        case .gateObstructionCleared: markup = sentence("gate_obstruction_cleared")
        case .commandRequested(let command):
            markup = sentence("command_requested", ["action": action(command.action)])
            aside = command.reason.map { words.text("quoted", ["text": $0.cut(to: 200)]) }
        case .commandRejected(let command):
            markup = sentence(
                "command_rejected",
                ["action": action(command.action), "reason": Markup(words.text("rejected_" + command.reason.rawValue))])
        case .commandWarned(let command):
            markup = sentence("command_warned", ["action": action(command.action)])
        case .commandDispatched(let command):
            markup = sentence("command_dispatched", ["action": action(command.action)])
        case .commandCompleted(let command):
            markup = sentence("command_completed", ["action": action(command.action)])
            aside = words.text("took", ["time": text.duration(command.tookMilliseconds)])
        case .commandFailed(let command):
            markup = sentence(
                "command_failed",
                ["action": action(command.action), "reason": Markup(words.text("failed_" + command.reason.rawValue))])
        case .gateModeChanged(let changed):
            markup = sentence("mode_" + changed.mode.rawValue)
            aside = changed.reason.map { words.text("quoted", ["text": $0.cut(to: 200)]) }
        case .unattendedCloseChanged(let changed): markup = sentence("unattended_close_" + changed.mode.rawValue)
        case .unattendedCloseSuspended: markup = sentence("unattended_close_suspended")
        case .unattendedCloseResumed: markup = sentence("unattended_close_resumed")
        case .spotChanged(let changed):
            let isFirst = changed.tookMilliseconds == nil
            markup = sentence(
                changed.occupied
                    ? isFirst ? "spot_is_taken" : "spot_occupied" : isFirst ? "spot_is_free" : "spot_freed")
            aside = changed.tookMilliseconds.map {
                words.text(changed.occupied ? "was_free_for" : "was_taken_for", ["time": text.duration($0)])
            }
        case .readingRecorded(let reading):
            markup = sentence(
                "reading",
                [
                    "quantity": Markup(words.text("quantity_" + reading.quantity.rawValue)),
                    "value": Markup(text.measure(reading.value, reading.quantity)),
                ])
        case .faultDetected(let fault):
            let quantity = SensorCard.name(of: fault.quantity, in: text)
            markup = sentence(
                "fault", ["quantity": Markup(quantity), "fault": Markup(words.text("fault_" + fault.kind.rawValue))])
            aside = fault.raw.isEmpty ? nil : words.text("quoted", ["text": fault.raw.cut(to: 60)])
        case .faultCleared(let cleared):
            let quantity = SensorCard.name(of: cleared.quantity, in: text)
            markup = sentence(
                "fault_cleared",
                ["quantity": Markup(quantity), "fault": Markup(words.text("fault_" + cleared.kind.rawValue))])
        case .deviceSeen: markup = sentence("device_seen")
        case .deviceConnected: markup = sentence("device_connected")
        case .deviceDisconnected(let disconnected):
            markup = sentence(
                "device_disconnected", ["reason": Markup(words.text("offline_" + disconnected.reason.rawValue))])
        case .alertRaised(let alert):
            markup = sentence("alert_raised", ["text": Markup(AlertWording.text(alert, in: words))])
        case .alertCleared(let alert):
            markup = sentence("alert_cleared", ["text": Markup(AlertWording.text(alert, in: words))])
        case .accessDenied(let denied):
            markup = sentence("access_denied", ["attempt": Markup(AccessWording.attempt(denied.attempt, in: words))])
            aside = denied.address.map { words.text("from_address", ["address": $0.cut(to: 80)]) }
        case .accessChanged(let changed):
            markup = sentence(
                "access_changed",
                [
                    "user": Markup(changed.user.cut(to: 80)),
                    "change": Markup(AccessWording.change(changed.change, in: words)),
                ])
        case .dataErased(let erased):
            let count = Markup(words.number(Double(erased.events), decimals: 0))
            markup = sentence(erased.events == 1 ? "data_erased_one" : "data_erased_other", ["count": count])
        case .noteAdded(let note): markup = sentence("note", ["text": Markup(note.text.cut(to: 500))])
        case .eventAcknowledged(let acknowledged):
            markup = sentence("acknowledged", ["position": Markup(String(acknowledged.position))])
        case .mappingAdded(let rule):
            markup = sentence(
                "mapping_added", ["id": Markup(rule.id.cut(to: 64)), "topic": Markup(rule.topic.cut(to: 200))])
        case .mappingRemoved(let removed):
            markup = sentence("mapping_removed", ["id": Markup(removed.id.cut(to: 64))])
        case .bridgeConnected(let connected):
            markup = sentence(
                "bridge_connected",
                ["bridge": Markup(connected.bridge.cut(to: 64)), "address": Markup(connected.address.cut(to: 200))])
        case .bridgeDisconnected(let disconnected):
            markup = sentence("bridge_disconnected", ["bridge": Markup(disconnected.bridge.cut(to: 64))])
            aside = disconnected.reason?.cut(to: 200)
        case .clockChanged(let changed):
            markup = sentence(
                changed.milliseconds < 0 ? "clock_set_back" : "clock_set_forward",
                ["length": Markup(text.duration(Int64(clamping: changed.milliseconds.magnitude)))])
        }
    }
}

/// How an event looks: the name of its icon and the tone of its colour.
struct EventLook {
    var icon: String
    var tone: Tone

    /// The raw value is the CSS class.
    enum Tone: String {
        case good, warning, bad, moving, plain
    }

    init(_ type: String) {
        (icon, tone) =
            switch EventType(rawValue: type) {
            case .gateOpening: ("gate-opening", .moving)
            case .gateOpened: ("gate-open", .warning)
            case .gateClosing: ("gate-closing", .moving)
            case .gateClosed: ("gate-closed", .good)
            case .gateStopped: ("gate-stopped", .warning)
            case .gateObstructed: ("obstructed", .bad)
            case .gateObstructionCleared: ("check", .good)
            case .commandRequested: ("command", .plain)
            case .commandRejected: ("denied", .warning)
            case .commandWarned: ("alert", .warning)
            case .commandDispatched: ("sent", .plain)
            case .commandCompleted: ("check", .good)
            case .commandFailed: ("failed", .bad)
            case .gateModeChanged, .unattendedCloseChanged: ("access", .plain)
            case .unattendedCloseSuspended: ("denied", .bad)
            case .unattendedCloseResumed: ("check", .good)
            case .spotOccupied: ("car", .plain)
            case .spotFreed: ("spot-free", .good)
            case .readingRecorded: ("sensor", .plain)
            case .faultDetected: ("fault", .warning)
            case .faultCleared: ("check", .good)
            case .deviceSeen: ("device", .plain)
            case .deviceConnected: ("online", .good)
            case .deviceDisconnected: ("offline", .warning)
            case .alertRaised: ("alert", .bad)
            case .alertCleared: ("check", .good)
            case .accessDenied: ("denied", .bad)
            case .accessChanged: ("access", .plain)
            case .dataErased: ("access", .plain)
            case .noteAdded: ("note", .plain)
            case .eventAcknowledged: ("check", .plain)
            case .mappingAdded, .mappingRemoved: ("device", .plain)
            case .bridgeConnected: ("online", .good)
            case .bridgeDisconnected: ("offline", .warning)
            case .clockChanged: ("alert", .warning)
            case nil: ("unknown", .plain)
            }
    }
}
