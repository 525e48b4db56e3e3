/// What a sensor measures. The raw value is the word used in topics, events and the API.
public enum Quantity: String, Sendable, Hashable, CaseIterable, Codable {
    /// Degrees Celsius.
    case temperature
    /// Relative humidity in per cent, 0 to 100.
    case humidity

    /// The unit's name in the API: `celsius` or `percent`.
    public var unit: String { self == .temperature ? "celsius" : "percent" }

    /// The values a garage sensor can report; anything else is a fault (the widest common sensor, the DHT22).
    public var range: ClosedRange<Double> { self == .temperature ? -40...80 : 0...100 }
}
