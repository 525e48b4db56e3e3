import CoreMetrics
import Synchronization

/// The value of a counter or a gauge.
final class Number: Series {
    private let state = Mutex(0.0)

    var value: Double { state.withLock { $0 } }

    func add(_ amount: Double) { state.withLock { $0 += amount } }
    func set(_ value: Double) { state.withLock { $0 = value } }
}

/// A counter as swift-metrics sees it. It only grows, and what is not a number or negative is left out.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let number: Number

    init(_ number: Number) { self.number = number }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { number.add(amount) }
    }

    func reset() { number.set(0) }
}

/// A gauge as swift-metrics sees it.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let number: Number

    init(_ number: Number) { self.number = number }

    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
    func record(_ value: Int64) { number.set(Double(value)) }
    func record(_ value: Double) { number.set(value) }
}
