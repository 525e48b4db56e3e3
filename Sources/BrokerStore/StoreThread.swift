import Dispatch
import GRDB
import Logging
import MQTTBroker
import Synchronization

import class Foundation.Thread

/// Gives the writer a thread of its own: an fsync takes milliseconds, and would hold up an event loop or a task pool.
///
/// The connection is opened, used and closed on that thread, and never leaves it.
enum StoreThread {
    struct Started: Sendable {
        var state: DurableState
        var setAside: BrokerStore.SetAside?
    }

    /// Opens the store on a new thread and returns once that has worked or failed. The thread ends when the queue is
    /// closed, and opens the latch `end` then.
    static func start(
        directory: String, options: StoreOptions, logger: Logger, queue: StoreQueue, status: StoreStatus, end: Latch
    ) throws(BrokerStoreError) -> Started {
        let outcome = Outcome()
        let thread = Thread {
            defer { end.open() }
            let file = StoreFile(directory: directory)
            do throws(BrokerStoreError) {
                let (connection, started) = try file.open(options: options)
                outcome.set(.success(started))
                run(connection, options: options, logger: logger, queue: queue, status: status)
            } catch {
                outcome.set(.failure(error))
            }
        }
        thread.name = "broker-store"
        thread.start()
        return try outcome.wait().get()
    }

    private static func run(
        _ connection: DatabaseQueue, options: StoreOptions, logger: Logger, queue: StoreQueue, status: StoreStatus
    ) {
        connection.inDatabaseUnsafely { database in
            StoreWriter(database, options: options, logger: logger, queue: queue, status: status).run()
        }
        do {
            try connection.close()
        } catch {
            logger.warning("the broker's store did not close", metadata: ["reason": "\(error)"])
        }
    }

    /// Carries the first result from the thread to the caller that waits for it.
    private final class Outcome: Sendable {
        private let result = Mutex<Result<Started, BrokerStoreError>?>(nil)
        private let ready = DispatchSemaphore(value: 0)

        func set(_ value: Result<Started, BrokerStoreError>) {
            result.withLock { $0 = value }
            ready.signal()
        }

        func wait() -> Result<Started, BrokerStoreError> {
            ready.wait()
            return result.withLock { $0 } ?? .failure(.storage("it did not start"))
        }
    }
}

extension DatabaseQueue {
    /// For a connection that one thread uses for as long as it is open.
    fileprivate func inDatabaseUnsafely(_ body: (Database) -> Void) {
        unsafeReentrantWrite(body)
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
