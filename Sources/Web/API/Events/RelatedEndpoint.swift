import EventLog
import Hummingbird
import Views

/// `GET /events/{position}/related`: the command and movement that an event belongs to, and its neighbours.
struct RelatedEndpoint {
    let views: Views

    @Sendable func related(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        guard let text = context.parameters.get("position"), let position = Int64(text),
            try await views.event(at: position) != nil
        else { throw Problem.notFound("There is no event with this position.") }
        let tag = Conditional.tag(views.position())
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        let related = try await views.related(to: position)
        let neighbours = try await views.neighbours(of: position)
        var json = JSONWriter()
        json.object { json in
            json.array("related", related) { json, row in CloudEvent.write(row, to: &json) }
            json.array("before", neighbours.before) { json, row in CloudEvent.write(row, to: &json) }
            json.array("after", neighbours.after) { json, row in CloudEvent.write(row, to: &json) }
        }
        return Answer.json(json, tag: tag)
    }
}
