import Foundation

/// The service's clock.
enum WallClock {
    /// Microseconds since 1970.
    static func microseconds() -> Int64 { Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()) }
}

/// A clock that goes on evenly, whoever sets the wall clock, also while the machine sleeps.
enum SteadyClock {
    private static let start = ContinuousClock.now

    /// Microseconds since it was first asked.
    static func microseconds() -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
    }
}
