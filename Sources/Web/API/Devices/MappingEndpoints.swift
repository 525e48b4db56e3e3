import GarageDomain
import Hummingbird
import Ingest

/// `GET`, `POST` and `DELETE /mappings`: what people say that topics mean; `GET /mappings/explain` and `GET /unmapped`.
struct MappingEndpoints {
    let devices: any DeviceDoor
    let door: any CommandDoor

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        var json = JSONWriter()
        json.object { json in
            json.array("mappings", devices.mappings()) { json, entry in MappingEndpoints.write(entry, to: &json) }
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    @Sendable func add(_ request: Request, _ context: WebContext) async throws -> Response {
        let rule = try await MappingBody.read(request)
        do {
            _ = try await devices.addMapping(rule, by: Caller.origin(request))
        } catch { throw MappingEndpoints.problem(error) }
        var json = JSONWriter()
        MappingEndpoints.write(MappingEntry(rule: rule, isConfigured: false), to: &json)
        var response = Answer.json(json, status: .created, cacheControl: "no-store")
        response.headers[.location] = "/api/v1/mappings/\(rule.id)"
        return response
    }

    @Sendable func remove(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else {
            throw Problem(
                status: .forbidden, type: "foreign-origin", title: "The request comes from a page of another site")
        }
        do {
            _ = try await devices.removeMapping(
                context.parameters.get("mapping") ?? "", by: Caller.origin(request))
        } catch { throw MappingEndpoints.problem(error) }
        return Response(status: .noContent)
    }

    @Sendable func explain(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let topic = try query.text("topic")
        let payload = try query.text("payload") ?? ""
        try query.end()
        guard let topic else { throw Problem.parameter("topic", "It is needed.") }
        let explanation = devices.explain(topic: topic, payload: Array(payload.utf8))
        var json = JSONWriter()
        json.object { json in
            json.member("reader", explanation.reader)
            json.array("meanings", explanation.meanings) { $0.element($1) }
            json.member("reason", explanation.reason)
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    @Sendable func unmapped(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        var json = JSONWriter()
        json.object { json in
            json.array("topics", door.unmappedTopics()) { json, topic in
                json.object { json in
                    json.member("topic", topic.topic)
                    json.member("count", Int64(topic.count))
                    json.member("last_payload", topic.lastPayload)
                    json.member("last_time", topic.lastTime)
                    json.member("client_id", topic.clientID)
                    json.member("reason", topic.reason)
                }
            }
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    private static func write(_ entry: MappingEntry, to json: inout JSONWriter) {
        let rule = entry.rule
        json.object { json in
            json.member("id", rule.id)
            json.member("topic", rule.topic)
            json.member("property", rule.property)
            json.member("name", rule.name)
            if let pointer = rule.pointer { json.member("pointer", pointer) }
            if let scale = rule.scale { json.member("scale", scale) }
            if let offset = rule.offset { json.member("offset", offset) }
            if let unit = rule.unit { json.member("unit", unit) }
            if let values = rule.values { json.member("values", values) }
            if let model = rule.model { json.member("model", model) }
            if let topic = rule.commandTopic { json.member("command_topic", topic) }
            if let open = rule.commandOpen { json.member("command_open", open) }
            if let close = rule.commandClose { json.member("command_close", close) }
            if let stop = rule.commandStop { json.member("command_stop", stop) }
            json.member("configured", entry.isConfigured)
        }
    }

    private static func problem(_ error: MappingDoorError) -> Problem {
        switch error {
        case .invalid(let member, let text):
            .body([Problem.Detail(place: .pointer("/" + member), text: "\(member): \(text)")])
        case .exists: Problem(status: .conflict, type: "mapping-exists", title: "There is a mapping with this id")
        case .configured:
            Problem(status: .conflict, type: "mapping-configured", title: "The mapping stands in the configuration")
        case .unknown: .notFound("There is no mapping with this id.")
        case .tooMany: Problem(status: .conflict, type: "too-many-mappings", title: "There are too many mappings")
        case .storage(let text):
            Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The mapping could not be recorded",
                detail: text)
        }
    }
}

/// A mapping rule in the body of a request.
enum MappingBody {
    static func read(_ request: Request) async throws -> MappingText {
        var body = try await JSONBody.read(request)
        let topic = body.require("topic", body.text("topic", limit: 512), "Must be a topic filter.")
        let property = body.require("property", body.text("property", limit: 20), "Must be a property.")
        let name = body.require("name", body.text("name", limit: 200), "Must be a name.")
        let id = body.text("id", limit: 64)
        var rule = MappingText(
            id: id ?? MappingText.id(for: topic ?? ""), topic: topic ?? "", property: property ?? "", name: name ?? "")
        rule.pointer = body.text("pointer", limit: 512)
        rule.scale = body.decimal("scale")
        rule.offset = body.decimal("offset")
        rule.unit = body.text("unit", limit: 20)
        rule.values = body.text("values", limit: 512)
        rule.model = body.text("model", limit: 20)
        rule.commandTopic = body.text("command_topic", limit: 512)
        rule.commandOpen = body.text("command_open", limit: 200)
        rule.commandClose = body.text("command_close", limit: 200)
        rule.commandStop = body.text("command_stop", limit: 200)
        try body.end()
        return rule
    }
}

extension MappingText {
    /// An id for a rule about a topic, for one that was given none.
    static func id(for topic: String) -> String {
        let text = topic.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.joined(separator: "-")
        return text.isEmpty ? "rule" : String(text.suffix(64))
    }
}
