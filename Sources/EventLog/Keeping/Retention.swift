import Synchronization

/// How long telemetry is kept. The service may change it while the log is open.
final class Retention: Sendable {
    private let value: Mutex<Duration?>

    init(age: Duration?) { value = Mutex(age) }

    var age: Duration? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }

    /// Telemetry recorded before this moment may go, in microseconds since 1970; `nil` if all of it is kept.
    func cutoff(at now: Int64) -> Int64? {
        guard let age else { return nil }
        let (seconds, attoseconds) = age.components
        let (micros, isHuge) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !isHuge, seconds >= 0 else { return nil }
        let (cutoff, isBefore) = now.subtractingReportingOverflow(micros &+ attoseconds / 1_000_000_000_000)
        return isBefore ? nil : cutoff
    }
}
