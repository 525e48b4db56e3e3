/// How often something reports, learned from its own reports.
struct Cadence: Hashable, Sendable, Codable {
    /// Reports that are nearer together than this are parts of one, in milliseconds.
    private static let sameReportMilliseconds: Int64 = 100
    /// So many intervals make a habit.
    private static let fewestIntervals = 8
    /// A habit with longer gaps than so many mean intervals is none: such a device reports when it likes.
    private static let mostIrregular = 4.0
    /// What is left of the longest interval with each report: half after a hundred.
    private static let memory = 0.993

    private(set) var lastReport: Timestamp
    private var intervals = 0
    private var longest = 0.0
    private var mean = 0.0

    init(at time: Timestamp) { lastReport = time }

    /// Counts a report.
    ///
    /// - Parameter isContinuous: Whether its device was there all the time since the last one, so that the interval is
    ///   its own choice.
    mutating func note(at time: Timestamp, isContinuous: Bool) {
        let interval = time.milliseconds(since: lastReport)
        lastReport = max(lastReport, time)
        guard interval >= Cadence.sameReportMilliseconds, isContinuous else { return }
        let length = Double(interval)
        longest = max(length, longest * Cadence.memory)
        mean = intervals == 0 ? length : mean * 0.9 + length * 0.1
        intervals = min(intervals + 1, Cadence.fewestIntervals)
    }

    /// Moves its time along with a clock that was set.
    mutating func shift(by milliseconds: Int64) { lastReport.shift(by: milliseconds) }

    /// How long it may say nothing, in milliseconds; `nil` while it has no habit.
    func patience(missed: Int, atLeastMilliseconds: Int64) -> Int64? {
        guard intervals >= Cadence.fewestIntervals, longest <= mean * Cadence.mostIrregular else { return nil }
        let most = Double(Timestamp.longestPatience)
        return max(Int64(min(longest * Double(missed), most)), atLeastMilliseconds)
    }
}

extension Timestamp {
    /// A year: whoever is quiet for so long is not waited for.
    fileprivate static let longestPatience: Int64 = 365 * 86_400_000
}
