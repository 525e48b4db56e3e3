/// The limits of an event log. The defaults suit everything from a Raspberry Pi up.
public struct EventLogOptions: Sendable {
    /// A transaction takes no further request once it has this many events.
    public var batchEvents = 1024
    /// A transaction takes no further request once its events' data has this many bytes.
    public var batchBytes = 256 * 1024
    /// The log says that it is congested once this many events wait to be written.
    public var queuedEvents = 16 * 1024
    /// The log says that it is congested once events with this many bytes of data wait to be written.
    public var queuedBytes = 16 * 1024 * 1024
    /// The largest data of one event, in bytes.
    public var maximumEventBytes = 1024 * 1024
    /// The most events of one request.
    public var maximumRequestEvents = 10_000
    /// Connections that read at the same time; others wait.
    public var readers = 4
    /// How often the disk is tried again after a commit failed and nothing else is written.
    public var probeInterval: Duration = .seconds(2)
    /// How long telemetry is kept; `nil` keeps it for ever. See also ``EventLog/telemetryAge``.
    public var telemetryAge: Duration?
    /// How often the log looks for telemetry that is past its age.
    public var pruneInterval: Duration = .seconds(60)
    /// The most events that one step of pruning looks at.
    public var pruneStep = 2048

    // For tests: faults where they really come from.
    /// The most pages of 4 KiB that the file may have, asked at each transaction; SQLite then says that the disk is full.
    package var pageLimit: (@Sendable () -> Int)?
    /// Runs in the place of a commit that fails if this throws.
    package var beforeCommit: (@Sendable () throws -> Void)?
    /// Runs when a commit is on disk and nobody knows it yet.
    package var afterCommit: (@Sendable () -> Void)?

    public init() {}
}
