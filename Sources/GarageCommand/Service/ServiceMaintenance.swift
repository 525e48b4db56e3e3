import EventLog
import Ingest
import Views
import Web

/// Rebuilds the views and erases a person's traces while the service runs.
struct ServiceMaintenance: Maintenance {
    let log: EventLog
    let views: Views
    let snapshot: HistoryKeeper?

    func viewsStatus() -> ViewsStatus { views.status() }

    func rebuildViews(
        _ names: [String]?, progress: @escaping @Sendable (_ position: Int64, _ head: Int64) -> Void
    ) async throws {
        try await views.rebuild(names, progress: progress)
    }

    func erase(
        actor: String, progress: @escaping @Sendable (_ position: Int64, _ head: Int64) -> Void
    ) async throws -> (events: Int, position: Int64)? {
        // Whatever interrupts this, no start uses views again that still tell what the log may no longer have.
        try await views.condemn()
        snapshot?.forget()
        let receipt = try await Erasure.run(log, actor: actor)
        // It may have been read again in the middle.
        snapshot?.forget()
        // Also if there is nothing to erase: an erasure before may have been interrupted.
        try await views.rebuild(progress: progress)
        return receipt.map { ($0.events, $0.position) }
    }
}
