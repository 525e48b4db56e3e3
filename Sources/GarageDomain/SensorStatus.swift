/// The faults of a sensor that are not over yet.
public struct SensorStatus: Hashable, Sendable, Codable {
    /// The last fault of each quantity.
    public var faults: [Quantity: SensorFault.Kind] = [:]
    /// The last fault of a report that could not be read as a whole.
    public var reportFault: SensorFault.Kind?

    public init() {}

    /// Whether there is no fault.
    public var isGood: Bool { faults.isEmpty && reportFault == nil }

    /// Takes in what an event says of the sensor.
    mutating func take(_ body: EventBody) {
        switch body {
        case .readingRecorded(let reading):
            if faults[reading.quantity]?.isLasting != true { faults[reading.quantity] = nil }
            if reportFault?.isLasting != true { reportFault = nil }
        case .faultDetected(let fault):
            if let quantity = fault.quantity { faults[quantity] = fault.kind } else { reportFault = fault.kind }
        case .faultCleared(let cleared):
            if let quantity = cleared.quantity {
                if faults[quantity] == cleared.kind { faults[quantity] = nil }
            } else if reportFault == cleared.kind {
                reportFault = nil
            }
        default: break
        }
    }
}
