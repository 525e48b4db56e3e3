/// The JSON of The Things Stack. It leaves out every field that is 0, false or empty.
enum TheThingsStack {
    /// Version 3: `v3/{application}@{tenant}/devices/{device}/up`, and the body of its webhook.
    static func uplink(_ json: JSONValue, device: String) -> LoRaWANUplink? {
        guard let message = json["uplink_message"] else { return nil }
        var decoded = message["decoded_payload"]
        if let normalized = message["normalized_payload"]?.elements.first ?? message["normalized_payload"] {
            decoded = merged(decoded, normalized["data"] ?? normalized)
        }
        var identity: String?
        if let ids = json["correlation_ids"]?.elements.compactMap(\.string),
            let uplink = ids.first(where: { isUplink($0) })
        {
            identity = uplink
        } else if let received = json["received_at"]?.string ?? message["received_at"]?.string {
            identity = "\(received) \(message["f_cnt"]?.text ?? "0")"
        }
        return LoRaWANUplink(
            device: json["end_device_ids"]?["device_id"]?.string ?? device, identity: identity,
            port: port(message["f_port"]), decoded: decoded,
            bytes: message["frm_payload"]?.string.flatMap { Base64.decode($0) })
    }

    /// Version 2, switched off in 2021: `{application}/devices/{device}/up`.
    static func oldUplink(_ json: JSONValue, device: String) -> LoRaWANUplink? {
        guard json["payload_fields"] != nil || json["payload_raw"] != nil else { return nil }
        let time = json["metadata"]?["time"]?.string
        return LoRaWANUplink(
            device: json["dev_id"]?.string ?? device, identity: time.map { "\($0) \(json["counter"]?.text ?? "0")" },
            port: port(json["port"]), decoded: json["payload_fields"],
            bytes: json["payload_raw"]?.string.flatMap { Base64.decode($0) })
    }

    static func port(_ value: JSONValue?) -> Int {
        guard let number = value?.number, (0...255).contains(number) else { return 0 }
        return Int(number)
    }

    private static func isUplink(_ id: String) -> Bool { id.hasPrefix("as:up:") || id.hasPrefix("gs:uplink:") }

    private static func merged(_ first: JSONValue?, _ second: JSONValue) -> JSONValue {
        guard let first, !first.members.isEmpty else { return second }
        return .object(first.members + second.members.filter { first[$0.key] == nil })
    }
}
