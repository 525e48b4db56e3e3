import EventLog
import FoundationEssentials
import GarageDomain
import Logging
public import ServiceLifecycle
import Synchronization

/// Keeps the snapshot of the journal close to its end while the service runs: see ``HistorySnapshot``.
///
/// It follows the log by itself. What Ingest has decided but not stored, or knows from elsewhere, never gets into it.
public final class HistoryKeeper: Sendable {
    private struct State {
        /// `nil` when it has to be read from the beginning.
        var history: History?
        /// Where the snapshot on disk ends; 0 without one.
        var written: Int64
        /// Counts erasures, so that what was read before one is not written after it.
        var erasures = 0
    }

    private let log: EventLog
    private let file: String
    private let mappings: [MappingText]
    private let logger: Logger
    private let state: Mutex<State>

    static let step: Int64 = 20_000

    init(_ history: History, written: Int64, log: EventLog, file: String, mappings: [MappingText], logger: Logger) {
        self.log = log
        self.file = file
        self.mappings = mappings
        self.logger = logger
        state = Mutex(State(history: history, written: written))
    }

    /// Forgets the snapshot on disk and in memory, because it may tell what is about to be erased from the log.
    public func forget() {
        state.withLock { state in
            state.history = nil
            state.written = 0
            state.erasures += 1
            try? FileManager.default.removeItem(atPath: file)
        }
    }

    /// Reads on and writes a snapshot, if the log has so many events after the last one.
    func keep(after step: Int64 = HistoryKeeper.step) async throws {
        let (known, written, erasures) = state.withLock { ($0.history, $0.written, $0.erasures) }
        guard log.head - written >= step else { return }
        var history = known ?? History(mappings: mappings)
        while try history.readPage(of: log) {
            try Task.checkCancellation()
            // A long journal is read beside everything else, not in its way.
            await Task.yield()
        }
        guard let snapshot = try HistorySnapshot(history, of: log) else { return }
        try state.withLock { state in
            guard state.erasures == erasures else { return }
            try snapshot.write(to: file)
            state.history = history
            state.written = log.head
        }
    }
}

extension HistoryKeeper: Service {
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.keep()
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning(
                        "the snapshot of the journal can't be written; the next start takes longer",
                        metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
