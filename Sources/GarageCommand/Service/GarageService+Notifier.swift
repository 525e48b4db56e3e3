import BrokerStore
import EventLog
import GarageConfiguration
import Logging
import Notifications
import Views
import Web

extension GarageService {
    /// Posts alerts while a webhook is configured. Throws if it is now and they can't be kept for it.
    func makeAlertPosts(
        log: EventLog, views: Views, folder: DataFolder, inForce: ConfigurationInForce
    ) throws -> AlertPosts {
        let posts = AlertPosts(inForce: inForce) { [path = folder.path] in
            let logger = Logger(label: "webhook")
            let outbox = try Outbox(directory: path, head: log.head)
            if let setAside = outbox.setAside {
                logger.error(
                    "outbox.db could not be used; alerts that waited in it are not posted",
                    metadata: ["reason": "\(setAside.reason)", "kept_as": "\(setAside.path)"])
            }
            return WebhookNotifier(
                log: log, outbox: outbox,
                target: {
                    let configuration = inForce.current
                    return configuration.alertsWebhook.map {
                        .init(url: $0, secret: configuration.alertsWebhookSecret, transport: Webhook.post)
                    }
                },
                clock: { WallClock.microseconds() }, logger: logger
            ) { event in
                guard await views.waitUntilApplied(event.position, within: .seconds(30)) else { return nil }
                return try? await views.event(at: event.position).map { CloudEvent.json($0) }
            }
        }
        try posts.prepare(configuration)
        return posts
    }

    /// Has the log say which files could not be used, and which are whole again.
    func recordSetAside(_ store: BrokerStore?, _ alerts: AlertPosts, _ alert: SetAsideAlert) async throws {
        do {
            if let store {
                let file = store.setAside.map { SetAsideFile(path: $0.path, reason: "\($0.reason)") }
                try await alert.record(.brokerStore, file.map { .failure($0) } ?? .success(()))
            }
            if let outbox = alerts.outbox { try await alert.record(.outbox, outbox) }
        } catch let error as AppendError { throw Failure("the event log can't be written: \(error)") }
    }
}
