import CoreMetrics
import Synchronization

/// How often values of each size came.
final class Histogram: Series {
    struct Contents {
        /// One for each bound, and one for what is above the last.
        var counts: [UInt64]
        var sum = 0.0
    }

    /// From a tenth of a millisecond to ten seconds.
    static let secondBounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// For values without a unit: a million and less.
    static let valueBounds: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000]

    let bounds: [Double]
    private let state: Mutex<Contents>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Contents(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    var contents: Contents { state.withLock { $0 } }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { contents in
            contents.counts[index] += 1
            contents.sum += value
        }
    }
}

/// A timer or recorder as swift-metrics sees it.
final class HistogramSeries: TimerHandler, RecorderHandler {
    private let histogram: Histogram

    init(_ histogram: Histogram) { self.histogram = histogram }

    func recordNanoseconds(_ duration: Int64) { histogram.record(Double(duration) / 1_000_000_000) }
    func record(_ value: Int64) { histogram.record(Double(value)) }
    func record(_ value: Double) { histogram.record(value) }
}
