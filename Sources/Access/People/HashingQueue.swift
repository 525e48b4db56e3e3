import Dispatch
import Synchronization

/// Checks secrets one after the other on a thread of its own, since each check takes memory and some ten milliseconds.
///
/// Only so many may wait: a flood of guesses is turned away instead of keeping those who know their password waiting
/// for minutes, and memory with it.
final class HashingQueue: Sendable {
    /// So many checks take about two seconds at the standard cost.
    static let mostWaiting = 64

    private let queue = DispatchQueue(label: "garage.access.hashing")
    private let waiting = Mutex(0)

    /// Takes a place in the queue; false if all are taken. Whoever has a place must use it with ``run(_:)`` or give it
    /// back with ``leave()``.
    func enter() -> Bool {
        waiting.withLock { waiting in
            guard waiting < Self.mostWaiting else { return false }
            waiting += 1
            return true
        }
    }

    func leave() { waiting.withLock { $0 -= 1 } }

    /// Runs `body` in its turn and gives the place back.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                let value = body()
                leave()
                continuation.resume(returning: value)
            }
        }
    }

    /// Runs `body` in its turn, without a place: for what people do who are already let in.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
