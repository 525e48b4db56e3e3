import GarageDomain

/// ESPHome: `<prefix>/<component>/<object>/state`, with the node's name as the prefix unless somebody changed it.
struct ESPHomeProfile: FirmwareProfile {
    static let name = "esphome"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        switch message.last {
        case "state":
            if message.levels.count >= 5, message.fromEnd(1) == "position", message.fromEnd(3) == "cover" {
                return position(message, node: node(message, without: 4), at: site)
            }
            guard message.levels.count >= 4 else { return nil }
            return state(message, node: node(message, without: 3), object: message.fromEnd(1), at: site)
        case "status":
            // `status` is a common word, so only a payload that fits makes it ESPHome's.
            guard message.levels.count >= 2, let online = Words.isOnline(message.word) else { return nil }
            return .observed(.deviceStatus(site.device(node(message, without: 1)), online: online))
        case "debug":
            // Log lines begin with the escape sequence of their colour, or with their level.
            let isLog = message.payload.first == 0x1B || message.payload.starts(with: Array("[".utf8))
            return isLog && message.levels.count >= 2 ? .nothing : nil
        default: return nil
        }
    }

    /// The node's name: the last level of its prefix.
    private func node(_ message: ForeignMessage, without count: Int) -> String { message.fromEnd(count) }

    private func state(_ message: ForeignMessage, node: String, object: String, at site: Site) -> Finding? {
        switch message.fromEnd(2) {
        case "sensor":
            let name = ObjectName(object)
            guard let quantity = name.quantity else {
                return .needsMapping("its name does not say what it measures")
            }
            return .observed(Report.measured(message.text, quantity, of: site.subject(.sensor, node, name.rest)))
        case "binary_sensor":
            guard let isOn = Vocabulary.isOn(message.word) else { return .nothing }
            return NamedSwitch.read(isOn, named: [object, node], subject: [node, object], at: site)
        case "cover":
            let gate = site.subject(.gate, node, object)
            var finding = Finding(actuators: [gate: actuator(message, levels: 1)])
            if let state = Vocabulary.gateState(message.word) { finding.observations = [.gateState(gate, state)] }
            return finding
        case "switch", "light", "fan", "number", "select", "text_sensor", "button", "lock", "climate": return .nothing
        default: return nil
        }
    }

    private func position(_ message: ForeignMessage, node: String, at site: Site) -> Finding {
        let gate = site.subject(.gate, node, message.fromEnd(2))
        var finding = Finding(actuators: [gate: actuator(message, levels: 2)])
        // Between the ends the position does not tell whether the gate moves; its state topic does.
        switch JSONValue.string(message.text).number {
        case 0?: finding.observations = [.gateState(gate, .closed)]
        case 100?: finding.observations = [.gateState(gate, .open)]
        default: break
        }
        return finding
    }

    private func actuator(_ message: ForeignMessage, levels: Int) -> GateActuator {
        GateActuator(
            topic: message.prefix(without: levels) + "/command", open: "OPEN", close: "CLOSE", stop: "STOP")
    }
}
