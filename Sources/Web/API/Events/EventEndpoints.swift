import EventLog
import GarageDomain
import Hummingbird
import NIOCore
import Views

/// `GET /events`, `GET /events/{position}` and `GET /streams/{kind}/{id}/events`.
struct EventEndpoints {
    let views: Views
    let ids: IDReader
    private let known = AnswerCache()

    init(views: Views, ids: IDReader) {
        self.views = views
        self.ids = ids
    }

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let filter = try query.eventFilter()
        let page = try query.page()
        try query.end()
        return try await answer(request, filter, page)
    }

    /// `GET /streams/{kind}/{id}/events`: the events of one thing, oldest first unless asked otherwise.
    @Sendable func ofStream(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let kind = context.parameters.get("kind").flatMap({ Subject.Kind(rawValue: $0) }) else {
            let kinds = Subject.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.notFound("Streams are of these kinds: \(kinds).")
        }
        let subject = try await ids.known(kind, context)
        var query = try QueryReader(request)
        let page = try query.page(order: .ascending)
        try query.end()
        return try await answer(request, EventFilter(subject: subject.stream), page)
    }

    private func answer(_ request: Request, _ filter: EventFilter, _ page: EventListPage) async throws -> Response {
        let position = views.position()
        let tag = Conditional.tag(position)
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        return try await known.answer(request, at: position) {
            let answer = try await views.events(filter, page.request)
            let (rows, nextCursor, previousCursor) = page.arrange(answer)
            let next = nextCursor.map { Answer.link(request, replacing: ["cursor": $0.text]) }
            let previous = previousCursor.map { Answer.link(request, replacing: ["cursor": $0.text]) }
            var json = JSONWriter(capacity: 256 + 640 * rows.count)
            json.object { json in
                json.array("events", rows) { json, row in CloudEvent.write(row, to: &json) }
                json.member("next", next)
                json.member("prev", previous)
                json.member("position", answer.head)
            }
            // The rows may be newer than the position that was looked at first, and then so is the tag.
            return (json, Answer.json(json, tag: Conditional.tag(answer.head), next: next, previous: previous))
        }
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        guard let text = context.parameters.get("position"), let position = Int64(text),
            let row = try await views.event(at: position)
        else { throw Problem.notFound("There is no event with this position.") }
        // An event never changes but once: what it tells of a person can be erased, and no copy may outlive that unasked.
        let tag = row.event.isErased ? "\"\(position)-erased\"" : Conditional.tag(position)
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        var json = JSONWriter()
        CloudEvent.write(row, to: &json, isWhole: true)
        var response = Answer.json(json, tag: tag)
        response.headers[.contentType] = "application/cloudevents+json; charset=utf-8"
        return response
    }
}
