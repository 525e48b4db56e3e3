import Dispatch
import Synchronization

/// Publishes the last position on disk to readers that wait for it, as threads or as tasks.
final class HeadSignal: Sendable {
    private struct Waiting {
        var threads: [UInt64: DispatchSemaphore] = [:]
        var tasks: [UInt64: (position: Int64, continuation: CheckedContinuation<Int64?, Never>)] = [:]
        var next: UInt64 = 0
        var isClosed = false

        mutating func key() -> UInt64 {
            next += 1
            return next
        }
    }

    private let position: Atomic<Int64>
    private let waiting = Mutex(Waiting())

    init(head: Int64) {
        position = Atomic(head)
    }

    var head: Int64 { position.load(ordering: .acquiring) }

    func publish(_ head: Int64) {
        position.store(head, ordering: .releasing)
    }

    /// Wakes those that wait for a position that the head is past. Apart from publishing it, so that the writer can first
    /// hand out its results.
    func wake() {
        let head = head
        let tasks = waiting.withLock { waiting in
            for semaphore in waiting.threads.values { semaphore.signal() }
            let ready = waiting.tasks.filter { $0.value.position < head }
            for key in ready.keys { waiting.tasks[key] = nil }
            return ready.values.map(\.continuation)
        }
        for task in tasks { task.resume(returning: head) }
    }

    /// Ends all waiting, now and later.
    func close() {
        let tasks = waiting.withLock { waiting in
            waiting.isClosed = true
            for semaphore in waiting.threads.values { semaphore.signal() }
            defer { waiting.tasks = [:] }
            return waiting.tasks.values.map(\.continuation)
        }
        for task in tasks { task.resume(returning: nil) }
    }

    /// Blocks the thread until the head is past a position, the time is over or the signal is closed; returns the head.
    func wait(beyond position: Int64, until deadline: DispatchTime) -> Int64 {
        if head > position { return head }
        let semaphore = DispatchSemaphore(value: 0)
        let key: UInt64? = waiting.withLock { waiting in
            guard !waiting.isClosed else { return nil }
            let key = waiting.key()
            waiting.threads[key] = semaphore
            return key
        }
        guard let key else { return head }
        defer { waiting.withLock { $0.threads[key] = nil } }
        while head <= position {
            if semaphore.wait(timeout: deadline) == .timedOut { break }
            if waiting.withLock({ $0.isClosed }) { break }
        }
        return head
    }

    /// The head once it is past a position; `nil` when the signal is closed or the task cancelled.
    func next(beyond position: Int64) async -> Int64? {
        let key = waiting.withLock { $0.key() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result: Int64?? = waiting.withLock { waiting in
                    // Cancellation that comes after this check finds the entry; the head that is published after it, too.
                    if waiting.isClosed || Task.isCancelled { return .some(nil) }
                    let head = head
                    if head > position { return head }
                    waiting.tasks[key] = (position, continuation)
                    return nil
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            let task = waiting.withLock { $0.tasks.removeValue(forKey: key) }
            task?.continuation.resume(returning: nil)
        }
    }
}
