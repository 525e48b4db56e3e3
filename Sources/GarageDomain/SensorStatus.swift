/// The faults of a sensor that no good reading has followed yet.
public struct SensorStatus: Hashable, Sendable, Codable {
    /// The last fault of each quantity.
    public var faults: [Quantity: SensorFault.Kind] = [:]
    /// The last fault of a report that could not be read as a whole.
    public var reportFault: SensorFault.Kind?

    public init() {}

    /// Whether there is no fault.
    public var isGood: Bool { faults.isEmpty && reportFault == nil }
}
