import EventLog
import Foundation
import GRDB
import Synchronization

/// A temporary folder for one log, removed with the object.
final class LogFolder: Sendable {
    let path: String
    var file: String { path + "/events.db" }
    /// Goes on by a millisecond with each reading.
    private let time = Mutex<Int64>(1_700_000_000_000_000)

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("eventlog-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func open(_ options: EventLogOptions = EventLogOptions()) throws -> EventLog {
        try EventLog.open(
            directory: path,
            clock: { [self] in
                time.withLock {
                    $0 += 1000
                    return $0
                }
            }, options: options)
    }

    /// Runs a body with an open log and closes it.
    func withLog<Value>(
        _ options: EventLogOptions = EventLogOptions(), _ body: (EventLog) async throws -> Value
    ) async throws -> Value {
        let log = try open(options)
        do {
            let value = try await body(log)
            await log.close()
            return value
        } catch {
            await log.close()
            throw error
        }
    }

    /// Changes the closed file behind the log's back.
    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: file)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    func value<Value: DatabaseValueConvertible>(_ sql: String, as type: Value.Type) throws -> Value? {
        let queue = try DatabaseQueue(path: file)
        defer { try? queue.close() }
        return try queue.read { try Value.fetchOne($0, sql: sql) }
    }
}

/// A small event; `number` is in its data and, with `stream`, in its id.
func event(
    _ number: Int, stream: String = "gate/home.front", chain: Chain = .journal, type: String = "gate.opened",
    actor: String = "ana", id: EventID? = nil
) -> NewEvent {
    NewEvent(
        id: id ?? .make(at: 1_700_000_000_000_000 + Int64(number)), stream: stream, chain: chain, type: type, schema: 1,
        time: 1_700_000_000_000_000 + Int64(number), metadata: EventMetadata(actor: actor, channel: "mqtt"),
        data: Array(#"{"number":\#(number)}"#.utf8))
}

/// Receives results, and lets a test wait for them.
final class Results: AppendCompletions {
    private struct State {
        var calls: [[AppendCompletion]] = []
        var count = 0
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let onCall: @Sendable ([AppendCompletion]) -> Void

    init(onCall: @escaping @Sendable ([AppendCompletion]) -> Void = { _ in }) {
        self.onCall = onCall
    }

    func completed(_ completions: [AppendCompletion]) {
        onCall(completions)
        let ready = state.withLock { state in
            state.calls.append(completions)
            state.count += completions.count
            let count = state.count
            let ready = state.waiting.filter { $0.count <= count }
            state.waiting.removeAll { $0.count <= count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// The results by call, once there are this many.
    func calls(atLeast count: Int) async -> [[AppendCompletion]] {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.count < count { state.waiting.append((count, continuation)) }
                return state.count >= count
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { $0.calls }
    }

    func all(_ count: Int) async -> [AppendCompletion] {
        await calls(atLeast: count).flatMap(\.self)
    }
}

extension AppendCompletion {
    var receipt: AppendReceipt? { try? result.get() }

    var error: AppendError? {
        if case .failure(let error) = result { error } else { nil }
    }
}

/// A gate that holds a commit back until it is opened. It counts how many commits came by.
final class CommitGate: Sendable {
    private let open: DispatchSemaphore
    private let arrived = DispatchSemaphore(value: 0)
    private let isFirst = Mutex(true)

    init() { open = DispatchSemaphore(value: 0) }

    /// Options whose first commit waits for ``release()``.
    func options() -> EventLogOptions {
        var options = EventLogOptions()
        options.beforeCommit = { [self] in
            let isFirst = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            guard isFirst else { return }
            arrived.signal()
            open.wait()
        }
        return options
    }

    /// Blocks until the first commit is held.
    func waitUntilHeld() { arrived.wait() }

    func release() { open.signal() }
}
