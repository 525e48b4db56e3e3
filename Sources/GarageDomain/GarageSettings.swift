/// What the garage's owner has set.
public struct GarageSettings: Sendable {
    /// The longest time that a dispatched command may take to reach its final state, in milliseconds. A gate whose travel
    /// time is known gets twice that time if it is less.
    public var commandTimeoutMilliseconds: Int64
    /// How long a request stays valid if it does not say so itself, in seconds.
    public var commandLifetimeSeconds: Int
    /// The longest life that a request can ask for, in seconds.
    public var longestCommandLifetimeSeconds: Int
    /// How many requests to open or close an actor can make in a minute; `nil` is any number.
    public var commandsPerMinuteAndActor: Int? = 10
    /// How many commands to open or close a gate takes in a minute; `nil` is any number.
    public var commandsPerMinuteAndGate: Int? = 10
    /// The settings of gates that have none of their own.
    public var everyGate = GateSettings()
    /// The gates with settings of their own.
    public var gates: [Subject: GateSettings] = [:]
    public var alerts = AlertSettings()
    public var quality = QualitySettings()
    /// What sensors of a known model can plausibly report.
    public var sensors: [Subject: SensorLimits] = [:]
    /// The minute of the day, 0 to 1439, that a moment falls in where the garage is. UTC unless told otherwise.
    public var minuteOfDay: @Sendable (Timestamp) -> Int = { time in
        let day: Int64 = 86_400_000_000
        let rest = time.microseconds % day
        return Int((rest < 0 ? rest + day : rest) / 60_000_000)
    }

    public init(
        commandTimeoutMilliseconds: Int64 = 60_000, commandLifetimeSeconds: Int = 10,
        longestCommandLifetimeSeconds: Int = 60
    ) {
        self.commandTimeoutMilliseconds = commandTimeoutMilliseconds
        self.commandLifetimeSeconds = commandLifetimeSeconds
        self.longestCommandLifetimeSeconds = longestCommandLifetimeSeconds
    }

    /// The settings of a gate.
    public subscript(gate: Subject) -> GateSettings { gates[gate] ?? everyGate }

    /// What a sensor can plausibly report.
    public func limits(of sensor: Subject) -> SensorLimits { sensors[sensor] ?? .unknown }
}
