import GarageDomain

/// OpenGarage 1.2: `<name>/OUT/…`; one message tells of the gate, the parking spot below and the sensor.
struct OpenGarageProfile: FirmwareProfile {
    static let name = "opengarage"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard message.levels.count >= 3, message.fromEnd(1) == "OUT" else { return legacy(message, at: site) }
        let device = message.levels.dropLast(2).joined(separator: "-")
        switch message.last {
        case "STATUS":
            guard let online = Words.isOnline(message.word) else { return .nothing }
            return .observed(.deviceStatus(site.device(device), online: online))
        case "STATE":
            let gate = site.subject(.gate, device)
            var finding = Finding(actuators: [gate: actuator(message)])
            if let state = Vocabulary.gateState(message.word) { finding.observations = [.gateState(gate, state)] }
            return finding
        case "JSON":
            guard let json = message.json else { return .needsMapping("the payload is not JSON") }
            return status(json, device: device, actuator: actuator(message), at: site)
        case "NOTIFY": return .nothing
        default: return nil
        }
    }

    /// The bare topic, as older releases have it: only its capitalised words tell it from anything else's.
    private func legacy(_ message: ForeignMessage, at site: Site) -> Finding? {
        let state: GateState
        switch message.text {
        case "Open": state = .open
        case "Closed": state = .closed
        case "Stopped": state = .stopped
        default: return nil
        }
        guard message.levels.count == 1 else { return nil }
        return .observed(.gateState(site.subject(.gate, message.last), state))
    }

    private func status(_ json: JSONValue, device: String, actuator: GateActuator, at site: Site) -> Finding {
        var finding = Finding()
        let gate = site.subject(.gate, device)
        if let door = json["door"]?.number {
            finding.actuators[gate] = actuator
            if let state = Self.gateState(door) { finding.observations.append(.gateState(gate, state)) }
        }
        if let obstructed = json["obstruct"]?.number {
            finding.observations.append(.obstruction(gate, obstructed != 0))
        }
        switch json["vehicle"]?.number {
        case 0?: finding.observations.append(.spot(site.subject(.spot, device), occupied: false))
        case 1?: finding.observations.append(.spot(site.subject(.spot, device), occupied: true))
        default: break
        }
        let sensor = site.subject(.sensor, device)
        if let value = json["temp"] {
            finding.observations.append(Report.measured(value, .temperature, of: sensor))
        }
        if let value = json["humid"] { finding.observations.append(Report.measured(value, .humidity, of: sensor)) }
        return finding
    }

    private static func gateState(_ code: Double) -> GateState? {
        switch code {
        case 0: .closed
        case 1: .open
        case 2: .stopped
        case 3: .closing
        case 4: .opening
        default: nil
        }
    }

    /// There is no word for stopping; a click would start a gate that rests.
    private func actuator(_ message: ForeignMessage) -> GateActuator {
        GateActuator(topic: message.prefix(without: 2) + "/IN/STATE", open: "open", close: "close", stop: nil)
    }
}
