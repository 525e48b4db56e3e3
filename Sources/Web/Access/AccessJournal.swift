import EventLog
import GarageDomain
import Synchronization

/// Records refusals and changes of rights in the event log. Of refusals it records a limited number in each minute, so
/// that a guesser can't fill the disk; how many were left out stands in the next one.
final class AccessJournal: Sendable {
    private struct Window {
        var minute: Int64 = 0
        var count = 0
        var leftOut = 0
    }

    /// Refusals recorded in one minute.
    static let refusalsPerMinute = 30

    private let record: @Sendable (EventBody, EventMetadata) async -> Void
    private let now: @Sendable () -> Timestamp
    private let window = Mutex(Window())

    init(
        now: @escaping @Sendable () -> Timestamp,
        record: @escaping @Sendable (EventBody, EventMetadata) async -> Void
    ) {
        self.now = now
        self.record = record
    }

    /// Someone was refused. `attempt` must hold no secret.
    func deny(_ attempt: String, actor: String?, address: String, channel: String = "http") async {
        let minute = now().microseconds / 60_000_000
        let leftOut: Int? = window.withLock { window in
            if window.minute != minute { (window.minute, window.count) = (minute, 0) }
            guard window.count < Self.refusalsPerMinute else {
                window.leftOut += 1
                return nil
            }
            window.count += 1
            defer { window.leftOut = 0 }
            return window.leftOut
        }
        guard let leftOut else { return }
        let text = String(attempt.prefix(200)) + (leftOut > 0 ? " (and \(leftOut) more refusals)" : "")
        await record(
            .accessDenied(AccessDenied(attempt: text, address: address)),
            EventMetadata(actor: actor ?? "anonymous", channel: channel))
    }

    /// Rights were changed.
    func note(_ change: String, of user: String, by actor: String, channel: String = "page") async {
        await record(
            .accessChanged(AccessChanged(user: user, change: change)), EventMetadata(actor: actor, channel: channel))
    }
}
