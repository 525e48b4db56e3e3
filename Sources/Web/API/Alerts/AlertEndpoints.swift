import GarageDomain
import Hummingbird
import Ingest
import Views

/// `GET /alerts`, `GET /alerts/{id}` and `POST /alerts/{id}/acknowledge`. An alert's id is the position of the event that
/// raised it.
struct AlertEndpoints {
    let views: Views
    let door: any CommandDoor

    private enum Choice: String, CaseIterable {
        case open, all
    }

    /// `?state=open` (the default) lists those that stand, `?state=all` the newest, open or over.
    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let state = try query.word("state", Choice.self) ?? .open
        let limit = Int(try query.number("limit", in: 1...1000) ?? 100)
        try query.end()
        let rows = state == .open ? try await views.openAlerts() : try await views.alerts(limit: limit)
        var json = JSONWriter()
        json.object { json in
            json.array("alerts", rows.prefix(limit)) { json, row in json.object { json in json.alert(row) } }
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        let row = try await alert(context)
        var json = JSONWriter()
        json.object { $0.alert(row) }
        return Answer.json(json, cacheControl: "no-store")
    }

    /// 200 with the alert, also if someone had taken note before: then nothing is recorded.
    @Sendable func acknowledge(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else {
            throw Problem(
                status: .forbidden, type: "foreign-origin", title: "The request comes from a page of another site")
        }
        let row = try await alert(context)
        do {
            let position = try await door.perform(.acknowledge(position: row.position), by: Caller.origin(request))
            if let position { await views.waitUntilApplied(position, within: .seconds(1)) }
        } catch {
            throw Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The acknowledgement could not be recorded",
                detail: "\(error)")
        }
        var json = JSONWriter()
        let now = try await views.alert(at: row.position) ?? row
        json.object { $0.alert(now) }
        return Answer.json(json, cacheControl: "no-store")
    }

    private func alert(_ context: WebContext) async throws -> AlertRow {
        guard let position = context.parameters.get("id", as: Int64.self), position > 0,
            let row = try await views.alert(at: position)
        else { throw Problem.notFound("There is no such alert.") }
        return row
    }
}

extension JSONWriter {
    mutating func alert(_ row: AlertRow) {
        member("id", String(row.position))
        member("subject", row.subject.map { "\($0.kind.rawValue)/\($0.id)" })
        member("condition", row.condition)
        member("text", row.text)
        member("state", row.isOpen ? "open" : "over")
        member("raised", row.raised)
        member("cleared", row.cleared)
        if let acknowledgement = row.acknowledgement {
            member("acknowledged", acknowledgement.time)
            member("acknowledged_by", acknowledgement.actor)
        }
    }
}
