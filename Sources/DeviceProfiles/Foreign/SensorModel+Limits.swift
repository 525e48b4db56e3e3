public import GarageDomain

extension SensorModel {
    /// What the sensor can plausibly report from one sample to the next, and for how long the same: its tolerance, its
    /// coarsest step and how quickly it follows, from its data sheet, and then some.
    public var limits: SensorLimits {
        switch self {
        // Whole units, ±2 °C and ±5 %: the same number for days is nothing unusual in a garage.
        case .dht11: Self.limits(step: (6, 20), perSecond: (0.3, 1), most: (25, 60), sameHours: 48, self)
        case .dht22: Self.limits(step: (5, 15), perSecond: (0.3, 1), most: (25, 60), sameHours: 12, self)
        case .bme280, .sht3x: Self.limits(step: (5, 20), perSecond: (0.5, 2), most: (30, 70), sameHours: 12, self)
        // A probe on a cable, that may be dipped into water.
        case .ds18b20: Self.limits(step: (10, 20), perSecond: (2, 1), most: (80, 60), sameHours: 24, self)
        }
    }

    private static func limits(
        step: (Double, Double), perSecond: (Double, Double), most: (Double, Double), sameHours: Int64,
        _ model: SensorModel
    ) -> SensorLimits {
        func ends(_ quantity: Quantity) -> ClosedRange<Double> {
            let own = model.range(of: quantity) ?? quantity.range
            return own.clamped(to: quantity.range)
        }
        return SensorLimits(
            temperature: QuantityLimits(
                anyStep: step.0, perSecond: perSecond.0, mostStep: most.0,
                longestSameMilliseconds: sameHours * 3_600_000,
                ends: ends(.temperature)),
            humidity: QuantityLimits(
                anyStep: step.1, perSecond: perSecond.1, mostStep: most.1,
                longestSameMilliseconds: sameHours * 3_600_000,
                ends: ends(.humidity)))
    }
}
