import Logging
import Synchronization

/// From which level on lines are written; it can change while the service runs.
final class LogThreshold: Sendable {
    private let current = Mutex(Logger.Level.info)

    var level: Logger.Level { current.withLock { $0 } }

    func set(_ level: Logger.Level) {
        current.withLock { $0 = level }
    }
}
