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
        /// Where a person says that they have taken note; `nil` for what is no alert of the log, is noted, or not theirs to
        /// note.
        var acknowledgePath: String?
    }

    var entries: [Entry] = []

    /// - Parameters:
    ///   - raised: the alerts of the log that stand, newest first.
    ///   - mayNote: whether the reader may say that they have taken note.
    init(
        gates: [GateRow], sensors: [SensorRow], devices: [DeviceRow], raised: [AlertRow], trouble: String?,
        mayNote: Bool, text: PageText
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
            raised.compactMap { $0.condition == AlertCondition.obstructed.rawValue ? $0.subject : nil })
        for gate in gates where gate.obstructed && !alertedGates.contains(gate.subject) {
            entries.append(
                Entry(
                    icon: "obstructed", tone: .bad,
                    sentence: words.markup("alert_obstructed", ["subject": "<b>\(text.title(gate.subject))</b>"]),
                    path: text.path(gate.subject)))
        }
        for row in raised {
            let isNoted = row.acknowledgement != nil
            entries.append(
                Entry(
                    icon: "alert", tone: .bad, sentence: AlertList.sentence(row, in: text),
                    path: "/events/\(row.position)",
                    acknowledgePath: mayNote && !isNoted ? "/alerts/\(row.position)/acknowledge" : nil))
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

    private static func sentence(_ row: AlertRow, in text: PageText) -> Markup {
        let said = AlertWording.text(Alert(condition: row.condition, text: row.text), in: text.words)
        var sentence: Markup = "\(said)"
        if let subject = row.subject {
            sentence = text.words.markup(
                "alert_raised", ["subject": "<b>\(text.title(subject))</b>", "text": Markup(said)])
        }
        guard let note = row.acknowledgement else { return sentence }
        let author = text.author(note.actor.cut(to: 40), channel: "")
        let noted = text.words.markup("alert_noted", ["author": Markup(author), "elapsed": text.elapsed(note.time)])
        return "\(sentence) <span class=\"muted\">\(noted)</span>"
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
