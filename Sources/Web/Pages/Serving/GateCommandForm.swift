import EventLog
import GarageDomain
import Hummingbird
import Ingest
import Logging
import NIOCore

extension Pages {
    /// `POST /gates/{id}/commands` with `action=open|close|stop`: asks for the movement and goes back to the page that
    /// the button stands on. A script that accepts JSON gets the message alone.
    @Sendable func command(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
        let gate = try await subject(.gate, context)
        let body = try await request.body.collected()
        let form = FormFields.read(String(buffer: body))
        guard let word = form.first(where: { $0.name == "action" })?.value, let action = GateAction(rawValue: word)
        else {
            throw PageProblem.badForm
        }
        let notice: Notice
        do {
            let outcome = try await door.submit(
                CommandSubmission(
                    gate: gate, action: action, id: nil,
                    isAttended: form.contains { $0.name.hasPrefix("attended") && $0.value == "on" },
                    origin: EventMetadata(actor: "anonymous", channel: "page"), address: context.networkAddress))
            _ = await reads.waitUntilApplied(outcome.position, within: .milliseconds(500))
            notice = Notice(gate: gate, action: action, result: outcome.rejection.map { .rejected($0) } ?? .sent)
        } catch {
            context.logger.error("A command could not be recorded", metadata: ["error": "\(error)"])
            notice = Notice(gate: gate, action: action, result: .notStored)
        }
        if request.headers[.accept]?.contains("application/json") ?? false {
            let text = try await text(for: Visit(request))
            let message = NoticeView.message(notice, in: text)
            let json = #"{"ok":\#(notice.result == .sent),"message":\#(JSONText.literal(message))}"#
            return PageResponse.json(json, status: notice.result == .sent ? .accepted : .conflict)
        }
        return PageResponse.seeOther(
            GateCommandForm.returnPath(form.first { $0.name == "from" }?.value, gate), cookie: notice.cookie)
    }
}

enum GateCommandForm {
    /// Where the form stood: one of our pages, and nothing else that the form may say.
    static func returnPath(_ wanted: String?, _ gate: Subject) -> String {
        wanted == "/gates/\(gate.id)" ? "/gates/\(gate.id)" : "/"
    }
}

/// The message that a command leaves.
enum NoticeView {
    static func values(_ notice: Notice, in text: PageText) -> [String: Any] {
        [
            "message": message(notice, in: text), "tone": notice.result == .sent ? "moving" : "bad",
            "icon": text.icon(notice.result == .sent ? "sent" : "denied"),
        ]
    }

    static func message(_ notice: Notice, in text: PageText) -> String {
        let values = ["gate": text.title(notice.gate), "action": text.words.text("verb_" + notice.action.rawValue)]
        switch notice.result {
        case .sent: return text.words.text("notice_sent", values)
        case .notStored: return text.words.text("notice_not_stored", values)
        case .rejected(let reason):
            let reason = ["reason": text.words.text("rejected_" + reason.rawValue)]
            return text.words.text("notice_rejected", values.merging(reason) { value, _ in value })
        }
    }
}
