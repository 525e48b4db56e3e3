import EventLog
import GarageDomain
import Hummingbird
import NIOCore
import Views

/// `GET /events/stream`: the events as they happen, as server-sent events (HTML Living Standard §9.2).
///
/// The id of each is its position, so a browser that reconnects says with `Last-Event-ID` where it was and gets what it
/// missed from the log.
struct EventStream {
    let views: Views
    /// How long the stream stays silent at most.
    var heartbeat: Duration = .seconds(15)

    @Sendable func follow(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let filter = try query.eventFilter()
        let after = try query.number("after", in: 0...Int64.max)
        try query.end()
        let head = views.position()
        let wanted = try EventStream.lastEventID(request) ?? after ?? head
        // Only a log that was replaced ends before what a client has seen of it.
        let start = wanted > head ? head : wanted
        let live = views.liveEvents(after: start, filter: filter)
        var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        // A proxy that collects the answer before it passes it on would hold every event back.
        headers[named: "X-Accel-Buffering"] = "no"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [heartbeat, channel = context.channel] writer in
                let reader = LiveReader(live, on: channel)
                var hello = "retry: 2000\n\n"
                if wanted > head { hello += "event: reset\nid: \(start)\ndata: {\"position\":\(start)}\n\n" }
                try await writer.write(ByteBuffer(string: hello))
                while !Task.isCancelled {
                    let (rows, position) = try await reader.next(waitingAtMost: heartbeat)
                    if rows.isEmpty {
                        // Moves the client's last id on, so that it need not look at the same events again.
                        try await writer.write(ByteBuffer(string: ": still here\nid: \(position)\n\n"))
                    } else {
                        try await writer.write(EventStream.messages(rows))
                    }
                }
            }
        )
    }

    private static func messages(_ rows: [EventRow]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(640 * rows.count)
        for row in rows {
            var json = JSONWriter()
            CloudEvent.write(row, to: &json)
            buffer.writeString("id: \(row.event.position)\ndata: ")
            buffer.writeBytes(json.bytes)
            buffer.writeString("\n\n")
        }
        return buffer
    }

    private static func lastEventID(_ request: Request) throws -> Int64? {
        guard let text = request.headers[named: "Last-Event-ID"], !text.isEmpty else { return nil }
        guard let position = Int64(text), position >= 0 else {
            throw Problem(
                status: .badRequest, type: "invalid-header", title: "A header is not valid",
                detail: "Last-Event-ID is not a position.",
                errors: [Problem.Detail(place: .header("Last-Event-ID"), text: "Not a position.")]
            )
        }
        return position
    }
}
