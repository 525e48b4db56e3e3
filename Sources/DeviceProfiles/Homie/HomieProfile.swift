import GarageDomain

/// Homie 4 (`<root>/<device>/<node>/<property>`) and Homie 5 (`<root>/5/<device>/…`).
///
/// A device describes itself in retained messages; what they say is kept per property. When a device of Homie 5 goes, all
/// below it are out of reach; when it is back, they are again what they last said of themselves.
struct HomieProfile: FirmwareProfile {
    static let name = "homie"

    private static let mostProperties = 64
    private static let mostChildren = 64
    private var tree = HomieTree()

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard let address = HomieAddress(message) else { return nil }
        let key = address.deviceTopic
        if tree[key] == nil {
            // Another root than `homie` is taken for one only from the topic on that each device has.
            let isHomie = address.hasUsualRoot || address.attribute == "$homie" || address.isVersion5
            guard isHomie, !tree.isFull || address.attribute == "$state" else { return nil }
            tree[key] = HomieDevice()
        }
        switch address.place {
        case .device(let attribute): return deviceAttribute(attribute, message, address, at: site)
        case .property(let node, let property, let attribute?):
            learn(attribute, message.text, of: "\(node)/\(property)", device: key)
            return .nothing
        case .property(let node, let property, nil):
            let device = tree[key]
            let known = device?.properties["\(node)/\(property)"] ?? HomieProperty()
            var finding = known.read(
                message, device: address.device, node: node, property: property, base: message.topic, at: site)
            if device?.isOnline != nil {
                for observation in finding.observations {
                    finding.devices[observation.subject] = site.device(address.device)
                }
            }
            return finding
        case .other: return .nothing
        }
    }

    private mutating func deviceAttribute(
        _ attribute: String, _ message: ForeignMessage, _ address: HomieAddress, at site: Site
    ) -> Finding {
        let key = address.deviceTopic
        switch attribute {
        case "$description":
            if let json = message.json {
                tree[key]?.describe(json, mostProperties: Self.mostProperties, mostChildren: Self.mostChildren)
            }
            return .nothing
        case "$state":
            switch message.word {
            case "init", "ready", "alert": return presence(true, of: address, at: site)
            case "disconnected", "lost": return presence(false, of: address, at: site)
            case "":
                // Homie 5 removes a device with an empty state.
                let finding = presence(false, of: address, at: site)
                tree[key] = nil
                return finding
            default: return .nothing
            }
        default: return .nothing
        }
    }

    /// A device and all that come or go with it.
    private mutating func presence(_ isOnline: Bool, of address: HomieAddress, at site: Site) -> Finding {
        let key = address.deviceTopic
        let wasGone = tree[key]?.isOnline == false
        tree[key]?.isOnline = isOnline
        var finding = Finding.observed(
            .deviceStatus(site.device(address.device), online: isOnline && !tree.isCutOff(key)))
        guard !isOnline || wasGone else { return finding }
        for descendant in tree.descendants(of: key) {
            // Back comes who had not said before that it goes, and is not kept away by another one in between.
            if isOnline, tree[descendant]?.isOnline != true || tree.isCutOff(descendant) { continue }
            finding.addStatus(of: site.device(HomieTree.parts(of: descendant).id), online: isOnline)
        }
        return finding
    }

    private mutating func learn(_ attribute: String, _ text: String, of property: String, device: String) {
        guard var known = tree[device] else { return }
        guard known.properties[property] != nil || known.properties.count < Self.mostProperties else { return }
        switch attribute {
        case "$unit": known.properties[property, default: HomieProperty()].unit = text
        case "$format": known.properties[property, default: HomieProperty()].format = text
        case "$settable": known.properties[property, default: HomieProperty()].isSettable = text == "true"
        default: return
        }
        tree[device] = known
    }
}
