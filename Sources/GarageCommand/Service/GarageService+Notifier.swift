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
            WebhookNotifier(
                log: log, outbox: try Outbox(directory: path, head: log.head),
                target: {
                    let configuration = inForce.current
                    return configuration.alertsWebhook.map {
                        .init(url: $0, secret: configuration.alertsWebhookSecret, transport: Webhook.post)
                    }
                },
                clock: { WallClock.microseconds() }, logger: Logger(label: "webhook")
            ) { event in
                guard await views.waitUntilApplied(event.position, within: .seconds(30)) else { return nil }
                return try? await views.event(at: event.position).map { CloudEvent.json($0) }
            }
        }
        try posts.prepare(configuration)
        return posts
    }
}
