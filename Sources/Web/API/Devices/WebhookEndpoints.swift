import Access
import Hummingbird
import Ingest

/// What the senders of webhooks have to know. A webhook without a secret is not there.
public struct WebhookSecrets: Sendable {
    public var theThingsStack: String?
    public var chirpStack: String?

    public init(theThingsStack: String? = nil, chirpStack: String? = nil) {
        self.theThingsStack = theThingsStack
        self.chirpStack = chirpStack
    }
}

/// `POST /ingest/ttn` and `POST /ingest/chirpstack`: uplinks of LoRaWAN sensors, as the servers' HTTP integrations send
/// them, with `Authorization: Bearer <secret>`.
struct WebhookEndpoints {
    /// Below this all paths are webhooks.
    static let prefix = "/api/v1/ingest/"
    /// Larger than any uplink with its radio metadata.
    private static let bodyLimit = 65_536
    let devices: any DeviceDoor
    let secrets: @Sendable () -> WebhookSecrets
    /// Where a wrong secret is recorded; `nil` where nobody needs any.
    let journal: AccessJournal?

    @Sendable func theThingsStack(_ request: Request, _ context: WebContext) async throws -> Response {
        try QueryReader(request).end()
        try await check(request, context, secrets().theThingsStack)
        return try await report(request, topic: "v3/webhook/devices/unnamed/up", source: "ttn")
    }

    /// ChirpStack names the event in the query: `?event=up`.
    @Sendable func chirpStack(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let event = try query.text("event") ?? "up"
        try query.end()
        try await check(request, context, secrets().chirpStack)
        guard event.allSatisfy({ $0.isASCII && $0.isLetter }), event.count <= 20 else {
            throw Problem.parameter("event", "It is one of up, status, join, ack, txack, log, location, integration.")
        }
        return try await report(
            request, topic: "application/webhook/device/unnamed/event/\(event)", source: "chirpstack")
    }

    private func check(_ request: Request, _ context: WebContext, _ secret: String?) async throws {
        guard let secret, !secret.isEmpty else { throw Problem.notFound("This webhook is not switched on.") }
        let given = request.headers[.authorization].flatMap { text -> String? in
            text.lowercased().hasPrefix("bearer ") ? String(text.dropFirst(7)) : nil
        }
        guard let given, ConstantTime.areEqual(given, secret) else {
            await journal?.deny("send an uplink with a wrong secret", actor: nil, address: context.address)
            var headers = HTTPFields()
            headers[.wwwAuthenticate] = "Bearer"
            throw Problem(
                status: .unauthorized, detail: "The Authorization header has to bear the webhook's secret.",
                headers: headers)
        }
    }

    private func report(_ request: Request, topic: String, source: String) async throws -> Response {
        let buffer = try await request.body.collected(upTo: max(WebhookEndpoints.bodyLimit, WebContext.bodyLimit))
        do {
            try await devices.report(topic: topic, payload: Array(buffer.readableBytesView), from: source)
        } catch {
            throw Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The uplink could not be recorded",
                detail: "\(error)")
        }
        return Response(status: .accepted)
    }
}
