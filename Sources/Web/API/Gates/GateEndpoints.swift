import GarageDomain
import Hummingbird
import Views

/// `GET /gates`, `GET /gates/{id}` and the commands of a gate.
struct GateEndpoints {
    let views: Views
    let ids: IDReader

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        try await Answer.ofNow(request, views) {
            let gates = try await views.gates()
            return { json in
                json.object { json in
                    json.array("gates", gates) { json, row in GateEndpoints.write(row, to: &json) }
                }
            }
        }
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.gate, context)
        return try await Answer.ofNow(request, views) {
            guard let row = try await views.gate(id) else { throw Problem.notFound("There is no gate with this id.") }
            return { json in GateEndpoints.write(row, to: &json) }
        }
    }

    @Sendable func commands(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.known(.gate, context)
        return try await Answer.ofNow(request, views) {
            let commands = try await views.commands(of: id, limit: 100)
            return { json in
                json.object { json in
                    json.array("commands", commands) { json, row in json.object { $0.command(row) } }
                }
            }
        }
    }

    @Sendable func command(_ request: Request, _ context: WebContext) async throws -> Response {
        let gate = try await ids.subject(.gate, context)
        let id = context.parameters.get("command").flatMap { PercentCoding.decode($0) } ?? ""
        return try await Answer.ofNow(request, views) {
            guard let row = try await views.command(gate: gate, id: id) else {
                throw Problem.notFound("This gate has no command with this id.")
            }
            return { json in json.object { $0.command(row) } }
        }
    }

    private static func write(_ row: GateRow, to json: inout JSONWriter) {
        let allowed = GateCard.allowedActions(row)
        json.object { json in
            json.identity(row.subject)
            json.member("state", row.state?.rawValue)
            json.member("since", row.since)
            json.member("obstructed", row.obstructed)
            json.member("device", row.device)
            json.member("device_online", row.deviceOnline)
            json.array("allowed_commands", GateAction.allCases.filter(allowed.contains)) { json, action in
                json.element(action.rawValue)
            }
            if let movement = row.lastMovement {
                json.object("last_movement") { json in
                    json.member("position", movement.position)
                    json.member("to", movement.to.rawValue)
                    json.member("time", movement.time)
                    json.member("actor", movement.actor)
                    json.member("channel", movement.channel)
                    json.member("commanded", movement.commanded)
                }
            } else {
                json.member("last_movement", nil as String?)
            }
            if let command = row.lastCommand {
                json.object("last_command") { $0.command(command) }
            } else {
                json.member("last_command", nil as String?)
            }
        }
    }
}

extension JSONWriter {
    /// The members of a command.
    mutating func command(_ row: CommandRow) {
        member("id", row.id)
        member("gate", row.gate.id)
        member("action", row.action?.rawValue)
        member("status", row.status.rawValue)
        member("reason", row.reason)
        member("actor", row.actor)
        member("channel", row.channel)
        member("requested_at", row.requested)
        member("updated_at", row.updated)
        member("position", row.position)
    }
}
