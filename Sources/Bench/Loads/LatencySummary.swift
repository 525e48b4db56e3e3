/// Percentiles of times, in microseconds.
public struct LatencySummary: Sendable, Hashable {
    public var samples: Int
    public var p50: Double
    public var p99: Double
    public var p999: Double
    public var maximum: Double

    /// `nil` without a sample.
    init?(nanoseconds: [Int64]) {
        let sorted = nanoseconds.sorted()
        guard let last = sorted.last else { return nil }
        func percentile(_ perMille: Int) -> Double {
            Double(sorted[min(sorted.count - 1, sorted.count * perMille / 1000)]) / 1000
        }
        samples = sorted.count
        p50 = percentile(500)
        p99 = percentile(990)
        p999 = percentile(999)
        maximum = Double(last) / 1000
    }
}
