import GarageDomain

/// Homie 4 (`<root>/<device>/<node>/<property>`) and Homie 5 (`<root>/5/<device>/…`).
///
/// A device describes itself in retained messages; what they say is kept per property.
struct HomieProfile: FirmwareProfile {
    static let name = "homie"

    /// So many devices are known at once, each with so many properties and children.
    private static let mostDevices = 200
    private static let mostProperties = 64
    private static let mostChildren = 64
    private var devices: [String: Device] = [:]

    fileprivate struct Device {
        var properties: [String: HomieProperty] = [:]
        /// The devices that are lost with this one.
        var children: [String] = []
    }

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard let address = HomieAddress(message) else { return nil }
        let key = address.deviceTopic
        if devices[key] == nil {
            // Another root than `homie` is taken for one only from the topic on that each device has.
            let isHomie = address.hasUsualRoot || address.attribute == "$homie" || address.isVersion5
            guard isHomie, devices.count < Self.mostDevices || address.attribute == "$state" else { return nil }
            if devices.count < Self.mostDevices { devices[key] = Device() }
        }
        switch address.place {
        case .device(let attribute): return deviceAttribute(attribute, message, address, at: site)
        case .property(let node, let property, let attribute?):
            learn(attribute, message.text, of: "\(node)/\(property)", device: key)
            return .nothing
        case .property(let node, let property, nil):
            let known = devices[key]?.properties["\(node)/\(property)"] ?? HomieProperty()
            return known.read(
                message, device: address.device, node: node, property: property, base: message.topic, at: site)
        case .other: return .nothing
        }
    }

    private mutating func deviceAttribute(
        _ attribute: String, _ message: ForeignMessage, _ address: HomieAddress, at site: Site
    ) -> Finding {
        let key = address.deviceTopic
        switch attribute {
        case "$description":
            if let json = message.json { devices[key]?.describe(json, mostProperties: Self.mostProperties) }
            return .nothing
        case "$state":
            let children = (devices[key]?.children ?? []).prefix(Self.mostChildren)
            switch message.word {
            case "init", "ready", "alert": return .observed(.deviceStatus(site.device(address.device), online: true))
            case "disconnected", "lost":
                let gone = [address.device] + children
                return Finding(observations: gone.map { .deviceStatus(site.device($0), online: false) })
            case "":
                // Homie 5 removes a device with an empty state.
                devices[key] = nil
                return .observed(.deviceStatus(site.device(address.device), online: false))
            default: return .nothing
            }
        default: return .nothing
        }
    }

    private mutating func learn(_ attribute: String, _ text: String, of property: String, device: String) {
        guard var known = devices[device] else { return }
        guard known.properties[property] != nil || known.properties.count < Self.mostProperties else { return }
        switch attribute {
        case "$unit": known.properties[property, default: HomieProperty()].unit = text
        case "$format": known.properties[property, default: HomieProperty()].format = text
        case "$settable": known.properties[property, default: HomieProperty()].isSettable = text == "true"
        default: return
        }
        devices[device] = known
    }
}

extension HomieProfile.Device {
    /// Takes in the description of Homie 5.
    fileprivate mutating func describe(_ json: JSONValue, mostProperties: Int) {
        children = (json["children"]?.elements ?? []).compactMap(\.string).filter { $0.utf8.count <= 64 }
        properties = [:]
        for node in json["nodes"]?.members ?? [] {
            for property in node.value["properties"]?.members ?? [] where properties.count < mostProperties {
                properties["\(node.key)/\(property.key)"] = HomieProperty(
                    unit: property.value["unit"]?.string, format: property.value["format"]?.string,
                    isSettable: property.value["settable"]?.bool ?? false)
            }
        }
    }
}
