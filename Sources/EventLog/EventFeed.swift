/// The events of a log after a position, in batches that are never empty: first what is there, then what comes, without a
/// seam. Ends when the log closes or the task is cancelled. Each iteration reads from the disk at its own pace, so a slow one
/// holds no memory.
public struct EventFeed: AsyncSequence, Sendable {
    public typealias Element = [RecordedEvent]
    public typealias Failure = EventLogError

    let reader: LogReader
    let signal: HeadSignal
    let position: Int64
    let limit: Int

    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: LogReader
        let signal: HeadSignal
        var position: Int64
        let limit: Int

        /// The next events, or `nil` at the end.
        public mutating func next() async throws(EventLogError) -> [RecordedEvent]? {
            while !Task.isCancelled {
                // The head is read before the events: what is committed meanwhile is found in the next round.
                guard let head = await signal.next(beyond: position) else { return nil }
                let events: [RecordedEvent]
                do {
                    events = try await reader.events(after: position, limit: limit)
                } catch .closed {
                    return nil
                }
                // Nothing up to the head: it was pruned meanwhile.
                position = events.last?.position ?? head
                if !events.isEmpty { return events }
            }
            return nil
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: reader, signal: signal, position: position, limit: limit)
    }
}
