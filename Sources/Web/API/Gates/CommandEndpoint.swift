import GarageDomain
import Hummingbird
import Ingest
import Views

/// `POST /gates/{id}/commands`: asks a gate to move.
struct CommandEndpoint {
    let views: Views
    let door: any CommandDoor
    let ids: IDReader

    @Sendable func submit(_ request: Request, _ context: WebContext) async throws -> Response {
        var body = try await JSONBody.read(request)
        let gate = try await ids.subject(.gate, context)
        let word = body.text("action", limit: 16)
        let action = body.require("action", word.flatMap(GateAction.init), "Must be open, close or stop.")
        let lifetime = body.number("expires_in", in: 1...60) ?? 10
        let reason = body.text("reason", limit: 200)
        let isAttended = body.flag("attended") ?? false
        let ownID = body.text("id", limit: 64)
        if let ownID, !ownID.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            body.note("id", "Must be printable ASCII without spaces.")
        }
        try body.end()
        guard let action else { return Problem.body([]).response(instance: request.uri.path) }
        let key = try IdempotencyKey.read(request)
        if let key, let ownID, key != ownID {
            throw Problem.body([
                Problem.Detail(place: .pointer("/id"), text: "The id and the Idempotency-Key header are not the same.")
            ])
        }
        let submission = CommandSubmission(
            gate: gate, action: action, id: ownID ?? key, expiresInSeconds: lifetime, reason: reason,
            isAttended: isAttended, origin: Caller.origin(request), address: context.networkAddress
        )
        let outcome: CommandOutcome
        do {
            outcome = try await door.submit(submission)
        } catch {
            throw CommandEndpoint.problem(error)
        }
        await views.waitUntilApplied(outcome.position, within: .seconds(1))
        let location = "/api/v1/gates/\(gate.id)/commands/\(PercentCoding.encode(outcome.id))"
        if let rejection = outcome.rejection { throw CommandEndpoint.problem(rejection, outcome.id, location) }
        return try await accepted(outcome, submission, location)
    }

    /// 202: the movement is followed in the background, and the location tells what became of it.
    private func accepted(
        _ outcome: CommandOutcome, _ submission: CommandSubmission, _ location: String
    ) async throws -> Response {
        var json = JSONWriter()
        if let row = try await views.command(gate: submission.gate, id: outcome.id) {
            json.object { $0.command(row) }
        } else {
            json.object { json in
                json.member("id", outcome.id)
                json.member("gate", submission.gate.id)
                json.member("action", submission.action.rawValue)
                json.member("status", CommandRow.Status.requested.rawValue)
                json.member("position", outcome.position)
            }
        }
        var response = Answer.json(json, status: .accepted, cacheControl: "no-store")
        response.headers[.location] = location
        return response
    }

    private static func problem(_ error: CommandDoorError) -> Problem {
        switch error {
        case .conflict:
            Problem(
                status: .unprocessableContent, type: "id-reused", title: "The id belongs to another command",
                detail: "It was used before with another gate or action. Nothing was done."
            )
        case .notAllowed: Problem(status: .forbidden, detail: "The caller's rights do not include this.")
        case .storage(let reason):
            Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The request could not be recorded",
                detail: "Nothing was sent to the gate. \(reason)"
            )
        }
    }

    private static func problem(_ reason: CommandRejected.Reason, _ id: String, _ location: String) -> Problem {
        let status: HTTPResponse.Status
        let detail: String
        switch reason {
        case .unknownGate: (status, detail) = (.notFound, "No gate with this id has ever reported.")
        case .notAllowed: (status, detail) = (.forbidden, "You may not move this gate.")
        case .obstructed: (status, detail) = (.conflict, "Something is in the way of the gate.")
        case .offline: (status, detail) = (.conflict, "The gate's device is not connected.")
        case .unknownState:
            (status, detail) = (.conflict, "The gate's state is not known, so closing it could do anything.")
        case .busy: (status, detail) = (.conflict, "Another command is under way.")
        case .expired: (status, detail) = (.conflict, "The request was void before it could be sent.")
        case .staleState:
            (status, detail) = (.conflict, "The gate has reported nothing for too long, so its state is not certain.")
        case .ambiguous:
            (status, detail) = (.conflict, "The gate has one button, and pressing it now might do something else.")
        case .reconnecting: (status, detail) = (.conflict, "The gate's device has only just come back.")
        case .unattended:
            (status, detail) = (
                .conflict,
                "Closing from afar is not enabled for this gate. Someone who sees it can say so with \"attended\": true."
            )
        case .suspended:
            (status, detail) = (.conflict, "Closing from afar failed twice and waits for someone to allow it again.")
        case .locked: (status, detail) = (.conflict, "The gate is locked.")
        case .maintenance: (status, detail) = (.conflict, "Someone works on the gate.")
        case .outsideHours: (status, detail) = (.forbidden, "The gate can't be moved from afar at this time of day.")
        case .rateLimited: (status, detail) = (.tooManyRequests, "Too many requests in the last minute.")
        case .unreadable, .retained, .redelivered:
            (status, detail) = (.unprocessableContent, "The request could not be taken as a command.")
        }
        var problem = Problem(
            status: status, type: "command-rejected", title: "The gate was not moved", detail: detail,
            members: [("reason", reason.rawValue), ("command_id", id), ("command", location)]
        )
        problem.headers[.location] = location
        return problem
    }
}
