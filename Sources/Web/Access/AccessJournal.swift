import EventLog
import GarageDomain
import Ingest
import Synchronization

/// Records refusals and changes of rights in the event log; of refusals a limited number in each minute.
final class AccessJournal: Sendable {
    /// Refusals of which nothing is recorded, as nothing is known.
    let busy = BusyAnswers()
    private let record: @Sendable (EventBody, EventMetadata) async -> Void
    private let now: @Sendable () -> Timestamp
    private let refusals = Mutex(RefusalBudget())

    init(
        now: @escaping @Sendable () -> Timestamp,
        record: @escaping @Sendable (EventBody, EventMetadata) async -> Void
    ) {
        self.now = now
        self.record = record
    }

    /// Someone was refused. `attempt` must hold no secret.
    func deny(_ attempt: String, actor: String?, address: String, channel: String = "http") async {
        let now = now()
        guard let text = refusals.withLock({ $0.text(for: attempt, at: now) }) else { return }
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
