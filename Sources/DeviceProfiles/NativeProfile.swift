import GarageDomain

/// The service's own topics: `garage/<garage>/<kind>/<name>/<property>`.
public struct NativeProfile: DeviceProfile {
    public let name = "native"

    public init() {}

    public func interpret(topic: Span<UInt8>, payload: Span<UInt8>) -> Interpretation? {
        guard let topic = NativeTopic(topic) else { return nil }
        switch topic {
        case .sensor(let sensor): return Self.sensorReport(payload, of: sensor)
        case .reading(let sensor, let quantity):
            return .observations([Self.reading(payload.copied(), quantity, of: sensor)])
        case .gateState(let gate):
            guard let state = GateState(rawValue: payload.word()) else { return .unmapped }
            return .observations([.gateState(gate, state)])
        case .obstruction(let gate):
            guard let obstructed = Words.isObstructed(payload.word()) else { return .unmapped }
            return .observations([.obstruction(gate, obstructed)])
        case .spotState(let spot):
            guard let occupied = Words.isOccupied(payload.word()) else { return .unmapped }
            return .observations([.spot(spot, occupied: occupied)])
        case .deviceStatus(let device):
            guard let online = Words.isOnline(payload.word()) else { return .unmapped }
            return .observations([.deviceStatus(device, online: online)])
        case .command(let gate): return .command(gate: gate, CommandText(payload: payload))
        case .ours: return .ours
        }
    }

    public func isCommand(topic: Span<UInt8>) -> Bool {
        if case .command = NativeTopic(topic) { true } else { false }
    }

    /// A report of a sensor as a whole: `{"temperature":23.4,"humidity":58}`, or only one of them.
    private static func sensorReport(_ payload: Span<UInt8>, of sensor: Subject) -> Interpretation {
        let bytes = payload.copied()
        guard let json = JSONReader.read(bytes), case .object(let members) = json else {
            return .observations([.fault(sensor, Measured.fault(bytes, of: nil, .unreadable))])
        }
        var observations: [Observation] = []
        for quantity in Quantity.allCases {
            guard let member = members.first(where: { $0.key.lowercased() == quantity.rawValue }) else { continue }
            let text = Array(member.value.text.utf8)
            if member.value.isScalar {
                observations.append(reading(text, quantity, of: sensor))
            } else {
                observations.append(.fault(sensor, Measured.fault(text, of: quantity, .unreadable)))
            }
        }
        return observations.isEmpty ? .unmapped : .observations(observations)
    }

    private static func reading(_ text: [UInt8], _ quantity: Quantity, of sensor: Subject) -> Observation {
        switch Measured(text) {
        case .value(let value) where quantity.range.contains(value): .reading(sensor, quantity, value)
        case .value: .fault(sensor, Measured.fault(text, of: quantity, .outOfRange))
        case .nothing(let kind): .fault(sensor, Measured.fault(text, of: quantity, kind))
        }
    }
}
