import GarageConfiguration
import Notifications
import ServiceLifecycle
import Synchronization

/// Has alerts posted for as long as the configuration names a webhook.
final class AlertPosts: Service {
    /// How often it looks whether one is named now.
    private static let pause = Duration.seconds(1)

    private let inForce: ConfigurationInForce
    private let make: @Sendable () throws -> WebhookNotifier
    private let notifier = Mutex<WebhookNotifier?>(nil)

    init(inForce: ConfigurationInForce, make: @escaping @Sendable () throws -> WebhookNotifier) {
        self.inForce = inForce
        self.make = make
    }

    /// Has alerts kept from now on, if the configuration names a webhook and they never were. Throws if they can't be.
    func prepare(_ configuration: ServiceConfiguration) throws {
        guard configuration.alertsWebhook != nil else { return }
        try notifier.withLock { if $0 == nil { $0 = try make() } }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                if isWanted, let notifier = notifier.withLock({ $0 }) { await post(with: notifier) }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// What the notifier, if there is one, says of its outbox: a file that it could not use, or that all is well.
    var outbox: Result<Void, SetAsideFile>? {
        notifier.withLock { notifier in
            notifier.map { notifier in
                notifier.setAside.map { .failure(SetAsideFile(path: $0.path, reason: $0.reason)) } ?? .success(())
            }
        }
    }

    private var isWanted: Bool { inForce.current.alertsWebhook != nil }

    /// Returns when there is no webhook any more.
    private func post(with notifier: WebhookNotifier) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await notifier.run() }
            group.addTask { [self] in
                while isWanted, !Task.isCancelled { try? await Task.sleep(for: Self.pause) }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
