import Dispatch
import GRDB
import Logging
import MQTTBroker

/// Takes batches from the queue, works out what is left of them when they are put together, commits that, and says which
/// batches are on disk.
///
/// Commits need no timer: while one waits for the disk, the next batches gather in the queue.
final class StoreWriter {
    private let database: Database
    private let options: StoreOptions
    private let logger: Logger
    private let queue: StoreQueue
    private let status: StoreStatus
    private var pending = PendingChanges()
    private var held = HeldChanges()
    private var isFailing = false

    init(_ database: Database, options: StoreOptions, logger: Logger, queue: StoreQueue, status: StoreStatus) {
        self.database = database
        self.options = options
        self.logger = logger
        self.queue = queue
        self.status = status
    }

    /// Writes until the queue is closed and empty.
    func run() {
        while true {
            let deadline: DispatchTime =
                isFailing ? .now() + .milliseconds(options.probeInterval.wholeMilliseconds) : .distantFuture
            switch queue.wait(until: deadline) {
            case .batches(let batches): take(batches)
            case .timedOut: write()
            case .closed:
                write()
                _ = try? database.execute(sql: "PRAGMA incremental_vacuum")
                _ = try? database.checkpoint(.truncate)
                return
            }
        }
    }

    private func take(_ batches: [StoreQueue.Batch]) {
        for batch in batches {
            for change in held.admit(batch.changes, shard: batch.shard, number: batch.number) { pending.apply(change) }
            pending.endBatch()
            if !isFailing, pending.count >= options.batchChanges { write() }
        }
        // While the disk takes nothing it is asked at intervals, not with each batch.
        if !isFailing { write() }
    }

    private func write() {
        guard held.hasBatches else { return }
        do {
            if !pending.isEmpty { try commit() }
        } catch {
            fail(because: error)
            return
        }
        pending = PendingChanges()
        let committed = held.takeWhole()
        if isFailing {
            isFailing = false
            status.setFailure(nil)
            logger.notice("the broker's store is written again")
        }
        // Only here, after COMMIT has returned and so the disk has the changes (synchronous = FULL): clients forget what
        // is acknowledged.
        if !committed.isEmpty { status.report(committed) }
    }

    private func commit() throws {
        if let limit = options.pageLimit?() { try database.execute(sql: "PRAGMA max_page_count = \(limit)") }
        try database.execute(sql: "BEGIN IMMEDIATE")
        try pending.write(to: database, DeadlineClock(options))
        try options.beforeCommit?()
        try database.execute(sql: "COMMIT")
    }

    private func fail(because error: any Error) {
        // SQLite may have ended the transaction itself.
        _ = try? database.execute(sql: "ROLLBACK")
        // It is not certain that nothing got through.
        pending.distrust()
        let reason = (error as? DatabaseError)?.reason ?? "\(error)"
        status.setFailure(reason)
        if !isFailing {
            logger.error(
                "the broker's store can't be written; acknowledgements wait", metadata: ["reason": "\(reason)"])
        }
        isFailing = true
        // The write-ahead log may be what fills the disk.
        _ = try? database.checkpoint(.truncate)
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int {
        Int(clamping: components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
