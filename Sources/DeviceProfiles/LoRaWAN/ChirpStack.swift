/// The JSON of ChirpStack 4: `application/{id}/device/{devEui}/event/up`, and the body of its HTTP integration.
enum ChirpStack {
    static func uplink(_ json: JSONValue, device: String) -> LoRaWANUplink? {
        guard json["data"] != nil || json["object"] != nil || json["fPort"] != nil else { return nil }
        let info = json["deviceInfo"]
        let name = info?["deviceName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        return LoRaWANUplink(
            device: name ?? info?["devEui"]?.string ?? device,
            identity: json["deduplicationId"]?.string, port: TheThingsStack.port(json["fPort"]),
            decoded: json["object"],
            bytes: json["data"]?.string.flatMap { Base64.decode($0) })
    }
}
