public import EventLog
import GarageDomain
import GarageEvents
public import Logging
public import ServiceLifecycle

/// What is posted to a webhook.
public struct WebhookPost: Sendable, Hashable {
    public var url: String
    public var headers: [String: String]
    public var body: [UInt8]
}

/// Posts alerts, their ends and their acknowledgements to a webhook, each at least once and in order.
///
/// It follows the log itself, never a projection of it, so nothing is told again when views are rebuilt.
public struct WebhookNotifier: Service {
    /// Where to, and how.
    public struct Target: Sendable {
        public var url: String
        /// What posts are signed with; `nil` leaves them unsigned.
        public var secret: String?
        /// Sends one post and returns the status of the answer.
        public var transport: @Sendable (WebhookPost) async throws -> Int

        public init(
            url: String, secret: String?, transport: @escaping @Sendable (WebhookPost) async throws -> Int
        ) {
            self.url = url
            self.secret = secret
            self.transport = transport
        }
    }

    /// The outbox that could not be used, if this run began without it.
    public var setAside: Outbox.SetAside? { outbox.setAside }

    private let log: EventLog
    private let outbox: Outbox
    private let target: @Sendable () -> Target?
    private let body: @Sendable (RecordedEvent) async -> [UInt8]?
    private let clock: @Sendable () -> Int64
    private let logger: Logger
    /// How long to wait for something to send before looking again.
    private let pause: Duration

    /// - Parameters:
    ///   - target: asked for with each post, as it may change; `nil` lets it wait.
    ///   - body: the post that tells of an event; `nil` if it can't be made now and is to be asked for again.
    ///   - clock: microseconds since 1970.
    public init(
        log: EventLog, outbox: Outbox, target: @escaping @Sendable () -> Target?,
        clock: @escaping @Sendable () -> Int64, logger: Logger,
        pause: Duration = .milliseconds(500), body: @escaping @Sendable (RecordedEvent) async -> [UInt8]?
    ) {
        self.log = log
        self.outbox = outbox
        self.target = target
        self.body = body
        self.clock = clock
        self.logger = logger
        self.pause = pause
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.collect() }
                group.addTask { await self.deliver() }
            }
        }
    }

    // MARK: - From the log to the outbox

    private func collect() async {
        while !Task.isCancelled {
            do {
                var saved = try outbox.cursor()
                for try await events in log.follow(after: saved) {
                    guard let last = events.last else { continue }
                    var deliveries: [Delivery] = []
                    for event in events where WebhookNotifier.isTold(event) {
                        // Not skipped: the log is looked through again from the last position that was kept.
                        guard let body = await body(event) else { throw PostNotMade(position: event.position) }
                        deliveries.append(
                            Delivery(position: event.position, id: event.id.description, body: body, since: clock()))
                    }
                    // Readings come by the thousand and are of no interest: their positions are not worth a write each.
                    guard !deliveries.isEmpty || last.position - saved >= 10_000 else { continue }
                    try outbox.add(deliveries, cursor: last.position)
                    saved = last.position
                }
                return
            } catch {
                logger.error("alerts can't be kept for the webhook", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    private static func isTold(_ event: RecordedEvent) -> Bool {
        guard event.chain == .journal, let type = EventType(rawValue: event.type) else { return false }
        switch type {
        case .alertRaised, .alertCleared: return true
        case .eventAcknowledged:
            guard case .eventAcknowledged(let acknowledgement)? = EventCoding.decode(event)?.body else { return false }
            return acknowledgement.condition != nil
        default: return false
        }
    }

    // MARK: - From the outbox to the receiver

    private func deliver() async {
        while !Task.isCancelled {
            do {
                guard let target = target(), let delivery = try outbox.oldest(), delivery.isDue(at: clock()) else {
                    try? await Task.sleep(for: pause)
                    continue
                }
                try await attempt(delivery, target)
            } catch {
                logger.error("the outbox can't be read or written", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    private func attempt(_ delivery: Delivery, _ target: Target) async throws {
        var headers = ["Content-Type": "application/cloudevents+json", "Garage-Delivery": delivery.id]
        if let secret = target.secret {
            headers["Garage-Signature"] = WebhookSignature.header(
                of: delivery.body, secret: secret, at: clock() / 1_000_000)
        }
        let outcome: String
        do {
            let status = try await target.transport(
                WebhookPost(url: target.url, headers: headers, body: delivery.body))
            if (200..<300).contains(status) { return try outbox.remove(delivery) }
            outcome = "status \(status)"
        } catch {
            // Not the error as it is: it may hold the address with a token in it.
            outcome = "no answer"
        }
        // What the shutdown cut short was not tried in vain.
        if Task.isCancelled { return }
        var metadata: Logger.Metadata = ["outcome": "\(outcome)", "position": "\(delivery.position)"]
        guard let next = delivery.failed(at: clock()) else {
            logger.error("an alert could not be posted for a day and is given up", metadata: metadata)
            return try outbox.remove(delivery)
        }
        metadata["attempts"] = "\(next.attempts)"
        logger.notice("an alert could not be posted; it will be tried again", metadata: metadata)
        try outbox.postpone(next)
    }
}

/// The post that tells of an event can't be made now.
private struct PostNotMade: Error {
    var position: Int64
}
