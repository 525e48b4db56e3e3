import GarageDomain

/// Zigbee2MQTT: `zigbee2mqtt/<name>`, where the name may contain slashes.
struct ZigbeeProfile: FirmwareProfile {
    static let name = "zigbee2mqtt"

    /// So many children are taken offline with their bridge; more are not remembered.
    private static let mostChildren = 500
    private var children: [String: Set<Subject>] = [:]
    /// What each child said last of itself.
    private var isOwnWordOnline: [Subject: Bool] = [:]
    /// The bridges that are gone.
    private var lostBridges: Set<String> = []
    private var childCount = 0

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        let base = message.levels[0]
        guard base.hasPrefix("zigbee2mqtt"), message.levels.count >= 2 else { return nil }
        if message.levels[1] == "bridge" { return bridge(message, base: base, at: site) }
        if message.last == "availability", message.levels.count >= 3 {
            let name = message.levels[1..<(message.levels.count - 1)].joined(separator: "-")
            guard let online = Self.isOnline(message) else { return .nothing }
            let device = site.device(name)
            remember(device, of: base, online: online)
            return .observed(.deviceStatus(device, online: online && !lostBridges.contains(base)))
        }
        guard let json = message.json else { return .needsMapping("the payload is not JSON") }
        let name = message.levels.dropFirst().joined(separator: "-")
        var finding = report(json, name: name, topic: message.topic, at: site)
        let device = site.device(name)
        if children[base]?.contains(device) == true {
            for observation in finding.observations { finding.devices[observation.subject] = device }
        }
        return finding
    }

    private mutating func bridge(_ message: ForeignMessage, base: String, at site: Site) -> Finding {
        guard message.levels.count == 3, message.last == "state", let online = Self.isOnline(message) else {
            return .nothing
        }
        var finding = Finding.observed(.deviceStatus(site.device(base), online: online))
        if online {
            lostBridges.remove(base)
        } else if lostBridges.count < Self.mostChildren {
            lostBridges.insert(base)
        }
        // Back with its bridge comes who had not said before that it goes.
        for child in (children[base] ?? []).sorted() where !online || isOwnWordOnline[child] == true {
            finding.observations.append(.deviceStatus(child, online: online))
        }
        return finding
    }

    private mutating func remember(_ device: Subject, of base: String, online: Bool) {
        if children[base]?.contains(device) != true {
            guard childCount < Self.mostChildren else { return }
            children[base, default: []].insert(device)
            childCount += 1
        }
        isOwnWordOnline[device] = online
    }

    /// `online`, or the same in an object, as newer releases write it.
    private static func isOnline(_ message: ForeignMessage) -> Bool? {
        Words.isOnline(message.json?["state"]?.word ?? message.word)
    }

    private func report(_ json: JSONValue, name: String, topic: String, at site: Site) -> Finding {
        var finding = Finding()
        let sensor = site.subject(.sensor, name)
        if let value = json["temperature"] {
            finding.observations.append(Report.measured(value, .temperature, of: sensor))
        }
        if let value = json["humidity"] { finding.observations.append(Report.measured(value, .humidity, of: sensor)) }
        if let occupied = json["occupancy"]?.bool ?? json["presence"]?.bool {
            finding.observations.append(.spot(site.subject(.spot, name), occupied: occupied))
        }
        let gate = site.subject(.gate, name)
        if let contact = json["contact"]?.bool {
            // A contact that touches is a gate that is closed.
            finding.observations.append(.gateState(gate, contact ? .closed : .open))
        }
        if let cover = cover(json) {
            finding.observations.append(.gateState(gate, cover))
            finding.actuators[gate] = GateActuator(
                topic: topic + "/set", open: #"{"state":"OPEN"}"#, close: #"{"state":"CLOSE"}"#,
                stop: #"{"state":"STOP"}"#)
        }
        if finding.observations.isEmpty { return .needsMapping("nothing in it has a name that is known") }
        return finding
    }

    /// The state of a cover. With a position, `state` is only whether that is above 0.
    private func cover(_ json: JSONValue) -> GateState? {
        let state = Vocabulary.gateState(json["state"]?.word ?? "")
        guard let state, state == .open || state == .closed else { return nil }
        switch json["moving"]?.word {
        case "up": return .opening
        case "down": return .closing
        default: break
        }
        guard let position = json["position"]?.number else { return state }
        return Report.resting(at: position)
    }
}
