import GarageDomain

/// The device API of ThingsBoard, as many ESP8266 sketches speak it: the topic is the same for all devices, so the user
/// name tells whose it is.
struct ThingsBoardProfile: FirmwareProfile {
    static let name = "thingsboard"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        let levels = message.levels
        if levels == ["v1", "devices", "me", "telemetry"] || levels == ["v2", "t"] {
            guard let json = message.json else { return .needsMapping("the payload is not JSON") }
            guard let name = message.userName ?? message.clientID else {
                return .needsMapping("neither a user name nor a client identifier tells the device")
            }
            return telemetry(json, of: name, at: site)
        }
        if levels == ["v1", "gateway", "telemetry"] {
            guard let json = message.json else { return .needsMapping("the payload is not JSON") }
            var finding = Finding()
            for device in json.members.prefix(64) { finding.add(telemetry(device.value, of: device.key, at: site)) }
            return finding
        }
        if levels.count >= 3, levels[0] == "v1", levels[1] == "devices" || levels[1] == "gateway" { return .nothing }
        return nil
    }

    /// An object, an object with its time, or a list of either.
    private func telemetry(_ json: JSONValue, of device: String, at site: Site) -> Finding {
        var finding = Finding()
        for part in json.elements.isEmpty ? [json] : Array(json.elements.prefix(64)) {
            finding.add(GenericKeys.read(part["values"] ?? part, named: device, at: site))
        }
        return finding
    }
}
