import EventLog
import Hummingbird
import Views

/// `GET /healthz`: the process answers. `GET /readyz`: every part of it does its work.
struct HealthEndpoints {
    let views: Views
    let log: EventLog
    let status: @Sendable () async -> ServiceStatus

    @Sendable func alive(_ request: Request, _ context: WebContext) async throws -> Response {
        var json = JSONWriter()
        json.object { $0.member("status", "ok") }
        return Answer.json(json, cacheControl: "no-store")
    }

    @Sendable func ready(_ request: Request, _ context: WebContext) async throws -> Response {
        let checks = [logCheck, viewsCheck] + (await status()).checks
        let isReady = ServiceStatus(checks: checks).isReady
        var json = JSONWriter()
        json.object { json in
            json.member("status", isReady ? "ready" : "not_ready")
            json.array("checks", checks) { json, check in
                json.object { json in
                    json.member("name", check.name)
                    json.member("ok", check.isPassing)
                    if let detail = check.detail { json.member("detail", detail) }
                }
            }
        }
        return Answer.json(json, status: isReady ? .ok : .serviceUnavailable, cacheControl: "no-store")
    }

    private var logCheck: ServiceStatus.Check {
        ServiceStatus.Check(
            name: "event_log", isPassing: log.failure == nil, detail: log.failure ?? "at position \(log.head)"
        )
    }

    /// The views are behind for a moment after each event; more than this is not a moment.
    private static let allowedLag: Int64 = 10_000

    private var viewsCheck: ServiceStatus.Check {
        let lag = max(0, log.head - views.position())
        return ServiceStatus.Check(
            name: "views", isPassing: views.failure() == nil && lag <= HealthEndpoints.allowedLag,
            detail: views.failure() ?? "\(lag) events behind"
        )
    }
}
