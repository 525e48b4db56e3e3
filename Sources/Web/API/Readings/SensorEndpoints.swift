import GarageDomain
import Hummingbird
import Views

/// `GET /sensors`, `GET /sensors/{id}` and `GET /sensors/{id}/latest`.
struct SensorEndpoints {
    let views: Views
    let ids: IDReader

    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        try await Answer.ofNow(request, views) {
            let sensors = try await views.sensors()
            return { json in
                json.object { json in
                    json.array("sensors", sensors) { json, row in SensorEndpoints.write(row, to: &json) }
                }
            }
        }
    }

    @Sendable func one(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.sensor, context)
        return try await Answer.ofNow(request, views) {
            guard let row = try await views.sensor(id) else {
                throw Problem.notFound("There is no sensor with this id.")
            }
            return { json in SensorEndpoints.write(row, to: &json) }
        }
    }

    /// The newest value of each quantity, and how good it is.
    @Sendable func latest(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.sensor, context)
        return try await Answer.ofNow(request, views) {
            guard let row = try await views.sensor(id) else {
                throw Problem.notFound("There is no sensor with this id.")
            }
            return { json in
                json.object { json in
                    json.identity(row.subject)
                    json.array("latest", row.latest) { json, latest in
                        json.object { json in
                            json.member("quantity", latest.quantity.rawValue)
                            json.member("value", latest.value)
                            json.member("unit", latest.quantity.unit)
                            json.member("time", latest.time)
                            json.member("quality", SensorEndpoints.quality(of: latest, row))
                        }
                    }
                }
            }
        }
    }

    /// `suspect` if the sensor is stuck or its newest value was an impossible jump, `silent` if it has stopped reporting,
    /// `fault` if it has said since that it can't measure this, `offline` if its device is gone.
    private static func quality(of latest: SensorRow.LatestReading, _ row: SensorRow) -> String {
        if let fault = row.fault, fault.fault.quantity ?? latest.quantity == latest.quantity {
            switch fault.fault.kind {
            case .jump, .stuck: return "suspect"
            case .silent: return row.deviceOnline == false ? "offline" : "silent"
            case .notANumber, .null, .outOfRange, .unreadable: if fault.time > latest.time { return "fault" }
            }
        }
        return row.deviceOnline == false ? "offline" : "good"
    }

    private static func write(_ row: SensorRow, to json: inout JSONWriter) {
        json.object { json in
            json.identity(row.subject)
            json.member("device", row.device)
            json.member("device_online", row.deviceOnline)
            json.object("latest") { json in
                for latest in row.latest {
                    let members: (inout JSONWriter) -> Void = { json in
                        json.member("value", latest.value)
                        json.member("unit", latest.quantity.unit)
                        json.member("time", latest.time)
                    }
                    switch latest.quantity {
                    case .temperature: json.object("temperature", members)
                    case .humidity: json.object("humidity", members)
                    }
                }
            }
            guard let fault = row.fault else { return json.member("fault", nil as String?) }
            json.object("fault") { json in
                json.member("quantity", fault.fault.quantity?.rawValue)
                json.member("kind", fault.fault.kind.rawValue)
                json.member("raw", fault.fault.raw)
                json.member("time", fault.time)
            }
        }
    }
}

extension JSONWriter {
    /// The members that name a thing of a garage.
    mutating func identity(_ subject: Subject) {
        member("id", subject.id)
        member("garage", subject.garage.text)
        member("name", subject.name.text)
    }
}

extension Answer {
    /// An answer about the present: not sent again while no event has come in.
    ///
    /// - Parameter revision: the number of what else it tells, if that changes without an event.
    static func ofNow(
        _ request: Request, _ views: Views, revision: Int64? = nil,
        _ write: () async throws -> (inout JSONWriter) -> Void
    ) async throws -> Response {
        try QueryReader(request).end()
        // Taken before the query, so that the tag is never newer than what it stands for.
        let tag = Conditional.tag(views.position(), revision: revision)
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: revalidate) { return answer }
        var json = JSONWriter()
        try await write()(&json)
        return Answer.json(json, tag: tag)
    }
}
