import EventLog
import GarageDomain
import Hummingbird
import Ingest
import Logging
import NIOCore

extension Pages {
    /// `POST /alerts/{id}/acknowledge`, `POST /gates/{id}/mode`, `POST /gates/{id}/unattended-close` and `…/setting`: forms
    /// that record what a person decides, and go back to the page that the form stood on.
    func addDeedForms(to router: Router<WebContext>) {
        router.post("/alerts/{id}/acknowledge") { request, context in
            guard let position = context.parameters.get("id", as: Int64.self) else { throw PageProblem.notFound }
            return try await perform(request, context, back: "/") { _ in .acknowledge(position: position) }
        }
        router.post("/gates/{id}/mode") { request, context in
            let gate = try await subject(.gate, context)
            return try await perform(request, context, back: "/gates/\(gate.id)") { form in
                guard let mode = form.first(where: { $0.name == "mode" }).flatMap({ GateMode(rawValue: $0.value) })
                else { throw PageProblem.badForm }
                let reason = form.first { $0.name == "reason" && !$0.value.isEmpty }?.value.prefix(200)
                return .setMode(gate: gate, mode, reason: reason.map(String.init))
            }
        }
        addUnattendedCloseForm(to: router)
        router.post("/gates/{id}/unattended-close") { request, context in
            let gate = try await subject(.gate, context)
            return try await perform(request, context, back: "/gates/\(gate.id)") { _ in
                .resumeUnattendedClose(gate: gate)
            }
        }
    }

    private func addUnattendedCloseForm(to router: Router<WebContext>) {
        router.post("/gates/{id}/unattended-close/setting") { request, context in
            let gate = try await subject(.gate, context)
            return try await perform(request, context, back: "/gates/\(gate.id)") { form in
                guard
                    let mode = form.first(where: { $0.name == "mode" })
                        .flatMap({ GateSettings.UnattendedClose(rawValue: $0.value) })
                else { throw PageProblem.badForm }
                return .setUnattendedClose(gate: gate, mode)
            }
        }
    }

    private func perform(
        _ request: Request, _ context: WebContext, back path: String,
        _ deed: ([(name: String, value: String)]) throws -> Deed
    ) async throws -> Response {
        guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
        var request = request
        let body = try await request.collectedBody()
        let deed = try deed(FormFields.read(String(buffer: body)))
        do {
            let position = try await door.perform(deed, by: EventMetadata(actor: "anonymous", channel: "page"))
            if let position { _ = await reads.waitUntilApplied(position, within: .milliseconds(500)) }
        } catch CommandDoorError.notAllowed {
            throw AccessRefusal.notAllowed
        } catch {
            context.logger.error("What a person decided could not be recorded", metadata: ["error": "\(error)"])
            throw HTTPError(.serviceUnavailable)
        }
        return PageResponse.seeOther(path, cookie: nil)
    }
}
