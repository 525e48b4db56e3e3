import Dispatch
import GRDB
import Synchronization

/// The writer: takes requests from the queue, commits them in groups, and hands out the results. It lives on its own thread
/// with the only connection that writes.
///
/// Groups need no timer: while one commit waits for the disk, the next requests gather in the queue.
final class LogWriter {
    /// What others may see of the writer.
    struct Status: Sendable {
        var head: LogHead
        var failure: String?
        var pruneFailure: String?
    }

    private let database: Database
    private let appender: Appender
    private let options: EventLogOptions
    private let clock: @Sendable () -> Int64
    private let queue: AppendQueue
    private let signal: HeadSignal
    private let status: SharedStatus
    private let wal: WalGauge
    private let housekeeper: Housekeeper
    private var head: LogHead
    private var isFailing = false
    /// What met a damaged page: only when it would go through is the file sound again.
    private var damageWitness: AppendRequest?
    private var backlog: ArraySlice<AppendQueue.Entry> = []
    private var checkpointedPages = 0
    /// The write-ahead log may have what was erased, as long as readers keep it from being emptied.
    private var owesTruncation = false

    init(
        _ database: Database, head: LogHead, options: EventLogOptions, clock: @escaping @Sendable () -> Int64,
        queue: AppendQueue, signal: HeadSignal, status: SharedStatus, retention: Retention
    ) throws {
        self.database = database
        self.head = head
        self.options = options
        self.clock = clock
        self.queue = queue
        self.signal = signal
        self.status = status
        appender = try Appender(database, identity: head.identity, options: options)
        wal = WalGauge(database)
        housekeeper = try Housekeeper(database, options: options, retention: retention, status: status)
    }

    /// Writes until the queue is closed and empty.
    func run() {
        while true {
            switch queue.wait(until: deadline) {
            case .entries(let entries):
                backlog = entries[...]
                while !backlog.isEmpty {
                    writeGroup()
                    checkpointIfDue()
                    keepHouse()
                }
            case .job(let job):
                job(self)
                keepHouse()
            case .timedOut:
                if isFailing { probe() } else { keepHouse() }
            case .closed:
                wal.remove(from: database)
                checkpoint(.truncate)
                return
            }
        }
    }

    /// When the writer goes on although nothing has come in.
    private var deadline: DispatchTime {
        if isFailing { return .now() + .milliseconds(options.probeInterval.wholeMilliseconds) }
        return owesTruncation ? .now() + .milliseconds(100) : housekeeper.deadline
    }

    /// Prunes a little, if it is time. Not while the disk fails: then it would only fail as well.
    private func keepHouse() {
        guard !isFailing else { return }
        if owesTruncation { checkpoint(.truncate) }
        housekeeper.work(at: clock(), isIdle: backlog.isEmpty && queue.isEmpty)
        checkpointIfDue()
    }

    /// The next entry, from what was taken from the queue or from what has arrived since.
    private func next() -> AppendQueue.Entry? {
        if backlog.isEmpty { backlog = queue.take()[...] }
        return backlog.popFirst()
    }

    private func writeGroup() {
        var entries: [AppendQueue.Entry] = []
        var results: [Result<[Int64], AppendError>] = []
        do {
            var events = 0
            var bytes = 0
            var isWriting = false
            let recorded = clock()
            while entries.isEmpty || (events < options.batchEvents && bytes < options.batchBytes), let entry = next() {
                entries.append(entry)
                // One without events counts as well, so that no group can go on for ever.
                events += max(entry.request.events.count, 1)
                bytes += entry.bytes
                if let expected = entry.request.generation, expected != queue.generation {
                    results.append(.failure(.storage("an append that this one builds on failed")))
                    continue
                }
                if !isWriting, !entry.request.isBarrier {
                    if let limit = options.pageLimit?() {
                        try database.execute(sql: "PRAGMA max_page_count = \(limit)")
                    }
                    try appender.begin()
                    isWriting = true
                }
                results.append(
                    entry.request.isBarrier ? .success([]) : try appender.decide(entry.request, recorded: recorded))
            }
            if isWriting {
                try options.beforeCommit?()
                head = try appender.commit()
                succeeded()
                options.afterCommit?()
            }
        } catch {
            return fail(entries, because: error)
        }
        // Results go out only here, after COMMIT has returned and so the disk has the events (synchronous = FULL): a device
        // forgets a message once it is acknowledged, so an acknowledgement before this line could lose it for ever.
        signal.publish(head.position)
        let position = head.position
        deliver(entries, results.map { $0.map { AppendReceipt(positions: $0, head: position) } })
        signal.wake()
    }

    /// Fails a group and everything that was queued behind it, which may have been decided on top of it.
    private func fail(_ group: [AppendQueue.Entry], because error: any Error) {
        appender.rollback()
        let failed = AppendError.storage(error)
        let entries = group + Array(backlog) + queue.failGeneration()
        backlog = []
        isFailing = true
        if EventLogError.isDamage(error) {
            damageWitness = damageWitness ?? group.first { !$0.request.isBarrier }?.request
            // What is remembered of the file may be all that is wrong with it.
            try? database.execute(sql: "PRAGMA shrink_memory")
        }
        if case .storage(let reason) = failed { status.setFailure(reason) }
        deliver(entries, Array(repeating: .failure(failed), count: entries.count))
    }

