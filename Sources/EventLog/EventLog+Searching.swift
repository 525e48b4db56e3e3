extension EventLog {
    /// The events before a position, the latest first, at most `limit`; of one chain only if one is given. `.max` begins at
    /// the end of the log.
    public func read(
        before position: Int64, limit: Int, chain: Chain? = nil
    ) throws(EventLogError) -> [RecordedEvent] {
        try reader.events(before: position, limit: limit, chain: chain)
    }

    /// The events of a stream before a version, the latest first, at most `limit`. `.max` begins with its last event.
    public func read(
        stream: String, beforeVersion version: Int64, limit: Int
    ) throws(EventLogError) -> [RecordedEvent] {
        try reader.events(stream: stream, before: version, limit: limit)
    }

    /// The first position whose event was recorded at a moment (microseconds since 1970) or later; `nil` if there is none.
    /// Found by halving, in a few dozen look-ups however long the log is. Where the clock was set back, it is one of several
    /// that fit.
    public func position(recordedFrom time: Int64) throws(EventLogError) -> Int64? {
        try reader.read { database in
            let next = try HotStatement(database, sql: EventQuery.recordedFrom)
            var low: Int64 = 1
            var high = head
            var found: Int64?
            while low <= high {
                let middle = low + (high - low) / 2
                next.bind(middle, at: 1)
                defer { next.reset() }
                // None from here on: they were pruned up to the head.
                guard try next.step() else {
                    high = middle - 1
                    continue
                }
                if next.integer(at: 1) >= time {
                    found = next.integer(at: 0)
                    high = middle - 1
                } else {
                    low = max(next.integer(at: 0), middle) + 1
                }
            }
            return found
        }
    }
}
