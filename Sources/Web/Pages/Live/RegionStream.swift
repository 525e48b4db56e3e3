import EventLog
import GarageDomain
import Hummingbird
import NIOCore
import Views

extension Pages {
    /// The stream behind a page about the present: each region whose HTML changed, when it has.
    func stream(_ page: LivePage, for visit: Visit) async throws -> Response {
        // The page was made shortly before; to send what changed in between, the first look sends every region.
        _ = try await page.regions(text(for: visit))
        let formToken = CallerIdentity.current.formToken
        return PageResponse.eventStream { writer in
            var sent: [String: Markup] = [:]
            try await writer.write(ServerSentEvent.retry)
            while true {
                let seen = reads.position()
                for region in try await page.regions(text(for: visit)) where sent[region.name] != region.markup {
                    sent[region.name] = region.markup
                    try await writer.write(
                        ServerSentEvent(
                            name: region.name, data: FormToken.insert(formToken, into: region.markup.html)
                        ).buffer)
                }
                var feed = reads.feed(after: seen, filter: EventFilter())
                let news = try await feed.next(waitingAtMost: .seconds(10))
                if news.isEmpty {
                    // With nothing new the page is looked at all the same, because what is old changes with time alone;
                    // the comment finds out whether anyone is still there.
                    try await writer.write(ServerSentEvent.heartbeat)
                } else {
                    // Events come in bursts, and readings without end; one look shows them all.
                    let isUrgent = news.contains { $0.event.type != EventType.readingRecorded.rawValue }
                    try await Task.sleep(for: .milliseconds(isUrgent ? 150 : 1000))
                }
            }
        }
    }

    /// The stream behind the event log: each new row that the page's filter lets through.
    func logStream(_ request: Request, for visit: Visit) async throws -> Response {
        let query = EventQuery(FormFields.read(request.uri.query))
        let text = try await text(for: visit)
        let lastSeen = request.headers[named: "Last-Event-ID"].flatMap { Int64($0) }
        let head = reads.position()
        let start = min(max(0, lastSeen ?? query.after ?? head), head)
        guard query.includesFuture else { throw PageProblem.notFound }
        // Whoever was away for long reads the page again rather than thousands of rows.
        let isTooFarBack = head - start > 2000
        var filter = query.filter(in: text.clock, at: text.now)
        filter.to = nil
        let wanted = filter
        return PageResponse.eventStream { writer in
            try await writer.write(ServerSentEvent.retry)
            if isTooFarBack {
                try await writer.write(ServerSentEvent(name: "reset", data: "").buffer)
                try await writer.finish(nil)
                return
            }
            var feed = reads.feed(after: start, filter: wanted)
            while true {
                let rows = try await feed.next(waitingAtMost: .seconds(10))
                if rows.isEmpty {
                    try await writer.write(ServerSentEvent(id: feed.position, name: "position", data: "").buffer)
                    continue
                }
                let text = try await self.text(for: visit)
                for row in rows {
                    var values = EventRowView.values(row, in: text)
                    values["isLive"] = true
                    let html = try templates.render("event-row", values)
                    try await writer.write(ServerSentEvent(id: row.event.position, name: "row", data: html).buffer)
                }
            }
        }
    }
}

/// One message of a `text/event-stream` (HTML Living Standard §9.2).
struct ServerSentEvent {
    var id: Int64?
    var name: String
    var data: String

    var buffer: ByteBuffer {
        var buffer = ByteBuffer()
        if let id { buffer.writeString("id: \(id)\n") }
        buffer.writeString("event: \(name)\n")
        // A line break of any kind ends a field.
        let lines = data.last?.isNewline == true ? data.dropLast() : data[...]
        for line in lines.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            buffer.writeString("data: \(line)\n")
        }
        buffer.writeString("\n")
        return buffer
    }

    /// Tells the browser to come back after two seconds when the connection breaks.
    static let retry = ByteBuffer(string: "retry: 2000\n\n")
    static let heartbeat = ByteBuffer(string: ": still here\n\n")
}
