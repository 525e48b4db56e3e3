import Dispatch
import GRDB
import Synchronization

import class Foundation.Thread

/// Gives the writer a thread of its own: an fsync takes milliseconds, and would hold up an event loop or a task pool.
///
/// The connection is opened, used and closed on that thread, and never leaves it.
enum WriterThread {
    /// What the thread has ready for others once it runs.
    struct Started: Sendable {
        var signal: HeadSignal
        var status: SharedStatus
        var reader: LogReader
    }

    /// Opens the log on a new thread and returns once that has worked or failed. The thread ends when the queue is closed, and
    /// opens the latch `end` then.
    static func start(
        directory: String, clock: @escaping @Sendable () -> Int64, options: EventLogOptions, queue: AppendQueue,
        retention: Retention, end: Latch
    ) throws(EventLogError) -> Started {
        let outcome = Outcome()
        let thread = Thread {
            defer { end.open() }
            do throws(EventLogError) {
                try run(
                    directory: directory, clock: clock, options: options, queue: queue,
                    retention: retention, started: { outcome.set(.success($0)) })
            } catch {
                outcome.set(.failure(error))
            }
        }
        thread.name = "event-log"
        thread.start()
        return try outcome.wait().get()
    }

    private static func run(
        directory: String, clock: @escaping @Sendable () -> Int64, options: EventLogOptions, queue: AppendQueue,
        retention: Retention, started: (Started) -> Void
    ) throws(EventLogError) {
        let path = directory + "/" + LogSchema.fileName
        let lock = try FileLock(path: path + ".lock", for: path)
        defer { withExtendedLifetime(lock) {} }
        let connection = try LogConnection.openWriter(directory: directory, created: clock(), options: options)
        do {
            let reader = try connection.writeWithoutTransaction { database in
                try LogConnection.setUpWriter(database, path: path)
                let head = try LogSchema.head(database, identity: LogSchema.identity(database))
                try LogSchema.checkEnd(database, of: head)
                let signal = HeadSignal(head: head.position)
                let status = SharedStatus(head: head)
                let writer = try LogWriter(
                    database, head: head, options: options, clock: clock, queue: queue, signal: signal, status: status,
                    retention: retention)
                // After the writer, which has made the files that a reader can't make.
                let reader = try LogReader(path: path, count: options.readers)
                started(Started(signal: signal, status: status, reader: reader))
                writer.run()
                signal.close()
                return reader
            }
            // Readers first: the connection that closes last removes the write-ahead log, and only the writer can.
            reader.close()
            try connection.close()
        } catch {
            throw EventLogError(error, path: path)
        }
    }

    /// Carries the first result from the thread to the caller that waits for it.
    private final class Outcome: Sendable {
        private let result = Mutex<Result<Started, EventLogError>?>(nil)
        private let ready = DispatchSemaphore(value: 0)

        func set(_ value: Result<Started, EventLogError>) {
            let isFirst = result.withLock { result in
                defer { result = result ?? value }
                return result == nil
            }
            if isFirst { ready.signal() }
        }

        func wait() -> Result<Started, EventLogError> {
            ready.wait()
            return result.withLock { $0 } ?? .failure(.closed)
        }
    }
}

/// A door that opens once; tasks wait until it is open.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
