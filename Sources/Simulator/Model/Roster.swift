public import GarageDomain

/// One simulated piece of hardware with its own connection.
public struct SimulatedDevice: Hashable, Sendable {
    /// What hangs on the device.
    public enum Part: Hashable, Sendable {
        /// The gate with this index.
        case gate(Int)
        /// The spots with these indices.
        case spots(Range<Int>)
        /// The sensor with this index.
        case sensor(Int)
    }

    /// The device's name, which is also its client identifier at the broker.
    public let name: Name
    public let part: Part
    /// Where it says `online` (retained) and where its last will says `offline`.
    public let statusTopic: String
    /// Where it listens for `OPEN`, `CLOSE` and `STOP`; `nil` unless it drives a gate.
    public let actuateTopic: String?
}

/// The names and topics of everything in a simulated garage.
struct Roster: Sendable {
    static let spotsPerRow = 6

    let devices: [SimulatedDevice]
    let gateNames: [Name]
    let gateStateTopics: [String]
    let gateObstructionTopics: [String]
    let spotTopics: [String]
    let sensorTopics: [String]
    let sensorTemperatureTopics: [String]
    let sensorHumidityTopics: [String]
    /// The index of the first device that has a row of spots, and of the first that has a sensor.
    let firstRow: Int
    let firstSensor: Int

    init(garage: Name, gates: Int, spots: Int, sensors: Int) {
        let prefix = "garage/\(garage)"
        // Two simulated garages at one broker must not take each other's sessions over.
        let owner = garage.text == "home" ? "esp" : "esp-\(garage.text.prefix(40))"
        var devices: [SimulatedDevice] = []

        func add(_ part: SimulatedDevice.Part, called name: String, actuateTopic: String? = nil) {
            let device = Name(nearest: "\(owner)-\(name)")
            devices.append(
                SimulatedDevice(
                    name: device, part: part, statusTopic: "\(prefix)/device/\(device)/status",
                    actuateTopic: actuateTopic))
        }

        let gateNames = (0..<max(0, gates)).map(Roster.gateName)
        for (index, gate) in gateNames.enumerated() {
            add(.gate(index), called: "gate-\(gate)", actuateTopic: "\(prefix)/gate/\(gate)/actuate")
        }
        firstRow = devices.count
        for first in stride(from: 0, to: max(0, spots), by: Roster.spotsPerRow) {
            let row = first..<min(first + Roster.spotsPerRow, spots)
            add(.spots(row), called: "row-\(Roster.rowName(first / Roster.spotsPerRow))")
        }
        firstSensor = devices.count
        let sensorNames = (0..<max(0, sensors)).map(Roster.sensorName)
        for (index, sensor) in sensorNames.enumerated() { add(.sensor(index), called: "dht-\(sensor)") }

        self.devices = devices
        self.gateNames = gateNames
        gateStateTopics = gateNames.map { "\(prefix)/gate/\($0)/state" }
        gateObstructionTopics = gateNames.map { "\(prefix)/gate/\($0)/obstruction" }
        spotTopics = (0..<max(0, spots)).map { "\(prefix)/spot/\(Roster.spotName($0))/state" }
        sensorTopics = sensorNames.map { "\(prefix)/sensor/\($0)" }
        sensorTemperatureTopics = sensorTopics.map { "\($0)/temperature" }
        sensorHumidityTopics = sensorTopics.map { "\($0)/humidity" }
    }

    static func gateName(_ index: Int) -> Name {
        let known = ["front", "back"]
        return Name(nearest: index < known.count ? known[index] : "gate\(index + 1)")
    }

    static func sensorName(_ index: Int) -> Name {
        let known = ["entrance", "ramp", "roof", "workshop", "stairs", "cellar"]
        return Name(nearest: index < known.count ? known[index] : "bay\(index + 1)")
    }

    /// `A1` to `A6`, `B1` to `B6` and so on.
    static func spotName(_ index: Int) -> Name {
        Name(nearest: "\(rowName(index / spotsPerRow))\(index % spotsPerRow + 1)")
    }

    /// `A` to `Z`, then `AA`, `AB` and so on, as the columns of a spreadsheet.
    static func rowName(_ index: Int) -> String {
        let letter = String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index % 26)))
        return index < 26 ? letter : rowName(index / 26 - 1) + letter
    }
}
