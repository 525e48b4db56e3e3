import EventLog
import GarageDomain
import Hummingbird
import NIOCore
import Views

/// `GET /events` and `GET /events/{position}`.
struct EventEndpoints {
    let views: Views

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let filter = try query.eventFilter()
        let page = try query.page()
        try query.end()
        let tag = Conditional.tag(views.position())
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        let answer = try await views.events(filter, page)
        var next: String?
        if answer.hasMore, let last = answer.rows.last {
            let cursor = EventCursor(order: page.order, position: last.event.position)
            next = Answer.link(request, replacing: ["cursor": cursor.text])
        }
        var json = JSONWriter(capacity: 256 + 640 * answer.rows.count)
        json.object { json in
            json.array("events", answer.rows) { json, row in CloudEvent.write(row, to: &json) }
            json.member("next", next)
            json.member("position", answer.head)
        }
        return Answer.json(json, tag: Conditional.tag(answer.head), next: next)
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        guard let text = context.parameters.get("position"), let position = Int64(text),
            let row = try await views.event(at: position)
        else { throw Problem.notFound("There is no event with this position.") }
        let tag = Conditional.tag(position)
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.immutable) { return answer }
        var json = JSONWriter()
        CloudEvent.write(row, to: &json, isWhole: true)
        var response = Answer.json(json, tag: tag, cacheControl: Answer.immutable)
        response.headers[.contentType] = "application/cloudevents+json; charset=utf-8"
        return response
    }
}
