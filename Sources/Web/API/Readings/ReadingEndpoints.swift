import GarageDomain
import Hummingbird
import NIOCore
import Views

/// `GET /readings`, `GET /sensors/{id}/readings`, and both as CSV.
struct ReadingEndpoints {
    let views: Views
    let ids: IDReader
    private let known = AnswerCache()

    init(views: Views, ids: IDReader) {
        self.views = views
        self.ids = ids
    }

    @Sendable func ofAll(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        return try await list(request, &query, sensor: try await wantedSensor(&query))
    }

    @Sendable func ofOne(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        return try await list(request, &query, sensor: try await ids.known(.sensor, context))
    }

    @Sendable func csvOfAll(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        return try csv(&query, name: "readings.csv", sensor: try await wantedSensor(&query))
    }

    @Sendable func csvOfOne(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let sensor = try await ids.known(.sensor, context)
        return try csv(&query, name: "\(sensor.id).csv", sensor: sensor)
    }

    private func wantedSensor(_ query: inout QueryReader) async throws -> Subject? {
        guard let id = try query.text("sensor") else { return nil }
        guard let sensor = try await ids.subject(.sensor, id), try await views.sensor(sensor) != nil else {
            throw Problem.parameter("sensor", "There is no such sensor.")
        }
        return sensor
    }

    private func list(_ request: Request, _ query: inout QueryReader, sensor: Subject?) async throws -> Response {
        var wanted = try query.readings(of: sensor)
        let columns = try query.aggregates()
        wanted.limit = Int(try query.number("limit", in: 1...10_000) ?? 2000)
        var list = ReadingsListPage(wanted: wanted)
        if let cursor = try query.text("cursor") {
            guard let place = ReadingsPlace(cursor) else {
                throw Problem.parameter(
                    "cursor", "Not a cursor of this list. Take it from a `next` or `prev` link as it stands.")
            }
            list.place = place
        }
        try query.end()
        let position = views.position()
        let tag = Conditional.tag(position)
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        return try await known.answer(request, at: position) { [list] in
            let answer = try await views.readings(list.query)
            let page = list.arrange(answer)
            // The bucket is named because what "auto" means may change until the next page is read.
            func link(_ place: ReadingsPlace?) -> String? {
                place.map { Answer.link(request, replacing: ["bucket": answer.bucket.rawValue, "cursor": $0.text]) }
            }
            let (next, previous) = (link(page.next), link(page.previous))
            var json = JSONWriter(capacity: 256 + 160 * page.points.count)
            json.object { json in
                json.array("readings", page.points) { json, point in
                    ReadingEndpoints.write(point, answer.bucket, columns, to: &json)
                }
                json.member("bucket", answer.bucket.rawValue)
                json.member("next", next)
                json.member("prev", previous)
            }
            return (json, Answer.json(json, tag: tag, next: next, previous: previous))
        }
    }

    private func csv(_ query: inout QueryReader, name: String, sensor: Subject?) throws -> Response {
        var wanted = try query.readings(of: sensor)
        let columns = try query.aggregates()
        try query.end()
        wanted.limit = 5000
        return Answer.file(name, type: "text/csv; charset=utf-8; header=present") { [wanted] writer in
            var wanted = wanted
            var csv = CSVWriter()
            var isFirst = true
            while true {
                let answer = try await views.readings(wanted)
                if isFirst { ReadingEndpoints.writeHeading(answer.bucket, columns, to: &csv) }
                isFirst = false
                for point in answer.points { ReadingEndpoints.write(point, answer.bucket, columns, to: &csv) }
                try await writer.write(ByteBuffer(bytes: csv.take()))
                guard let next = answer.next else { return }
                wanted.bucket = answer.bucket
                wanted.after = next
            }
        }
    }

    // MARK: - Forms

    private static func write(
        _ point: ReadingPoint, _ bucket: Bucket, _ columns: [Aggregate], to json: inout JSONWriter
    ) {
        json.object { json in
            json.member("sensor", point.sensor)
            json.member("quantity", point.quantity.rawValue)
            json.member("unit", point.quantity.unit)
            json.member("time", point.time)
            if bucket == .raw { return json.member("value", point.mean) }
            for column in columns {
                switch column {
                case .avg: json.member("avg", column.value(point))
                case .min: json.member("min", column.value(point))
                case .max: json.member("max", column.value(point))
                case .count: json.member("count", Int64(point.count))
                }
            }
        }
    }

    private static func writeHeading(_ bucket: Bucket, _ columns: [Aggregate], to csv: inout CSVWriter) {
        for name in ["sensor", "quantity", "unit", "time"] { csv.text(name) }
        if bucket == .raw { csv.text("value") } else { for column in columns { csv.text(column.rawValue) } }
        csv.endLine()
    }

    private static func write(
        _ point: ReadingPoint, _ bucket: Bucket, _ columns: [Aggregate], to csv: inout CSVWriter
    ) {
        csv.text(point.sensor)
        csv.text(point.quantity.rawValue)
        csv.text(point.quantity.unit)
        csv.text(Instant.text(point.time))
        if bucket == .raw {
            csv.number(point.mean)
        } else {
            for column in columns {
                if column == .count { csv.number(point.count) } else { csv.number(column.value(point)) }
            }
        }
        csv.endLine()
    }
}

/// What is told of the readings in a bucket.
enum Aggregate: String, CaseIterable {
    case avg, min, max, count

    /// The mean is rounded to a thousandth: more digits than any sensor has, without the noise of the sum.
    func value(_ point: ReadingPoint) -> Double {
        switch self {
        case .avg: (point.mean * 1000).rounded() / 1000
        case .min: point.minimum
        case .max: point.maximum
        case .count: Double(point.count)
        }
    }
}

extension QueryReader {
    fileprivate mutating func readings(of sensor: Subject?) throws -> ReadingsQuery {
        ReadingsQuery(
            sensor: sensor, quantity: try word("quantity", Quantity.self), from: try time("from"), to: try time("to"),
            bucket: try word("bucket", Bucket.self) ?? .auto,
            order: try word("order", PageRequest.Order.self) ?? .ascending
        )
    }

    fileprivate mutating func aggregates() throws -> [Aggregate] {
        let words = try list("agg")
        guard !words.isEmpty else { return Aggregate.allCases }
        let wanted = try words.map { word in
            guard let aggregate = Aggregate(rawValue: word) else {
                let known = Aggregate.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.parameter("agg", "Not a list of \(known).")
            }
            return aggregate
        }
        return Aggregate.allCases.filter(wanted.contains)
    }
}
