import Dispatch
import GRDB
import Synchronization

/// The append-only store of everything that happened: one SQLite file, one writer on its own thread, any number of readers.
///
/// Every event has a gapless `position` in the log and a gapless `version` in its stream, both given by the writer inside the
/// commit, and a link in one of two hash chains, so that ``verify(against:progress:)`` can prove that nothing was changed.
public final class EventLog: Sendable {
    let path: String
    let queue: AppendQueue
    private let signal: HeadSignal
    let status: SharedStatus
    let reader: LogReader
    let retention: Retention
    private let writerEnd: Latch

    /// What tells this log from another one.
    public let identity: LogIdentity

    private init(
        path: String, queue: AppendQueue, writer: WriterThread.Started, retention: Retention, writerEnd: Latch
    ) {
        self.path = path
        self.queue = queue
        self.retention = retention
        self.writerEnd = writerEnd
        signal = writer.signal
        status = writer.status
        reader = writer.reader
        identity = writer.status.head.identity
    }

    deinit { queue.close() }

    /// Opens the log `events.db` in a folder, or creates it there. The folder must exist.
    ///
    /// `clock` gives microseconds since 1970 and is called on the writer's thread.
    ///
    /// Throws if the folder or file can't be written, another process has it open, or the file is something else, newer, or
    /// damaged.
    public static func open(
        directory: String, clock: @escaping @Sendable () -> Int64, options: EventLogOptions = EventLogOptions()
    ) throws(EventLogError) -> EventLog {
        let queue = AppendQueue(options: options)
        let retention = Retention(age: options.telemetryAge)
        let writerEnd = Latch()
        let writer = try WriterThread.start(
            directory: directory, clock: clock, options: options, queue: queue, retention: retention, end: writerEnd)
        return EventLog(
            path: directory + "/" + LogSchema.fileName, queue: queue, writer: writer, retention: retention,
            writerEnd: writerEnd)
    }

    /// Commits what is queued, then closes the file. Appends after this fail with ``AppendError/closed``, and feeds end.
    public func close() async {
        queue.close()
        await writerEnd.wait()
    }
}

// MARK: - Appending

extension EventLog {
    /// Queues a request and returns at once, from any thread; requests are decided in the order of the calls.
    ///
    /// The result comes to `completions` on the writer's thread, together with all others of the same commit, and always in
    /// the order of the calls. Only on a closed log it comes at once, on the calling thread.
    ///
    /// When a commit fails, everything that was queued by then fails with it; see also ``generation``.
    public func append(_ request: AppendRequest, token: UInt64, to completions: any AppendCompletions) {
        let entry = AppendQueue.Entry(request: request, token: token, completions: completions)
        guard !queue.push(entry) else { return }
        completions.completed([AppendCompletion(token: token, result: .failure(.closed))])
    }

    /// Appends a request and returns once it is on disk. Cancelling the task doesn't take the request back.
    @discardableResult
    public func append(_ request: AppendRequest) async throws(AppendError) -> AppendReceipt {
        let result = await withCheckedContinuation { continuation in
            append(request, token: 0, to: SingleAppend(continuation))
        }
        return try result.get()
    }

    /// Whether so much waits to be written that callers should stop producing until it is false again.
    public var isCongested: Bool { queue.isCongested }

    /// How full the queue is; 1 is its bound, and it can be more, because nothing is dropped.
    public var pressure: Double { queue.pressure }

    /// Counts failed commits. A sender that decides on top of appends whose results it doesn't have yet reads this when it
    /// takes its state from the disk, and sends it along: see ``AppendRequest/generation``.
    public var generation: UInt64 { queue.generation }

    /// Why the last commit failed, or `nil` if it went well. While the disk fails it is tried again every few seconds.
    public var failure: String? { status.failure }
}

// MARK: - Reading

extension EventLog {
    /// The last position that is on disk; 0 in an empty log. As cheap as reading an integer.
    public var head: Int64 { signal.head }

