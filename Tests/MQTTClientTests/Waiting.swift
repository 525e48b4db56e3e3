import Synchronization
import Testing

/// A value behind a lock.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    func withValue<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}

/// Collects what callbacks bring.
final class Collected<Value: Sendable>: Sendable {
    private let list = Locked<[Value]>([])

    var values: [Value] { list.withValue { $0 } }

    func add(_ value: Value) {
        list.withValue { $0.append(value) }
    }
}

/// Waits until the condition holds; records an issue when it does not within ten seconds.
func eventually(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async rethrows {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while try await !condition() {
        if clock.now > deadline {
            Issue.record("never came true: \(what)", sourceLocation: sourceLocation)
            return
        }
        try? await Task.sleep(for: .milliseconds(2))
    }
}
