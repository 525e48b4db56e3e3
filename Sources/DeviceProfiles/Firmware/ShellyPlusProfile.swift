import GarageDomain

/// Shelly of the second generation and later: `<prefix>/status/<component>:<n>` and `<prefix>/events/rpc`.
///
/// A notification tells only what changed. Nothing here depends on what it leaves out: a change of a gate's state is
/// always told as a state.
struct ShellyPlusProfile: FirmwareProfile {
    static let name = "shelly-gen2"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard message.levels.count >= 2 else { return nil }
        if message.last == "online" {
            let device = site.device(message.fromEnd(1))
            return switch message.word {
            case "true": .observed(.deviceStatus(device, online: true))
            case "false": .observed(.deviceStatus(device, online: false))
            default: nil
            }
        }
        guard message.levels.count >= 3, let json = message.json else { return nil }
        let source = Source(id: message.fromEnd(2), prefix: message.prefix(without: 2), site: site)
        switch message.fromEnd(1) {
        case "status":
            // `sys`, `wifi` and the like tell nothing of the garage.
            guard message.last.contains(":") else { return json["id"] == nil ? nil : .nothing }
            return component(message.last, json, source)
        case "events" where message.last == "rpc":
            // The reply to a call of ours.
            if json["method"] == nil, json["result"] != nil || json["error"] != nil { return .nothing }
            guard let method = json["method"]?.string, method.hasPrefix("Notify") else { return nil }
            var finding = Finding()
            guard method != "NotifyEvent", let parameters = json["params"] else { return finding }
            for member in parameters.members where member.key.contains(":") {
                if let found = component(member.key, member.value, source) { finding.add(found) }
            }
            return finding
        default: return nil
        }
    }

    private struct Source {
        var id: String
        var prefix: String
        var site: Site
    }

    private func component(_ name: String, _ json: JSONValue, _ source: Source) -> Finding? {
        let parts = name.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[1]), (0..<1000).contains(number) else { return nil }
        let (id, site) = (source.id, source.site)
        let suffix = number == 0 ? "" : "\(number)"
        switch parts[0] {
        case "cover":
            let gate = site.subject(.gate, id, suffix)
            var finding = Finding(actuators: [gate: actuator(of: number, source)])
            // `calibrating` and the like say nothing.
            if let state = GateState(rawValue: json["state"]?.word ?? "") {
                finding.observations = [.gateState(gate, state)]
            }
            return finding
        case "temperature":
            guard let value = json["tC"] else { return .nothing }
            return .observed(Report.measured(value, .temperature, of: site.subject(.sensor, id, suffix)))
        case "humidity":
            guard let value = json["rh"] else { return .nothing }
            return .observed(Report.measured(value, .humidity, of: site.subject(.sensor, id, suffix)))
        case "input":
            guard let isOn = json["state"]?.bool else { return .nothing }
            return NamedSwitch.read(isOn, named: [id], subject: [id, suffix], at: site)
        default: return .nothing
        }
    }

    private func actuator(of number: Int, _ source: Source) -> GateActuator {
        // The reply goes to `<src>/rpc`: a topic of the device's own, which it may publish on and which moves nothing.
        let replies = JSONText.quoted(source.prefix + "/events")
        func call(_ method: String) -> OutgoingMessage {
            let body = #"{"id":1,"src":\#(replies),"method":"Cover.\#(method)","params":{"id":\#(number)}}"#
            return OutgoingMessage(topic: source.prefix + "/rpc", payload: Array(body.utf8))
        }
        return GateActuator(open: call("Open"), close: call("Close"), stop: call("Stop"))
    }
}
