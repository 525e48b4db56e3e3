/// The append-only store of everything that happened: one SQLite file, one writer, any number of readers.
public final class EventLog: Sendable {
    /// What tells this log from another one.
    public let identity: LogIdentity
    private init(identity: LogIdentity) { self.identity = identity }

    /// Opens the log `events.db` in a folder, or creates it there. The folder must exist.
    ///
    /// `clock` gives microseconds since 1970 and is called on the writer's thread.
    public static func open(
        directory: String, clock: @escaping @Sendable () -> Int64, options: EventLogOptions = EventLogOptions()
    ) throws(EventLogError) -> EventLog {
        throw .closed
    }

    /// Queues a request and returns at once; requests are decided in the order of the calls.
    public func append(_ request: AppendRequest, token: UInt64, to completions: any AppendCompletions) {}

    /// Appends a request and returns once it is on disk.
    public func append(_ request: AppendRequest) async throws(AppendError) -> AppendReceipt { throw .closed }

    /// The last position that is on disk; 0 in an empty log. As cheap as reading an integer.
    public var head: Int64 { 0 }

    /// The end of both hash chains on disk.
    public var chainHeads: LogHead {
        let none = ChainHead(chain: .journal, position: 0, hash: [])
        return LogHead(identity: identity, position: 0, journal: none, telemetry: none)
    }

    /// Why the last commit failed, or `nil` if it went well.
    public var failure: String? { nil }

    /// Whether so much waits to be written that callers should stop producing until it is false again.
    public var isCongested: Bool { false }

    /// How full the queue is; 1 is its bound, and it can be more, because nothing is dropped.
    public var pressure: Double { 0 }

    /// Counts failed commits. See ``AppendRequest/generation``.
    public var generation: UInt64 { 0 }

    /// The events after a position in order, at most `limit`; of one chain only if one is given.
    public func read(
        after position: Int64, limit: Int, chain: Chain? = nil
    ) throws(EventLogError) -> [RecordedEvent] { throw .closed }

    /// The events of a stream after a version in order, at most `limit`.
    public func read(
        stream: String, afterVersion version: Int64, limit: Int
    ) throws(EventLogError) -> [RecordedEvent] { throw .closed }

    /// The events at these positions, in the order of the list; positions without an event are left out.
    public func read(positions: [Int64]) throws(EventLogError) -> [RecordedEvent] { throw .closed }

    /// The event with this id, if it is in the log.
    public func read(id: EventID) throws(EventLogError) -> RecordedEvent? { throw .closed }

    /// All events after a position in batches: first what is there, then what comes, without a seam.
    public func follow(after position: Int64, batch: Int = 1000) -> EventFeed { EventFeed() }

    /// Blocks the calling thread until the head is past a position, and returns the head; when the time is over or the
    /// log is closed it returns the head as it is. Not for event loops or tasks.
    public func waitForHead(beyond position: Int64, timeout: Duration) -> Int64 { 0 }

    /// Returns the head once it is past a position, or `nil` when the log is closed or the task is cancelled.
    public func nextHead(beyond position: Int64) async -> Int64? { nil }

    /// Checks every event against both hash chains, and positions and versions for gaps.
    public func verify(
        against known: LogHead? = nil, progress: ((VerificationProgress) -> Void)? = nil
    ) throws(EventLogError) -> VerificationReport { throw .closed }

    /// Checks the log in a file without changing it.
    public static func verify(
        file: String, against known: LogHead? = nil, progress: ((VerificationProgress) -> Void)? = nil
    ) throws(EventLogError) -> VerificationReport { throw .closed }

    /// Figures about the log as it is now.
    public func statistics() throws(EventLogError) -> LogStatistics { throw .closed }

    /// Commits what is queued, then closes the file. Appends after this fail with ``AppendError/closed``.
    public func close() async {}
}
