/// Figures about a log, for metrics and the settings page.
public struct LogStatistics: Sendable, Hashable {
    /// The events in the log.
    public var events: Int64
    /// The size of the database file and its write-ahead log on disk.
    public var bytes: Int64
    /// The events that wait to be written.
    public var queued: Int
    /// When the oldest event was written: microseconds since 1970; `nil` in an empty log.
    public var oldest: Int64?
    /// Why the last commit failed; `nil` if it went well.
    public var failure: String?

    public init(events: Int64, bytes: Int64, queued: Int, oldest: Int64?, failure: String?) {
        self.events = events
        self.bytes = bytes
        self.queued = queued
        self.oldest = oldest
        self.failure = failure
    }
}
