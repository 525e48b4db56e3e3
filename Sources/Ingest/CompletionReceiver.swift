import EventLog
import Synchronization

/// Hands the log's completions to Ingest, which does not exist yet when the pipeline is made.
final class CompletionReceiver: AppendCompletions {
    private struct WeakIngest: Sendable { weak var value: Ingest? }
    private let ingest = Mutex(WeakIngest())

    func attach(_ ingest: Ingest) { self.ingest.withLock { $0.value = ingest } }

    func completed(_ completions: [AppendCompletion]) {
        guard let ingest = ingest.withLock({ $0.value }) else { return }
        // A closed log answers from within `append`, which the pipeline calls while it is locked.
        if completions.contains(where: { $0.result == .failure(.closed) }) {
            Task { ingest.completed(completions) }
        } else {
            ingest.completed(completions)
        }
    }
}
