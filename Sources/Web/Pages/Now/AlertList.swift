import EventLog
import GarageDomain
import Views

/// What a person should look at now.
struct AlertList {
    struct Entry {
        var icon: String
        var tone: EventLook.Tone
        var sentence: Markup
        var path: String
        /// Where a person says that they have taken note; `nil` for what is no alert of the log.
        var acknowledgePath: String?
    }

    var entries: [Entry] = []

    init(
        gates: [GateRow], sensors: [SensorRow], devices: [DeviceRow], raised: [EventRow], trouble: String?,
        text: PageText
    ) {
        let words = text.words
        if let trouble {
            entries.append(
                Entry(
                    icon: "failed", tone: .bad,
                    sentence: words.markup(
                        "alert_storage", ["reason": FailureWording.storage(trouble, in: words)]), path: "/"))
        }
        let alertedGates = Set(
            raised.compactMap { row in
                if case .alertRaised(let alert) = row.body, alert.condition == AlertCondition.obstructed.rawValue {
                    row.subject
                } else {
                    nil
                }
            })
        for gate in gates where gate.obstructed && !alertedGates.contains(gate.subject) {
            entries.append(
                Entry(
                    icon: "obstructed", tone: .bad,
                    sentence: words.markup("alert_obstructed", ["subject": "<b>\(text.title(gate.subject))</b>"]),
                    path: text.path(gate.subject)))
        }
        for row in raised {
            guard case .alertRaised(let alert) = row.body else { continue }
            entries.append(
                Entry(
                    icon: "alert", tone: .bad, sentence: AlertList.sentence(alert, about: row.subject, in: text),
                    path: "/events/\(row.event.position)",
                    acknowledgePath: "/alerts/\(row.event.position)/acknowledge"))
        }
        for sensor in sensors {
            guard let fault = sensor.fault else { continue }
            let values: [String: Markup] = [
                "subject": "<b>\(text.title(sensor.subject))</b>",
                "quantity": Markup(SensorCard.name(of: fault.fault.quantity, in: text)),
                "fault": Markup(words.text("fault_" + fault.fault.kind.rawValue)), "elapsed": text.elapsed(fault.time),
            ]
            entries.append(
                Entry(
                    icon: "fault", tone: .warning, sentence: words.markup("alert_fault", values),
                    path: text.path(sensor.subject)))
        }
        for device in devices where !device.online {
            let reason =
                device.reason.map { words.texts["offline_" + $0] ?? $0.cut(to: 60) } ?? words.text("offline_unknown")
            let values: [String: Markup] = [
                "subject": "<b>\(text.title(device.subject))</b>", "reason": Markup(reason),
                "elapsed": text.elapsed(device.since),
            ]
            entries.append(
                Entry(
                    icon: "offline", tone: .warning, sentence: words.markup("alert_offline", values), path: "/devices"))
        }
    }

    private static func sentence(_ alert: Alert, about subject: Subject?, in text: PageText) -> Markup {
        let said = AlertWording.text(alert, in: text.words)
        guard let subject else { return "\(said)" }
        return text.words.markup(
            "alert_raised",
            ["subject": "<b>\(text.title(subject))</b>", "text": Markup(said)])
    }

    /// The alerts that were raised and not cleared since, from the newest events about alerts.
    static func open(_ events: [EventRow]) -> [EventRow] {
        var settled: Set<[String]> = []
        return events.filter { row in
            switch row.body {
            case .alertRaised(let alert): settled.insert([row.event.stream, alert.condition]).inserted
            case .alertCleared(let alert):
                settled.insert([row.event.stream, alert.condition]).inserted && false
            default: false
            }
        }
    }

    func values(in text: PageText) -> [String: Any] {
        let shown = entries.prefix(6)
        return [
            "t": text.words.texts,
            "hasAlerts": !entries.isEmpty,
            "alerts": shown.map {
                [
                    "icon": text.icon($0.icon), "tone": $0.tone.rawValue, "sentence": $0.sentence, "path": $0.path,
                    "acknowledgePath": $0.acknowledgePath ?? "", "canAcknowledge": $0.acknowledgePath != nil,
                    "acknowledge": text.words.text("acknowledge"),
                ] as [String: Any]
            },
            "more": entries.count > shown.count ? text.words.count("more_alerts", entries.count - shown.count) : "",
        ]
    }
}
