import EventLog
import GarageDomain
import Hummingbird
import NIOCore
import Views

/// `GET /events.csv` and `GET /events.jsonl`: everything that a filter lets through, written while it is read.
struct EventExport {
    let views: Views

    @Sendable func csv(_ request: Request, _ context: WebContext) async throws -> Response {
        let export = try EventExport.parameters(request)
        return Answer.file("events.csv", type: "text/csv; charset=utf-8; header=present") { writer in
            var csv = CSVWriter()
            for column in EventExport.columns { csv.text(column) }
            csv.endLine()
            try await writer.write(ByteBuffer(bytes: csv.take()))
            try await pages(export) { rows in
                for row in rows { EventExport.write(row, to: &csv) }
                try await writer.write(ByteBuffer(bytes: csv.take()))
            }
        }
    }

    @Sendable func jsonLines(_ request: Request, _ context: WebContext) async throws -> Response {
        let export = try EventExport.parameters(request)
        return Answer.file("events.jsonl", type: "application/jsonl; charset=utf-8") { writer in
            try await pages(export) { rows in
                var buffer = ByteBuffer()
                for row in rows {
                    var json = JSONWriter()
                    CloudEvent.write(row, to: &json)
                    buffer.writeBytes(json.bytes)
                    buffer.writeInteger(UInt8(ascii: "\n"))
                }
                try await writer.write(buffer)
            }
        }
    }

    private struct Parameters: Sendable {
        var filter: EventFilter
        var order: PageRequest.Order
    }

    private static func parameters(_ request: Request) throws -> Parameters {
        var query = try QueryReader(request)
        let filter = try query.eventFilter()
        let order = try query.word("order", PageRequest.Order.self) ?? .descending
        try query.end()
        return Parameters(filter: filter, order: order)
    }

    /// Every page up to the head at the beginning: events that come in meanwhile do not make an export endless.
    private func pages(_ export: Parameters, _ body: ([EventRow]) async throws -> Void) async throws {
        let head = views.position()
        var page = PageRequest(order: export.order, limit: 1000)
        while true {
            let answer = try await views.events(export.filter, page)
            let rows = answer.rows.filter { $0.event.position <= head }
            if !rows.isEmpty { try await body(rows) }
            guard answer.hasMore, rows.count == answer.rows.count, let last = rows.last else { return }
            page.after = last.event.position
        }
    }

    private static let columns = [
        "position", "time", "type", "garage", "kind", "name", "actor", "channel", "client_id", "id", "correlation_id",
        "causation_id", "data",
    ]

    private static func write(_ row: EventRow, to csv: inout CSVWriter) {
        let event = row.event
        csv.number(event.position)
        csv.text(Instant.text(Timestamp(microseconds: event.time)))
        csv.text(event.type)
        csv.text(row.subject?.garage.text)
        csv.text(row.subject?.kind.rawValue)
        csv.text(row.subject?.name.text ?? event.stream)
        csv.text(event.metadata.actor)
        csv.text(event.metadata.channel)
        csv.text(event.metadata.clientID)
        csv.text(event.id.description)
        csv.text(event.metadata.correlation?.description)
        csv.text(event.metadata.causation?.description)
        csv.text(String(decoding: event.data, as: UTF8.self))
        csv.endLine()
    }
}