    /// The end of both hash chains on disk. Kept elsewhere, it can prove later that the log still has this history.
    public var chainHeads: LogHead { status.head }

    /// The events after a position in order, at most `limit`; of one chain only if one is given.
    public func read(
        after position: Int64, limit: Int, chain: Chain? = nil
    ) throws(EventLogError) -> [RecordedEvent] {
        try reader.events(after: position, limit: limit, chain: chain)
    }

    /// The events of a stream after a version in order, at most `limit`.
    public func read(
        stream: String, afterVersion version: Int64, limit: Int
    ) throws(EventLogError) -> [RecordedEvent] {
        try reader.events(stream: stream, after: version, limit: limit)
    }

    /// The events at these positions, in the order of the list; positions without an event are left out.
    public func read(positions: [Int64]) throws(EventLogError) -> [RecordedEvent] {
        try reader.events(at: positions)
    }

    /// The event with this id, if it is in the log.
    public func read(id: EventID) throws(EventLogError) -> RecordedEvent? {
        try reader.event(id: id)
    }

    /// All events after a position in batches of at most `batch`: first what is there, then what comes, without a seam.
    public func follow(after position: Int64, batch: Int = 1000) -> EventFeed {
        EventFeed(reader: reader, signal: signal, position: position, limit: max(batch, 1))
    }

    /// Blocks the calling thread until the head is past a position, and returns the head; when the time is over or the
    /// log is closed it returns the head as it is. Not for event loops or tasks.
    public func waitForHead(beyond position: Int64, timeout: Duration) -> Int64 {
        signal.wait(beyond: position, until: .now() + .milliseconds(timeout.wholeMilliseconds))
    }

    /// Returns the head once it is past a position, or `nil` when the log is closed or the task is cancelled.
    public func nextHead(beyond position: Int64) async -> Int64? {
        await signal.next(beyond: position)
    }
}

// MARK: - Proving and measuring

extension EventLog {
    /// Checks every event against both hash chains, and positions and versions for gaps, while others go on. `known` is a head
    /// that was kept elsewhere; it must still be in the log's history. Blocks the calling thread, for long on a long log.
    public func verify(
        against known: LogHead? = nil, progress: ((VerificationProgress) -> Void)? = nil
    ) throws(EventLogError) -> VerificationReport {
        var verifier = try LogVerifier(reader: reader, known: [known ?? chainHeads], progress: progress)
        return try verifier.run()
    }

    /// Checks the log in a file without changing it: the chains as above, and then SQLite's own structures. The file may be in
    /// use. `known` are heads that were kept elsewhere.
    public static func verify(
        file: String, against known: [LogHead] = [], progress: ((VerificationProgress) -> Void)? = nil
    ) throws(EventLogError) -> VerificationReport {
        let reader = try LogReader(file: file)
        defer { reader.close() }
        var verifier = try LogVerifier(reader: reader, known: known, progress: progress)
        var report = try verifier.run()
        if report.isWhole {
            let finding = try reader.read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
            if let finding, finding != "ok" {
                report.fault = VerificationFault(position: nil, reason: .damagedFile(finding))
            }
        }
        return report
    }

    /// The end of the log in a file, which may be in use.
    public static func head(ofFile file: String) throws(EventLogError) -> LogHead {
        let reader = try LogReader(file: file)
        defer { reader.close() }
        return try reader.read { try LogSchema.head($0, identity: LogSchema.identity($0)) }
    }
}

/// Receives the result of one request for a task that waits for it.
private final class SingleAppend: AppendCompletions {
    private let continuation: CheckedContinuation<Result<AppendReceipt, AppendError>, Never>

    init(_ continuation: CheckedContinuation<Result<AppendReceipt, AppendError>, Never>) {
        self.continuation = continuation
    }

    func completed(_ completions: [AppendCompletion]) {
        // The log calls it once, with the one result.
        for completion in completions { continuation.resume(returning: completion.result) }
    }
}

extension Duration {
    /// From 0 to a day.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        guard seconds < 86_400 else { return 86_400_000 }
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
