import EventLog
import GarageDomain
import Hummingbird
import Ingest
import Views

/// The JSON API below `/api/v1`, and beside it the health checks.
struct API {
    let views: Views
    let door: any CommandDoor
    /// Mapping rules and webhooks; `nil` leaves them out.
    var devices: (any DeviceDoor)?
    /// Where refusals are recorded; `nil` if everyone may do everything.
    var journal: AccessJournal?
    var webhooks: @Sendable () -> WebhookSecrets = { WebhookSecrets() }
    let log: EventLog
    let files: WebFiles
    let clock: SiteClock
    let now: @Sendable () -> Timestamp
    let status: @Sendable () async -> ServiceStatus
    /// `nil` to have no `/metrics`.
    var metrics: (@Sendable (_ accept: String?) async -> MetricsText)?
    /// Where weaknesses are to be reported; without any there is no `security.txt`.
    var securityContacts: @Sendable () -> [String] = { [] }

    /// Adds the routes. What they throw becomes a problem document. Throws if a document of the interfaces is missing.
    ///
    /// - Returns: the routes, for a test to hold against the documents.
    @discardableResult
    func addRoutes(to router: Router<WebContext>) throws -> RouteTable {
        router.addMiddleware { APIErrors() }
        var routes = RouteTable(router: router)
        let base = "/api/v1"
        let ids = IDReader(views: views)

        let events = EventEndpoints(views: views, ids: ids)
        let export = EventExport(views: views)
        routes.get("\(base)/events", events.list)
        routes.post("\(base)/events", NoteEndpoint(views: views, door: door, ids: ids).add)
        routes.get("\(base)/events/stream", EventStream(views: views).follow)
        routes.get("\(base)/events/{position}", events.one)
        routes.get("\(base)/events/{position}/related", RelatedEndpoint(views: views).related)
        routes.get("\(base)/events.csv", export.csv)
        routes.get("\(base)/events.jsonl", export.jsonLines)

        routes.get("\(base)/streams/{kind}/{id}/events", events.ofStream)

        let sensors = SensorEndpoints(views: views, ids: ids)
        let readings = ReadingEndpoints(views: views, ids: ids)
        routes.get("\(base)/sensors", sensors.list)
        routes.get("\(base)/sensors/{id}", sensors.one)
        routes.get("\(base)/sensors/{id}/latest", sensors.latest)
        routes.get("\(base)/sensors/{id}/readings", readings.ofOne)
        routes.get("\(base)/sensors/{id}/readings.csv", readings.csvOfOne)
        routes.get("\(base)/readings", readings.ofAll)
        routes.get("\(base)/readings.csv", readings.csvOfAll)

        let gates = GateEndpoints(views: views, door: door, ids: ids)
        routes.get("\(base)/gates", gates.list)
        routes.get("\(base)/gates/{id}", gates.one)
        routes.get("\(base)/gates/{id}/commands", gates.commands)
        routes.post("\(base)/gates/{id}/commands", CommandEndpoint(views: views, door: door, ids: ids).submit)
        routes.get("\(base)/gates/{id}/commands/{command}", gates.command)

        let control = GateControlEndpoints(views: views, door: door, ids: ids)
        routes.post("\(base)/gates/{id}/mode", control.setMode)
        routes.get("\(base)/gates/{id}/controls", control.controls)
        routes.post("\(base)/gates/{id}/unattended-close/setting", control.setUnattendedClose)
        routes.post("\(base)/gates/{id}/unattended-close/resume", control.resumeUnattendedClose)

        let alerts = AlertEndpoints(views: views, door: door)
        routes.get("\(base)/alerts", alerts.list)
        routes.get("\(base)/alerts/{id}", alerts.one)
        routes.post("\(base)/alerts/{id}/acknowledge", alerts.acknowledge)

        let timeline = TimelineEndpoint(views: views, ids: ids, now: now)
        routes.get("\(base)/gates/{id}/timeline", timeline.timeline)

        let things = ThingEndpoints(views: views, door: door, ids: ids)
        routes.get("\(base)/spots", things.spots)
        routes.get("\(base)/spots/{id}", things.spot)
        let parking = ParkingEndpoints(views: views, ids: ids, clock: clock, now: now)
        routes.get("\(base)/spots/{id}/sessions", parking.sessions)
        routes.get("\(base)/occupancy", parking.occupancy)
        routes.get("\(base)/devices", things.devices)
        routes.get("\(base)/devices/{id}", things.device)

        if let devices {
            let mappings = MappingEndpoints(devices: devices, door: door)
            routes.get("\(base)/mappings", mappings.list)
            routes.post("\(base)/mappings", mappings.add)
            routes.delete("\(base)/mappings/{mapping}", mappings.remove)
            routes.get("\(base)/mappings/explain", mappings.explain)
            routes.get("\(base)/unmapped", mappings.unmapped)
            let webhooks = WebhookEndpoints(devices: devices, secrets: webhooks, journal: journal)
            routes.post("\(base)/ingest/ttn", webhooks.theThingsStack)
            routes.post("\(base)/ingest/chirpstack", webhooks.chirpStack)
        }

        let health = HealthEndpoints(views: views, log: log, status: status)
        routes.get("/healthz", health.alive)
        routes.get("/readyz", health.ready)
        if let metrics { routes.get("/metrics", MetricsEndpoint(metrics: metrics).read) }
        SecurityText(contacts: securityContacts, now: now).addRoutes(to: &routes)
        let documents = try DocumentEndpoints(files: files)
        routes.get("/openapi.json", documents.openAPI)
        routes.get("/asyncapi.json", documents.asyncAPI)
        routes.close()
        return routes
    }
}
