public import GarageDomain

/// A kind of sensor whose data sheet says what it can measure. The raw value is the word used in the configuration.
public enum SensorModel: String, Hashable, Sendable, CaseIterable {
    case dht11, dht22, bme280, sht3x, ds18b20

    /// The values that the sensor can report (from its data sheet); `nil` if it does not measure the quantity.
    public func range(of quantity: Quantity) -> ClosedRange<Double>? {
        switch (self, quantity) {
        case (.dht11, .temperature): 0...50
        case (.dht11, .humidity): 20...90
        case (.dht22, .temperature): -40...80
        case (.dht22, .humidity): 0...100
        case (.bme280, .temperature): -40...85
        case (.bme280, .humidity): 0...100
        case (.sht3x, .temperature): -40...125
        case (.sht3x, .humidity): 0...100
        case (.ds18b20, .temperature): -55...125
        case (.ds18b20, .humidity): nil
        }
    }

    /// The model that a device's own word names, for example `AM2301` or `DHT11-14`; `nil` if it names none.
    public init?(naming text: String) {
        let word = text.lowercased()
        if word.hasPrefix("dht11") {
            self = .dht11
        } else if ["dht22", "am2301", "am2302", "dht21", "si7021"].contains(where: word.hasPrefix) {
            self = .dht22
        } else if word.hasPrefix("bme280") {
            self = .bme280
        } else if word.hasPrefix("sht3") {
            self = .sht3x
        } else if word.hasPrefix("ds18b20") {
            self = .ds18b20
        } else {
            return nil
        }
    }
}
