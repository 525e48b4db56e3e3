import Dispatch
import Synchronization

/// The requests that wait for the writer, in order. Producers never wait; the writer's thread does.
final class AppendQueue: Sendable {
    struct Entry {
        var request: AppendRequest
        var token: UInt64
        var completions: any AppendCompletions
        /// Of its events' data.
        let bytes: Int

        init(request: AppendRequest, token: UInt64, completions: any AppendCompletions) {
            self.request = request
            self.token = token
            self.completions = completions
            bytes = request.events.reduce(0) { $0 + $1.data.count }
        }
    }

    /// Something else that only the writer's connection may do, run on its thread between two groups.
    typealias Job = @Sendable (LogWriter) -> Void

    enum Arrival {
        case entries([Entry])
        case job(Job)
        case timedOut
        /// Closed, and nothing is left.
        case closed
    }

    private struct State {
        var entries: [Entry] = []
        var jobs: [Job] = []
        var events = 0
        var bytes = 0
        var isClosed = false
        var isWriterWaiting = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let congested = Atomic(false)
    private let failures = Atomic<UInt64>(0)
    private let eventLimit: Int
    private let byteLimit: Int

    init(options: EventLogOptions) {
        eventLimit = max(options.queuedEvents, 1)
        byteLimit = max(options.queuedBytes, 1)
    }

    /// Adds a request; `false` if the queue is closed.
    func push(_ entry: Entry) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.entries.append(entry)
            state.events += entry.request.events.count
            state.bytes += entry.bytes
            if fill(state) >= 1 { congested.store(true, ordering: .relaxed) }
            defer { state.isWriterWaiting = false }
            return (true, state.isWriterWaiting)
        }
        if mustWake { wake.signal() }
        return isTaken
    }

    /// Adds a job, which runs before what is queued after it is taken; `false` if the queue is closed.
    func push(_ job: @escaping Job) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.jobs.append(job)
            defer { state.isWriterWaiting = false }
            return (true, state.isWriterWaiting)
        }
        if mustWake { wake.signal() }
        return isTaken
    }

    /// What has arrived since the last time, without waiting.
    func take() -> [Entry] {
        state.withLock { state in
            let entries = state.entries
            state.entries = []
            return entries
        }
    }

    /// Waits until something arrives, the queue is closed or the time is over. For the writer's thread only.
    func wait(until deadline: DispatchTime) -> Arrival {
        while true {
            let arrival: Arrival? = state.withLock { state in
                if !state.jobs.isEmpty { return .job(state.jobs.removeFirst()) }
                if !state.entries.isEmpty {
                    let entries = state.entries
                    state.entries = []
                    return .entries(entries)
                }
                if state.isClosed { return .closed }
                state.isWriterWaiting = true
                return nil
            }
            if let arrival { return arrival }
            if wake.wait(timeout: deadline) == .timedOut { return .timedOut }
        }
    }

    /// Says that these entries have their results.
    func finished(_ entries: [Entry]) {
        let events = entries.reduce(0) { $0 + $1.request.events.count }
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        state.withLock { state in
            state.events -= events
            state.bytes -= bytes
            // Lets producers go on well below the bound, so that they don't stop and go with every event.
            if fill(state) <= 0.5 { congested.store(false, ordering: .relaxed) }
        }
    }

    /// Begins a new generation, and takes everything that was queued in the one before.
    func failGeneration() -> [Entry] {
        state.withLock { state in
            failures.add(1, ordering: .sequentiallyConsistent)
            let entries = state.entries
            state.entries = []
            return entries
        }
    }

    /// Takes no more requests; the writer still gets those that are there.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    var generation: UInt64 { failures.load(ordering: .sequentiallyConsistent) }
    var isCongested: Bool { congested.load(ordering: .relaxed) }
    var pressure: Double { state.withLock { fill($0) } }
    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }
    /// The events that have no result yet.
    var events: Int { state.withLock { $0.events } }

    private func fill(_ state: State) -> Double {
        max(Double(state.events) / Double(eventLimit), Double(state.bytes) / Double(byteLimit))
    }
}
