import DeviceProfiles
import GarageDomain
import Testing

/// One message of a foreign device and what it says.
struct ForeignRow: CustomTestStringConvertible, Sendable {
    enum Expected: Sendable {
        case says([Observation])
        /// Known, and nothing for the log.
        case nothing
        case unmapped
    }

    var topic: String
    var payload: String
    var isRetained: Bool
    var expected: Expected

    init(_ topic: String, _ payload: String, retained: Bool = false, _ observations: Observation...) {
        self.init(topic, payload, retained, .says(observations))
    }

    private init(_ topic: String, _ payload: String, _ isRetained: Bool, _ expected: Expected) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.expected = expected
    }

    static func nothing(_ topic: String, _ payload: String, retained: Bool = false) -> ForeignRow {
        ForeignRow(topic, payload, retained, .nothing)
    }

    static func unmapped(_ topic: String, _ payload: String, retained: Bool = false) -> ForeignRow {
        ForeignRow(topic, payload, retained, .unmapped)
    }

    var testDescription: String { "\(topic) \(payload.prefix(60).debugDescription)" }

    var message: DeviceMessage {
        DeviceMessage(topic: topic, payload: Array(payload.utf8), isRetained: isRetained)
    }

    /// Checks the row against what `devices` makes of it.
    func check(
        _ devices: inout ForeignDevices, reader: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let reading = devices.read(message)
        let expected: Interpretation =
            switch self.expected {
            case .says(let observations): .observations(observations)
            case .nothing: .nothing
            case .unmapped: .unmapped
            }
        #expect(reading.interpretation == expected, "\(testDescription)", sourceLocation: sourceLocation)
        if let reader, expected != .unmapped {
            #expect(reading.reader == reader, "\(testDescription)", sourceLocation: sourceLocation)
        }
    }
}

func gate(_ name: String, _ state: GateState) -> Observation { .gateState(subject(.gate, name), state) }
func spot(_ name: String, _ occupied: Bool) -> Observation { .spot(subject(.spot, name), occupied: occupied) }
func obstruction(_ name: String, _ obstructed: Bool) -> Observation { .obstruction(subject(.gate, name), obstructed) }
func device(_ name: String, _ online: Bool) -> Observation { .deviceStatus(subject(.device, name), online: online) }
func celsius(_ name: String, _ value: Double) -> Observation { .reading(subject(.sensor, name), .temperature, value) }
func percent(_ name: String, _ value: Double) -> Observation { .reading(subject(.sensor, name), .humidity, value) }
func fault(_ name: String, _ quantity: Quantity?, _ kind: SensorFault.Kind, _ raw: String) -> Observation {
    .fault(subject(.sensor, name), SensorFault(quantity: quantity, kind: kind, raw: raw))
}

extension ForeignDevices {
    /// What a message says, for tests of a sequence.
    mutating func read(_ topic: String, _ payload: String, userName: String? = nil) -> Interpretation {
        read(DeviceMessage(topic: topic, payload: Array(payload.utf8), userName: userName)).interpretation
    }

    /// The topic and payload that moves a gate, as text.
    func actuation(_ gate: String, _ action: GateAction) -> String? {
        actuator(of: subject(.gate, gate))?[action].map { "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))" }
    }
}
