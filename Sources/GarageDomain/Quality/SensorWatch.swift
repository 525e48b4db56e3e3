/// What is known of a sensor's ways. Live knowledge that no event repeats: after a restart it is learned anew.
struct SensorWatch: Hashable, Sendable, Codable {
    /// The most sensors that are watched.
    static let capacity = 5000

    /// The device that it last reported through.
    var device: Subject?
    var cadence: Cadence
    private var temperature = QuantityWatch()
    private var humidity = QuantityWatch()
    /// How many reports in a row could not be read as a whole.
    private(set) var unreadableInARow = 0

    init(at time: Timestamp) { cadence = Cadence(at: time) }

    subscript(quantity: Quantity) -> QuantityWatch {
        get {
            switch quantity {
            case .temperature: temperature
            case .humidity: humidity
            }
        }
        set {
            switch quantity {
            case .temperature: temperature = newValue
            case .humidity: humidity = newValue
            }
        }
    }

    mutating func takeFault(_ quantity: Quantity?) {
        if let quantity { self[quantity].takeFault() } else { unreadableInARow += 1 }
    }

    mutating func takeReadable() { unreadableInARow = 0 }

    /// Moves all times along with a clock that was set.
    mutating func shift(by milliseconds: Int64) {
        cadence.shift(by: milliseconds)
        temperature.shift(by: milliseconds)
        humidity.shift(by: milliseconds)
    }

    func badInARow(_ quantity: Quantity?) -> Int { quantity.map { self[$0].badInARow } ?? unreadableInARow }
}
