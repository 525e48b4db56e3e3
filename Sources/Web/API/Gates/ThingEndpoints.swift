import GarageDomain
import Hummingbird
import Ingest
import Views

/// `GET /spots` and `GET /devices`, and one of each.
struct ThingEndpoints {
    let views: Views
    let door: any CommandDoor
    let ids: IDReader

    @Sendable func spots(_ request: Request, _ context: WebContext) async throws -> Response {
        try await Answer.ofNow(request, views) {
            let spots = try await views.spots()
            return { json in
                json.object { json in
                    json.array("spots", spots) { json, row in ThingEndpoints.write(row, to: &json) }
                }
            }
        }
    }

    @Sendable func spot(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.spot, context)
        return try await Answer.ofNow(request, views) {
            guard let row = try await views.spots().first(where: { $0.subject == id }) else {
                throw Problem.notFound("There is no spot with this id.")
            }
            return { json in ThingEndpoints.write(row, to: &json) }
        }
    }

    @Sendable func devices(_ request: Request, _ context: WebContext) async throws -> Response {
        let topics = door.deviceTopics()
        return try await Answer.ofNow(request, views, revision: topics.revision) {
            let devices = try await views.devices()
            return { json in
                json.object { json in
                    json.array("devices", devices) { json, row in
                        ThingEndpoints.write(row, topics.of(row.subject), to: &json)
                    }
                }
            }
        }
    }

    @Sendable func device(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try await ids.subject(.device, context)
        let topics = door.deviceTopics()
        return try await Answer.ofNow(request, views, revision: topics.revision) {
            guard let row = try await views.devices().first(where: { $0.subject == id }) else {
                throw Problem.notFound("There is no device with this id.")
            }
            return { json in ThingEndpoints.write(row, topics.of(row.subject), to: &json) }
        }
    }

    private static func write(_ row: SpotRow, to json: inout JSONWriter) {
        json.object { json in
            json.identity(row.subject)
            json.member("state", row.occupied ? "occupied" : "free")
            json.member("since", row.since)
            json.member("device", row.device)
            json.member("device_online", row.deviceOnline)
        }
    }

    private static func write(_ row: DeviceRow, _ topics: [DeviceTopic], to json: inout JSONWriter) {
        json.object { json in
            json.identity(row.subject)
            json.member("state", row.online ? "online" : "offline")
            json.member("since", row.since)
            json.member("reason", row.reason)
            json.member("client_id", row.clientID)
            json.member("last_event_at", row.lastEvent)
            json.array("topics", topics) { json, topic in
                json.object { json in
                    json.member("topic", topic.topic)
                    json.member("reader", topic.reader)
                    json.member("count", Int64(topic.count))
                    json.member("last_time", topic.lastTime)
                }
            }
        }
    }
}
