import GarageDomain
import Hummingbird
import Views

/// `GET /gates/{id}/timeline`: the states of a gate over a time.
struct TimelineEndpoint {
    let views: Views
    let ids: IDReader
    let now: @Sendable () -> Timestamp

    @Sendable func timeline(_ request: Request, _ context: WebContext) async throws -> Response {
        let gate = try await ids.known(.gate, context)
        var query = try QueryReader(request)
        let range = try query.timeRange(now: now(), standardDays: 1)
        try query.end()
        let tag = Conditional.tag(views.position(), at: now())
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        let timeline = try await views.timeline(of: gate, from: range.from, to: range.to)
        var json = JSONWriter(capacity: 256 + 224 * timeline.spans.count)
        json.object { json in
            json.member("gate", gate.id)
            json.member("from", range.from)
            json.member("to", range.to)
            json.array("spans", timeline.spans) { json, span in
                json.object { json in
                    json.member("state", span.state.rawValue)
                    json.member("start", span.start)
                    json.member("end", span.end)
                    json.member("duration_ms", span.milliseconds)
                    json.member("position", span.position)
                    json.member("actor", span.actor)
                    json.member("channel", span.channel)
                    json.member("command", span.commandID)
                }
            }
            json.member("is_cut", timeline.isCut)
        }
        return Answer.json(json, tag: tag)
    }
}
