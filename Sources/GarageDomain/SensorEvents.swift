/// One measured value, always finite and inside the quantity's range.
public struct Reading: Hashable, Sendable, Codable {
    public var quantity: Quantity
    public var value: Double

    public init(quantity: Quantity, value: Double) {
        self.quantity = quantity
        self.value = value
    }
}

/// A sensor reported something that is no measurement.
public struct SensorFault: Hashable, Sendable, Codable {
    /// What is wrong with the report. The raw value is the word used in events and the API.
    public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
        case notANumber = "not-a-number"
        case null
        case outOfRange = "out-of-range"
        case unreadable
        /// The value can't follow on those before it.
        case jump = "impossible-jump"
        /// The same raw value for implausibly long, while other sensors of the kind move.
        case stuck
        /// Nothing came for several of the sensor's own intervals.
        case silent

        /// Whether the fault is over only when `sensor.fault-cleared` says so, and not with the next reading.
        public var isLasting: Bool { self == .jump || self == .stuck || self == .silent }
    }

    /// `nil` if the report as a whole could not be read.
    public var quantity: Quantity?
    public var kind: Kind
    /// What the device sent, cut to 200 characters.
    public var raw: String

    public init(quantity: Quantity?, kind: Kind, raw: String) {
        self.quantity = quantity
        self.kind = kind
        self.raw = raw
    }
}

/// A fault of a sensor is over.
public struct FaultCleared: Hashable, Sendable, Codable {
    /// `nil` if the fault was of the report as a whole.
    public var quantity: Quantity?
    public var kind: SensorFault.Kind

    public init(quantity: Quantity?, kind: SensorFault.Kind) {
        self.quantity = quantity
        self.kind = kind
    }
}
