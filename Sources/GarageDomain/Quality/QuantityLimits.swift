/// What a sensor can plausibly report of one quantity from one sample to the next, and for how long it can report the
/// same. Chosen so that what a garage really does never looks like a fault.
public struct QuantityLimits: Hashable, Sendable {
    /// A change of this size is plausible however soon it comes: the sensor's tolerance and its coarsest step.
    public var anyStep: Double
    /// How much more each second since the last sample allows.
    public var perSecond: Double
    /// The largest plausible change within an hour.
    public var mostStep: Double
    /// The same raw value for so long, in milliseconds, is implausible while other sensors of the kind move.
    public var longestSameMilliseconds: Int64
    /// A sensor that reports one of these ends may simply be beyond its range, so it is never called stuck there.
    public var ends: ClosedRange<Double>

    public init(
        anyStep: Double, perSecond: Double, mostStep: Double, longestSameMilliseconds: Int64, ends: ClosedRange<Double>
    ) {
        self.anyStep = anyStep
        self.perSecond = perSecond
        self.mostStep = mostStep
        self.longestSameMilliseconds = longestSameMilliseconds
        self.ends = ends
    }

    /// After a longer pause anything may have happened.
    private static let longestComparedMilliseconds: Int64 = 3_600_000

    /// Whether the quantity can have changed by this much in this time.
    func allows(_ change: Double, inMilliseconds time: Int64) -> Bool {
        guard time <= QuantityLimits.longestComparedMilliseconds else { return true }
        return change.magnitude <= min(anyStep + perSecond * Double(time) / 1000, mostStep)
    }
}

/// The limits of a sensor's two quantities.
public struct SensorLimits: Hashable, Sendable {
    public var temperature: QuantityLimits
    public var humidity: QuantityLimits

    public init(temperature: QuantityLimits, humidity: QuantityLimits) {
        self.temperature = temperature
        self.humidity = humidity
    }

    private static let hour: Int64 = 3_600_000

    /// The limits of a sensor of which nothing is known: it may be quick, coarse and badly placed.
    public static let unknown = SensorLimits(
        temperature: QuantityLimits(
            anyStep: 8, perSecond: 0.5, mostStep: 30, longestSameMilliseconds: 48 * hour,
            ends: Quantity.temperature.range),
        humidity: QuantityLimits(
            anyStep: 30, perSecond: 1, mostStep: 70, longestSameMilliseconds: 48 * hour, ends: Quantity.humidity.range))

    subscript(quantity: Quantity) -> QuantityLimits {
        switch quantity {
        case .temperature: temperature
        case .humidity: humidity
        }
    }
}
