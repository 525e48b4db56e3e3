import GarageDomain
import Hummingbird
import Ingest
import Views

/// `GET /gates`, `GET /gates/{id}` and the commands of a gate.
struct GateEndpoints {
    let views: Views
    let door: any CommandDoor
    let ids: IDReader

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        let tagged = try await tagged { try await views.gates() }
        return answer(request, tagged) { json in
            json.object { json in
                json.array("gates", tagged.gates) { json, gate in GateEndpoints.write(gate, to: &json) }
            }
        }
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.gate, context)
        try QueryReader(request).end()
        let tagged = try await tagged { try await views.gate(id).map { [$0] } ?? [] }
        guard let gate = tagged.gates.first else { throw Problem.notFound("There is no gate with this id.") }
        return answer(request, tagged) { json in GateEndpoints.write(gate, to: &json) }
    }

    private struct Gate {
        var row: GateRow
        var allowed: Set<GateAction>
    }

    /// Gates with the tag of what is told of them. What can be asked of a gate also changes without an event, and is not
    /// the same for all callers, so it is part of the tag.
    private func tagged(_ read: () async throws -> [GateRow]) async throws -> (tag: String, gates: [Gate]) {
        // Taken before the query, so that the tag is never newer than what it stands for.
        let position = views.position()
        let gates = try await read().map { row in
            Gate(
                row: row,
                allowed: GateCard.allowedActions(row, hindrances: door.controls(of: row.subject)?.hindrances))
        }
        let allowed = gates.map { gate in
            let letters = GateAction.allCases.filter(gate.allowed.contains).compactMap(\.rawValue.first)
            return String(letters)
        }
        return ("\"\(position)-\(allowed.joined(separator: "."))\"", gates)
    }

    private func answer(
        _ request: Request, _ tagged: (tag: String, gates: [Gate]), _ write: (inout JSONWriter) -> Void
    ) -> Response {
        let cacheControl = Answer.revalidate
        if let answer = Conditional.notModified(request, tag: tagged.tag, cacheControl: cacheControl) { return answer }
        var json = JSONWriter()
        write(&json)
        return Answer.json(json, tag: tagged.tag)
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

    private static func write(_ gate: Gate, to json: inout JSONWriter) {
        let row = gate.row
        json.object { json in
            json.identity(row.subject)
            json.member("state", row.state?.rawValue)
            json.member("since", row.since)
            json.member("obstructed", row.obstructed)
            json.member("device", row.device)
            json.member("device_online", row.deviceOnline)
            json.array("allowed_commands", GateAction.allCases.filter(gate.allowed.contains)) { json, action in
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
