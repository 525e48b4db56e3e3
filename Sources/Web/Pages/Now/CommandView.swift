import GarageDomain
import Views

/// A gate command in the tables of the pages.
enum CommandView {
    static func values(_ command: CommandRow, in text: PageText) -> [String: Any] {
        var values: [String: Any] = [
            "id": command.id.cut(to: 64),
            "action": text.words.text("action_" + (command.action?.rawValue ?? "unknown")),
            "status": text.words.text("status_" + command.status.rawValue),
            "author": text.author(command.actor.cut(to: 64), channel: command.channel),
            "requested": text.shortTime(command.requested),
            "path": "/events/\(command.position)",
            "tone": tone(command.status).rawValue,
            "icon": text.icon(icon(command.status)),
        ]
        switch command.status {
        case .rejected:
            values["reason"] = command.reason.map { text.words.texts["rejected_" + $0] ?? $0.cut(to: 60) } ?? ""
        case .failed: values["reason"] = command.reason.map { text.words.texts["failed_" + $0] ?? $0.cut(to: 60) } ?? ""
        case .completed:
            values["took"] = text.words.text(
                "took", ["time": text.duration(command.updated.milliseconds(since: command.requested))])
        case .requested, .warned, .dispatched: break
        }
        return values
    }

    private static func tone(_ status: CommandRow.Status) -> EventLook.Tone {
        switch status {
        case .requested, .dispatched: .moving
        case .rejected, .warned: .warning
        case .completed: .good
        case .failed: .bad
        }
    }

    private static func icon(_ status: CommandRow.Status) -> String {
        switch status {
        case .requested: "command"
        case .warned: "alert"
        case .dispatched: "sent"
        case .rejected: "denied"
        case .completed: "check"
        case .failed: "failed"
        }
    }
}
