import EventLog
import GarageConfiguration
import Logging
import Notifications
import Views
import Web

extension GarageService {
    /// What posts alerts, if the configuration names a webhook.
    func makeNotifier(log: EventLog, views: Views, folder: DataFolder) throws -> WebhookNotifier? {
        guard let url = configuration.alertsWebhook else { return nil }
        return WebhookNotifier(
            log: log, outbox: try Outbox(directory: folder.path, head: log.head),
            target: .init(url: url, secret: configuration.alertsWebhookSecret, transport: Webhook.post),
            clock: { WallClock.microseconds() }, logger: Logger(label: "webhook")
        ) { event in
            guard await views.waitUntilApplied(event.position, within: .seconds(30)) else { return nil }
            return try? await views.event(at: event.position).map { CloudEvent.json($0) }
        }
    }
}
