import GarageDomain
import Hummingbird
import Ingest
import Views

/// `GET /gates/{id}/controls`, `POST /gates/{id}/mode`, `POST /gates/{id}/unattended-close/setting` and `…/resume`: what a
/// person decides about a gate beside moving it.
struct GateControlEndpoints {
    let views: Views
    let door: any CommandDoor
    let ids: IDReader

    /// `{"mode":"normal|locked|maintenance","reason":"…"}`.
    @Sendable func setMode(_ request: Request, _ context: WebContext) async throws -> Response {
        var body = try await JSONBody.read(request)
        let gate = try await ids.subject(.gate, context)
        let word = body.text("mode", limit: 16)
        let mode = body.require("mode", word.flatMap(GateMode.init), "Must be normal, locked or maintenance.")
        let reason = body.text("reason", limit: 200)
        try body.end()
        guard let mode else { return Problem.body([]).response(instance: request.uri.path) }
        return try await perform(.setMode(gate: gate, mode, reason: reason), on: gate, request)
    }

    @Sendable func controls(_ request: Request, _ context: WebContext) async throws -> Response {
        let gate = try await ids.subject(.gate, context)
        try QueryReader(request).end()
        guard let controls = door.controls(of: gate) else { throw Problem.notFound("There is no gate with this id.") }
        var json = JSONWriter()
        json.object { json in
            json.identity(gate)
            json.member("mode", controls.mode.rawValue)
            json.member("unattended_close", controls.unattendedClose.rawValue)
            json.member("unattended_close_suspended", controls.isSuspended)
            json.member("warning_seconds", Int64(controls.warningSeconds))
            json.member("one_piece", controls.isOnePiece)
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    /// `{"mode":"off|warn|device-warns"}`.
    @Sendable func setUnattendedClose(_ request: Request, _ context: WebContext) async throws -> Response {
        var body = try await JSONBody.read(request)
        let gate = try await ids.subject(.gate, context)
        let word = body.text("mode", limit: 16)
        let mode = body.require(
            "mode", word.flatMap(GateSettings.UnattendedClose.init), "Must be off, warn or device-warns.")
        try body.end()
        guard let mode else { return Problem.body([]).response(instance: request.uri.path) }
        return try await perform(.setUnattendedClose(gate: gate, mode), on: gate, request)
    }

    @Sendable func resumeUnattendedClose(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else {
            throw Problem(
                status: .forbidden, type: "foreign-origin", title: "The request comes from a page of another site")
        }
        let gate = try await ids.subject(.gate, context)
        return try await perform(.resumeUnattendedClose(gate: gate), on: gate, request)
    }

    /// `changed` says whether it was otherwise before.
    private func perform(_ deed: Deed, on gate: Subject, _ request: Request) async throws -> Response {
        guard try await isKnown(gate) else {
            throw Problem.notFound("No gate with this id has ever reported.")
        }
        let position: Int64?
        do {
            position = try await door.perform(deed, by: Caller.origin(request))
        } catch .notAllowed {
            throw AccessRefusal.notAllowed
        } catch {
            throw Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The request could not be recorded",
                detail: "\(error)")
        }
        if let position { await views.waitUntilApplied(position, within: .seconds(1)) }
        var json = JSONWriter()
        json.object { json in
            json.member("gate", gate.id)
            json.member("changed", position != nil)
            if let position { json.member("position", position) }
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    private func isKnown(_ gate: Subject) async throws -> Bool {
        if try await views.gate(gate) != nil { return true }
        await views.waitUntilCurrent(within: .seconds(1))
        return try await views.gate(gate) != nil
    }
}
