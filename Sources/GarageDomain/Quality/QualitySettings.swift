/// How the plausibility of readings is watched.
public struct QualitySettings: Hashable, Sendable {
    /// Whether a change that no sensor of the kind can have seen is a fault.
    public var judgesJumps = true
    /// The same raw value for so many hours is implausible while others move; `nil` takes what the sensor's model says,
    /// 0 is never.
    public var stuckHours: Int?
    /// How many of its own intervals a sensor may miss before it is silent; 0 is any number.
    public var silentAfterMissed = 5
    /// No sensor is called silent sooner than after so many seconds.
    public var silentAfterSeconds = 600

    public init() {}

    /// Everything that a sensor sends in its range is good.
    public static let none: QualitySettings = {
        var settings = QualitySettings()
        settings.judgesJumps = false
        settings.stuckHours = 0
        settings.silentAfterMissed = 0
        return settings
    }()

    func longestSame(_ limits: QuantityLimits) -> Int64? {
        guard let stuckHours else { return limits.longestSameMilliseconds }
        return stuckHours > 0 ? Int64(stuckHours) * 3_600_000 : nil
    }
}
