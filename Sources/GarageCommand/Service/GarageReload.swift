import EventLog
import GarageConfiguration
import GarageDomain
import Ingest
import MQTTServer

/// The parts of the whole service that take up another configuration while it runs, beside the broker.
struct GarageReload: Sendable {
    /// Of the pages, if they have one of their own.
    let certificate: SecurityContext?
    let topics: CurrentTopicAccess
    let http: HTTPGate
    let ingest: Ingest
    let log: EventLog
    let inForce: ConfigurationInForce
    let alerts: AlertPosts
    /// What a configuration means for the garage. Throws a `ConfigurationError`.
    let settings: @Sendable (ServiceConfiguration) throws -> GarageSettings
    /// Records who may do what now.
    let record: @Sendable (EventBody, EventMetadata) async -> Void

    /// Whoever may signal the process owns the service.
    private static let origin = EventMetadata(actor: "service", channel: "cli")

    /// Reads all that can be wrong, or throws; what it returns puts it in force.
    func prepare(_ configuration: ServiceConfiguration) throws -> () -> Void {
        let rules = try TopicRules.read(configuration)
        let putHTTP = try http.prepare(configuration)
        let settings = try settings(configuration)
        try alerts.prepare(configuration)
        return {
            topics.replace(with: rules)
            putHTTP()
            ingest.replaceSettings(settings)
            log.telemetryAge = EventLogOptions(configuration).telemetryAge
            inForce.replace(with: configuration)
            LimitMetrics.report(configuration)
        }
    }

    /// Tells the log of other topic rules.
    func recordChange(to rules: [String]) async {
        let change = rules.isEmpty ? "no topic rules any more" : "topic rules: " + rules.joined(separator: ", ")
        await record(.accessChanged(AccessChanged(user: "*", change: String(change.prefix(2000)))), Self.origin)
    }
}
