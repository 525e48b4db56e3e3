import GarageDomain

/// What an alert says, in the reader's language.
///
/// The log keeps the condition and a text in English; between two alerts of one condition only the figure in the text
/// differs, or for a failed command what was asked and why it failed. A text that is not of this form stands as it is.
enum AlertWording {
    static func text(_ alert: Alert, in words: Wording) -> String {
        known(alert, in: words) ?? alert.text.cut(to: 300)
    }

    private static func known(_ alert: Alert, in words: Wording) -> String? {
        var key = "alert_text_" + alert.condition
        switch AlertCondition(rawValue: alert.condition) {
        case nil: return nil
        case .obstructed, .movedAtNight, .unattendedCloseSuspended, .tooManyCommands: return words.texts[key]
        case .sensorFault: return sensorFault(alert.text, in: words)
        case .commandFailed: return failedCommand(alert.text, in: words)
        case .silentDevice where alert.text.hasPrefix("offline"): key += "_offline"
        case .openTooLong, .overstay, .silentSpot, .silentDevice: break
        }
        let figure = alert.text.split { !("0"..."9").contains($0) }.first
        guard let figure, words.texts[key] != nil else { return nil }
        return words.text(key, ["number": String(figure).cut(to: 12)])
    }

    /// `QUANTITY stays at VALUE while …`, `QUANTITY was no plausible value …` or `reports nothing …`
    private static func sensorFault(_ text: String, in words: Wording) -> String? {
        let parts = text.split(separator: " ")
        guard let first = parts.first, parts.count > 3 else { return nil }
        let key = "alert_text_" + AlertCondition.sensorFault.rawValue
        if first == "reports" { return words.texts[key + "_silent"] }
        let quantity = words.texts["quantity_" + (first == "report" ? "any" : String(first))]
        guard let quantity else { return nil }
        guard parts[1] == "stays" else { return words.text(key + "_implausible", ["quantity": quantity]) }
        return words.text(key + "_stuck", ["quantity": quantity, "value": String(parts[3]).cut(to: 12)])
    }

    /// `command to ACTION failed: REASON`
    private static func failedCommand(_ text: String, in words: Wording) -> String? {
        let parts = text.split(separator: " ")
        guard parts.count == 5, let action = words.texts["verb_" + parts[2]],
            let reason = words.texts["failed_" + parts[4]]
        else { return nil }
        return words.text("alert_text_" + AlertCondition.commandFailed.rawValue, ["action": action, "reason": reason])
    }
}
