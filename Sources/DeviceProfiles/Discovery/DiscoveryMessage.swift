/// A discovery message: the entities that it announces, each with its keys.
struct DiscoveryMessage {
    struct Component {
        /// Home Assistant's word for what it is: `cover`, `binary_sensor`, `sensor`, …
        let platform: String
        let objectID: String
        let keys: DiscoveryKeys
    }

    /// A device announces so many components at most.
    private static let mostComponents = 64

    let components: [Component]
    /// The device's name in words, for things that have no better name.
    let deviceName: String
    let model: String?
    /// Whether the device speaks through another one, as Zigbee and Bluetooth devices do.
    let isBehindBridge: Bool

    /// `nil` if the payload is no usable discovery message.
    init?(_ address: DiscoveryAddress, _ payload: [UInt8]) {
        guard let json = JSONReader.read(payload), case .object = json else { return nil }
        let keys = DiscoveryKeys(json)
        if let platform = address.platform {
            components = [Component(platform: platform, objectID: address.objectID, keys: keys)]
        } else {
            // The device-based form; what it lacks that the schema requires makes it unusable.
            guard keys[.device] != nil, let origin = keys[.origin], origin["name"] != nil,
                let members = keys[.components]?.members
            else { return nil }
            components = members.prefix(DiscoveryMessage.mostComponents).compactMap { member in
                let inner = DiscoveryKeys(member.value, shared: json)
                return inner.text(.platform).map { Component(platform: $0, objectID: member.key, keys: inner) }
            }
        }
        let device = DiscoveryKeys(keys[.device] ?? .null)
        model = device.text(.model)
        isBehindBridge = device[.viaDevice]?.string?.isEmpty == false
        let identifier = device[.identifiers].flatMap { $0.string ?? $0.elements.first?.string }
        deviceName = device.text(.name) ?? address.nodeID ?? identifier ?? address.objectID
    }
}

/// The topic of a discovery message taken apart.
struct DiscoveryAddress {
    /// `nil` for the device-based form, which names its platforms inside.
    let platform: String?
    let nodeID: String?
    let objectID: String

    /// `<prefix>/<component>/[<node>/]<object>/config`, or `<prefix>/device/<id>/config`
    init?(_ message: ForeignMessage, prefixes: [String]) {
        guard message.last == "config",
            let prefix = prefixes.first(where: { message.topic.hasPrefix($0 + "/") })
        else { return nil }
        let levels = message.topic.dropFirst(prefix.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        switch levels.count {
        case 3: (nodeID, objectID) = (nil, String(levels[1]))
        case 4: (nodeID, objectID) = (String(levels[1]), String(levels[2]))
        default: return nil
        }
        platform = levels[0] == "device" ? nil : String(levels[0])
    }
}
