public import CoreMetrics
import Synchronization

/// Collects what a program reports through swift-metrics, to be written as Prometheus text or OpenMetrics.
///
/// A label such as `mqtt.messages.received` becomes `garage_mqtt_messages_received_total` with the prefix `garage`:
/// counters end in `_total`, timers are histograms in seconds. Reporting costs one uncontended lock.
public final class MetricsRegistry: MetricsFactory {
    /// A family has at most so many combinations of dimensions; more are counted, not kept, so that what clients choose
    /// can't fill the memory.
    public static let largestFamily = 1000

    private struct State {
        var families: [String: Family] = [:]
        var dropped = 0
    }

    private let prefix: String
    private let help: [String: String]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - prefix: put in front of every name that has not got it yet; empty for none.
    ///   - help: what a family means, by its full name.
    public init(prefix: String = "", help: [String: String] = [:]) {
        self.prefix = prefix.isEmpty ? "" : prefix + "_"
        self.help = help
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterSeries(number(.counter, label, dimensions))
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        CounterSeries(number(.counter, label, dimensions))
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        GaugeSeries(number(.gauge, label, dimensions))
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return GaugeSeries(number(.gauge, label, dimensions)) }
        return HistogramSeries(histogram(label, dimensions, bounds: Histogram.valueBounds))
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = label.hasSuffix("seconds") ? label : label + ".seconds"
        return HistogramSeries(histogram(name, dimensions, bounds: Histogram.secondBounds))
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Families

    private func number(_ kind: Family.Kind, _ label: String, _ dimensions: [(String, String)]) -> Number {
        find(kind, label, dimensions, make: { Number() }, cast: { $0 as? Number })
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)], bounds: [Double]) -> Histogram {
        find(.histogram, label, dimensions, make: { Histogram(bounds: bounds) }, cast: { $0 as? Histogram })
    }

    /// The series of a name and dimensions, which everyone shares who asks for it. One that clashes with another kind of
    /// the same name, or is too many, is not kept.
    private func find<Value: Series>(
        _ kind: Family.Kind, _ label: String, _ dimensions: [(String, String)], make: () -> Value,
        cast: (any Series) -> Value?
    ) -> Value {
        let name = MetricName.make(prefix: prefix, label: label, isCounter: kind == .counter)
        let labels = Labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            if let known = family.series[labels] {
                if family.kind == kind, let known = cast(known) { return known }
                state.dropped += 1
                return make()
            }
            guard family.kind == kind, family.series.count < Self.largestFamily else {
                state.dropped += 1
                return make()
            }
            let new = make()
            family.series[labels] = new
            state.families[name] = family
            return new
        }
    }

    // MARK: Writing

    /// Everything that has been reported, as text in `format`, sorted by name.
    public func text(_ format: ExpositionFormat = .prometheus) -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var writer = ExpositionWriter(format)
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            writer.write(name, family, help: help[name])
        }
        if dropped > 0 {
            let own = Number()
            own.add(Double(dropped))
            var family = Family(kind: .counter)
            family.series[Labels([])] = own
            writer.write(prefix + "metrics_series_dropped_total", family, help: "Series that were too many to keep.")
        }
        return writer.finish()
    }
}
