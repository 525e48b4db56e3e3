import GarageDomain

/// Shelly of the first generation: `shellies/<id>/…`.
struct ShellyProfile: FirmwareProfile {
    static let name = "shelly-gen1"

    /// So many rollers are followed.
    private static let mostRollers = 500
    /// Where each roller is: the topic of its motion, and what was said last.
    private var rollers: [String: Roller] = [:]

    private struct Roller {
        var motion: String?
        var position: Double?

        /// What both together say; the end positions are believed only of a roller that does not move.
        var state: GateState? {
            switch motion {
            case "open": .opening
            case "close": .closing
            default:
                switch position {
                case 0?: .closed
                case 100?: .open
                case let value? where value > 0 && value < 100: motion == nil ? nil : .stopped
                default: nil
                }
            }
        }
    }

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard message.levels.count >= 2, message.levels[0] == "shellies" else { return nil }
        guard message.levels.count >= 3 else { return .nothing }
        let id = message.levels[1]
        switch (message.levels[2], message.levels.count) {
        case ("online", 3):
            return switch message.word {
            case "true": .observed(.deviceStatus(site.device(id), online: true))
            case "false": .observed(.deviceStatus(site.device(id), online: false))
            default: .nothing
            }
        case ("input", 4):
            guard let isOn = Vocabulary.isOn(message.word) else { return .nothing }
            let channel = message.levels[3]
            return NamedSwitch.read(isOn, named: [id], subject: [id, channel == "0" ? "" : channel], at: site)
        case ("sensor", 4): return sensor(message, id: id, at: site)
        case ("ext_temperature", 4), ("ext_humidity", 4):
            let quantity: Quantity = message.levels[2] == "ext_humidity" ? .humidity : .temperature
            let sensor = site.subject(.sensor, id, "ext" + message.levels[3])
            return .observed(Report.measured(message.text, quantity, of: sensor))
        case ("roller", 4), ("roller", 5): return roller(message, id: id, at: site)
        default: return .nothing
        }
    }

    private func sensor(_ message: ForeignMessage, id: String, at site: Site) -> Finding {
        switch message.levels[3] {
        case "temperature":
            .observed(Report.measured(message.text, .temperature, of: site.subject(.sensor, id)))
        case "humidity": .observed(Report.measured(message.text, .humidity, of: site.subject(.sensor, id)))
        case "state":
            switch message.word {
            case "open": .observed(.gateState(site.subject(.gate, id), .open))
            case "close": .observed(.gateState(site.subject(.gate, id), .closed))
            default: .nothing
            }
        default: .nothing
        }
    }

    private mutating func roller(_ message: ForeignMessage, id: String, at site: Site) -> Finding {
        let channel = message.levels[3]
        let key = "\(id)/\(channel)"
        guard rollers[key] != nil || rollers.count < Self.mostRollers else { return .nothing }
        let gate = site.subject(.gate, id, channel == "0" ? "" : channel)
        var roller = rollers[key] ?? Roller()
        var isNews = true
        if message.levels.count == 4 {
            guard ["open", "close", "stop"].contains(message.word) else { return .nothing }
            roller.motion = message.word
            // Where it was before is no word of where it comes to rest. The position that belongs to a stop comes after it,
            // if it did not come on the way.
            if message.word != "stop" { roller.position = nil }
            isNews = message.word != "stop" || roller.position == 0 || roller.position == 100
        } else {
            guard message.last == "pos", let position = JSONValue.string(message.text).number else { return .nothing }
            roller.position = position < 0 ? nil : position
        }
        rollers[key] = roller
        let topic = message.prefix(without: message.levels.count - 4) + "/command"
        var finding = Finding(actuators: [gate: GateActuator(topic: topic, open: "open", close: "close", stop: "stop")])
        if isNews, let state = roller.state { finding.observations = [.gateState(gate, state)] }
        return finding
    }
}
