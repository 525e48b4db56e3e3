import NIOCore

/// How long a bridge waits before it tries to connect again: twice as long after each failure, up to a bound, and of that
/// a random part between a half and the whole, so that many bridges do not come back at the same moment.
struct ReconnectPause {
    let shortest: TimeAmount
    let longest: TimeAmount
    private var failures = 0

    init(shortest: TimeAmount, longest: TimeAmount) {
        self.shortest = max(shortest, .milliseconds(1))
        self.longest = max(shortest, longest)
    }

    /// The pause after one more failure.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeAmount {
        let doublings = min(failures, 30)
        failures = min(failures + 1, 31)
        let (grown, overflows) = shortest.nanoseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let whole = overflows ? longest.nanoseconds : min(grown, longest.nanoseconds)
        return .nanoseconds(.random(in: (whole / 2)...whole, using: &generator))
    }

    /// The connection has proved itself.
    mutating func reset() { failures = 0 }
}
