import GRDB

extension EventLog {
    /// How long telemetry is kept; `nil` keeps it for ever. What is older goes within minutes, in small steps. The journal is
    /// never pruned.
    public var telemetryAge: Duration? {
        get { retention.age }
        set {
            retention.age = newValue
            // Wakes the writer, which finds the new age at its next look.
            _ = queue.push { _ in }
        }
    }

    /// Figures about the log as it is now.
    public func statistics() throws(EventLogError) -> LogStatistics {
        var statistics = try reader.read { database in
            let head = try LogSchema.head(database, identity: identity)
            let pruned = try Int64.fetchOne(database, sql: "SELECT sum(pruned) FROM chain") ?? 0
            let oldest = try Int64.fetchOne(database, sql: "SELECT recorded FROM event ORDER BY position LIMIT 1")
            // The telemetry that is left begins close behind its anchor; a long stretch of journal is not searched.
            let oldestTelemetry = try Int64.fetchOne(
                database,
                sql: """
                    SELECT recorded FROM (
                        SELECT recorded, chain FROM event
                        WHERE position > (SELECT anchor_position FROM chain WHERE id = 2) ORDER BY position LIMIT 10000)
                    WHERE chain = 2 LIMIT 1
                    """)
            return LogStatistics(
                events: head.position &- pruned, bytes: 0, queued: 0, oldest: oldest, failure: nil,
                oldestTelemetry: oldestTelemetry, pruned: pruned)
        }
        statistics.databaseBytes = Files.size(path)
        statistics.walBytes = Files.size(path + "-wal")
        statistics.bytes = statistics.databaseBytes + statistics.walBytes
        statistics.queued = queue.events
        statistics.failure = status.failure
        statistics.pruneFailure = status.pruneFailure
        return statistics
    }
}
