/// What one device message says, after a device profile has read it.
public enum Observation: Hashable, Sendable {
    case gateState(Subject, GateState)
    /// Whether something is in the gate's way.
    case obstruction(Subject, Bool)
    case spot(Subject, occupied: Bool)
    /// A measured value. One that is not finite or not in the quantity's range is decided to be a fault.
    case reading(Subject, Quantity, Double)
    /// The sensor sent something that is no measurement.
    case fault(Subject, SensorFault)
    /// A device says of itself that it is there or gone (its birth message or last will).
    case deviceStatus(Subject, online: Bool)

    /// What the observation is about.
    public var subject: Subject {
        switch self {
        case .gateState(let subject, _), .obstruction(let subject, _), .spot(let subject, _),
            .reading(let subject, _, _), .fault(let subject, _), .deviceStatus(let subject, _):
            subject
        }
    }
}
