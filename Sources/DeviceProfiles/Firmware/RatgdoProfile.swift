import GarageDomain

/// ratgdo with the MQTT firmware: `<prefix>/status/<what>`, where the prefix may begin with a slash.
struct RatgdoProfile: FirmwareProfile {
    static let name = "ratgdo"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard message.levels.count >= 3, message.fromEnd(1) == "status" else { return nil }
        let device = message.fromEnd(2)
        let gate = site.subject(.gate, device)
        switch message.last {
        case "availability":
            guard let online = Words.isOnline(message.word) else { return nil }
            return .observed(.deviceStatus(site.device(device), online: online))
        case "door":
            let topic = message.prefix(without: 2) + "/command/door"
            var actuator = GateActuator(topic: topic, open: "open", close: "close", stop: "stop")
            // It drops every command of its first ten seconds.
            actuator.blackoutSeconds = 11
            var finding = Finding(actuators: [gate: actuator])
            // `unknown` and `syncing` say nothing.
            if let state = GateState(rawValue: message.word) { finding.observations = [.gateState(gate, state)] }
            return finding
        case "obstruction":
            switch message.word {
            case "obstructed": return .observed(.obstruction(gate, true))
            case "clear": return .observed(.obstruction(gate, false))
            default: return .nothing
            }
        case "light", "lock", "motion", "vehicle", "openings", "wirelessRemotes": return .nothing
        default: return nil
        }
    }
}
