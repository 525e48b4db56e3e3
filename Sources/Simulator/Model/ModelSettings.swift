public import GarageDomain

/// What garage is simulated.
public struct ModelSettings: Hashable, Sendable {
    /// The same seed and settings give the same messages.
    public var seed: UInt64
    public var garage: Name
    /// 0 to 1000.
    public var gates: Int
    /// 0 to 100 000, in rows of six.
    public var spots: Int
    /// 0 to 1 000 000.
    public var sensors: Int
    /// How many times faster than real time the day passes: traffic, stays and weather. Machines keep their own pace.
    /// 0.01 to 10 000.
    public var speed: Double
    /// How often a sensor reports, in milliseconds; 100 to a day.
    public var reportInterval: Int64
    /// Load mode: the messages per second that all sensors send together, instead of reporting at intervals.
    /// More than 0, at most 10 million; `nil` for no load mode.
    public var rate: Double?
    public var misbehaviour: Misbehaviour
    /// Milliseconds that local time is ahead of UTC, for the hour of the day.
    public var utcOffset: Int64

    public init(
        seed: UInt64 = 1, garage: Name = Name(nearest: "home"), gates: Int = 2, spots: Int = 12, sensors: Int = 3,
        speed: Double = 1, reportInterval: Int64 = 30_000, rate: Double? = nil, misbehaviour: Misbehaviour = [],
        utcOffset: Int64 = 0
    ) {
        self.seed = seed
        self.garage = garage
        self.gates = gates
        self.spots = spots
        self.sensors = sensors
        self.speed = speed
        self.reportInterval = reportInterval
        self.rate = rate
        self.misbehaviour = misbehaviour
        self.utcOffset = utcOffset
    }

    /// What is wrong with the settings, in words for the person who gave them; `nil` if nothing is.
    public var problem: String? {
        if !(0...1000).contains(gates) { return "the number of gates must be 0 to 1000, not \(gates)" }
        if !(0...100_000).contains(spots) { return "the number of spots must be 0 to 100000, not \(spots)" }
        if !(0...1_000_000).contains(sensors) { return "the number of sensors must be 0 to 1000000, not \(sensors)" }
        if gates + spots + sensors == 0 { return "there is nothing to simulate: no gate, no spot and no sensor" }
        if !(0.01...10_000).contains(speed) { return "the speed must be 0.01 to 10000, not \(speed)" }
        if !(100...86_400_000).contains(reportInterval) {
            return "the report interval must be 0.1 seconds to a day, not \(reportInterval) ms"
        }
        if let rate {
            if !(rate > 0 && rate <= 10_000_000) { return "the rate must be above 0 and at most 10000000, not \(rate)" }
            if sensors == 0 { return "the rate is spread over the sensors, but there is no sensor" }
        }
        return nil
    }
}
