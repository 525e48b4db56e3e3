import Access
import GarageDomain
import Ingest

/// What is set about a gate, with the forms that the reader may use: whoever may move gates can lock them, an
/// administrator can allow closing them unseen.
struct GateControlsView {
    let gate: Subject
    /// `nil` if nothing is known of the gate.
    let controls: GateControls?
    let caller: CallerIdentity
    let text: PageText

    func values() -> [String: Any] {
        let words = text.words
        guard let controls else { return ["isKnown": false] }
        let mayDecide = caller.has(.command) && controls.hindrances[.stop] != .notAllowed
        let seconds = ["seconds": String(controls.warningSeconds)]
        return [
            "t": words.texts, "isKnown": true,
            "modePath": "/gates/\(gate.id)/mode", "resumePath": "/gates/\(gate.id)/unattended-close",
            "settingPath": "/gates/\(gate.id)/unattended-close/setting",
            "modeText": words.text("controls_mode_" + controls.mode.rawValue),
            "modeIcon": text.icon(controls.mode == .normal ? "check" : "denied"),
            "modeTone": controls.mode == .normal ? "good" : "warning",
            "mayDecide": mayDecide, "mayEnable": mayDecide && caller.has(.admin),
            "modes": GateMode.allCases.map { mode -> [String: Any] in
                [
                    "mode": mode.rawValue, "label": words.text("controls_to_" + mode.rawValue),
                    "isCurrent": mode == controls.mode,
                ]
            },
            "isOnePiece": controls.isOnePiece, "isSuspended": controls.isSuspended,
            "warningIcon": text.icon("alert"),
            "unattendedText": words.text("controls_unattended_" + controls.unattendedClose.rawValue, seconds),
            "choices": GateSettings.UnattendedClose.allCases.map { choice -> [String: Any] in
                [
                    "mode": choice.rawValue, "label": words.text("controls_choice_" + choice.rawValue, seconds),
                    "isCurrent": choice == controls.unattendedClose,
                ]
            },
        ]
    }
}