    private func succeeded() {
        status.setHead(head)
        if isFailing {
            isFailing = false
            damageWitness = nil
            status.setFailure(nil)
        }
    }

    /// Finds out whether the disk is well again when nothing comes in that would show it: writes something of some size and
    /// removes it again.
    private func probe() {
        checkpoint(.truncate)
        do {
            try options.beforeCommit?()
            try database.execute(sql: "UPDATE log SET probe = zeroblob(65536)")
            try database.execute(sql: "UPDATE log SET probe = NULL")
            try tryDamage()
            isFailing = false
            damageWitness = nil
            status.setFailure(nil)
        } catch {
            if case .storage(let reason) = AppendError.storage(error) { status.setFailure(reason) }
        }
    }

    /// Throws if the page that was damaged still is: does again what met it, and takes it back.
    private func tryDamage() throws {
        guard let request = damageWitness else { return }
        try database.execute(sql: "PRAGMA shrink_memory")
        defer { appender.rollback() }
        try appender.begin()
        _ = try appender.decide(request, recorded: clock())
    }

    /// Changes what is on disk in a transaction of its own, without leaving what it replaces behind in the file.
    func change<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try erasing {
            let value = try body(database)
            head = try appender.commit()
            return value
        }
    }

    /// The same, and appends the event that `body` returns in the same transaction. Returns its position.
    func appendBesides(_ body: (Database) throws -> NewEvent) throws -> Int64 {
        let position = try erasing {
            let request = AppendRequest(events: [try body(database)])
            let positions = try appender.decide(request, recorded: clock()).get()
            try options.beforeCommit?()
            head = try appender.commit()
            return positions.first ?? head.position
        }
        succeeded()
        signal.publish(head.position)
        signal.wake()
        owesTruncation = true
        checkpoint(.truncate)
        return position
    }

    private func erasing<Value>(_ body: () throws -> Value) throws -> Value {
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = FAST") }
        do {
            try appender.begin()
            let value = try body()
            // It may know names that are gone.
            appender.forget()
            return value
        } catch {
            appender.rollback()
            throw error
        }
    }

    /// Gives each receiver its results in one call, in order.
    private func deliver(_ entries: [AppendQueue.Entry], _ results: [Result<AppendReceipt, AppendError>]) {
        // Before the results, so that a receiver that sees them also sees that there is room again.
        queue.finished(entries)
        var groups: [(receiver: any AppendCompletions, completions: [AppendCompletion])] = []
        var indices: [ObjectIdentifier: Int] = [:]
        for (entry, result) in zip(entries, results) {
            let completion = AppendCompletion(token: entry.token, result: result)
            let receiver = ObjectIdentifier(entry.completions)
            if let index = indices[receiver] {
                groups[index].completions.append(completion)
            } else {
                indices[receiver] = groups.count
                groups.append((entry.completions, [completion]))
            }
        }
        for group in groups { group.receiver.completed(group.completions) }
    }
}

// MARK: - Checkpoints

extension LogWriter {
    /// Sizes of the write-ahead log in pages of 4 KiB.
    private enum WalSize {
        /// Worth a checkpoint when nothing waits.
        static let calm = 1000
        /// Worth one even then.
        static let busy = 4000
        /// So long that readers seem to have kept it from starting over.
        static let long = 16_000
    }

    private func checkpointIfDue() {
        // On a full disk the write-ahead log may be what fills it; emptied, it makes room for what comes next.
        if isFailing { return checkpoint(.truncate) }
        let pages = wal.pages
        // After a complete checkpoint SQLite starts the file over.
        if pages < checkpointedPages { checkpointedPages = 0 }
        let new = pages - checkpointedPages
        guard new >= (backlog.isEmpty && queue.isEmpty ? WalSize.calm : WalSize.busy) else { return }
        checkpoint(pages >= WalSize.long ? .truncate : .passive)
        checkpointedPages = pages
    }

    private func checkpoint(_ kind: Database.CheckpointMode) {
        // Only the truncating kind waits for readers, and not long: it is tried again later.
        try? database.execute(sql: "PRAGMA busy_timeout = 250")
        // If it fails, the events are as safe in the write-ahead log as before.
        if (try? database.checkpoint(kind)) != nil, kind == .truncate { owesTruncation = false }
        try? database.execute(sql: "PRAGMA busy_timeout = 5000")
    }
}

/// The writer's status, as others see it.
final class SharedStatus: Sendable {
    private let value: Mutex<LogWriter.Status>

    init(head: LogHead) {
        value = Mutex(LogWriter.Status(head: head, failure: nil))
    }

    var head: LogHead { value.withLock { $0.head } }
    var failure: String? { value.withLock { $0.failure } }

    func setHead(_ head: LogHead) {
        value.withLock { $0.head = head }
    }

    func setFailure(_ reason: String?) {
        value.withLock { $0.failure = reason }
    }

    var pruneFailure: String? { value.withLock { $0.pruneFailure } }

    func setPruneFailure(_ reason: String?) {
        value.withLock { $0.pruneFailure = reason }
    }
}

extension AppendRequest {
    /// Whether it writes and checks nothing, and only waits for its turn.
    fileprivate var isBarrier: Bool { events.isEmpty && expectations.isEmpty }
}
