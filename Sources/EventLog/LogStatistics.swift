/// Figures about a log, for metrics and the settings page.
public struct LogStatistics: Sendable, Hashable {
    /// The events in the log.
    public var events: Int64
    /// The size of the database file and its write-ahead log on disk.
    public var bytes: Int64
    /// The size of the database file alone.
    public var databaseBytes: Int64 = 0
    /// The size of the write-ahead log alone.
    public var walBytes: Int64 = 0
    /// The events that wait to be written.
    public var queued: Int
    /// When the oldest event was written: microseconds since 1970; `nil` in an empty log.
    public var oldest: Int64?
    /// When the oldest telemetry was written: microseconds since 1970; `nil` if there is none near the log's beginning.
    public var oldestTelemetry: Int64?
    /// The telemetry events that were deleted because of their age, ever.
    public var pruned: Int64
    /// Why the last commit failed; `nil` if it went well.
    public var failure: String?
    /// Why telemetry could not be pruned at the last try; `nil` if it could.
    public var pruneFailure: String?

    public init(
        events: Int64, bytes: Int64, queued: Int, oldest: Int64?, failure: String?, oldestTelemetry: Int64? = nil,
        pruned: Int64 = 0
    ) {
        self.events = events
        self.bytes = bytes
        self.queued = queued
        self.oldest = oldest
        self.failure = failure
        self.oldestTelemetry = oldestTelemetry
        self.pruned = pruned
    }
}
