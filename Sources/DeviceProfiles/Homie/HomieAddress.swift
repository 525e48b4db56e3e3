/// A topic of the Homie convention taken apart.
struct HomieAddress {
    /// What of a device the topic is about.
    enum Place: Equatable {
        /// An attribute of the device itself, with its `$`.
        case device(attribute: String)
        /// A property's value, or one of its attributes.
        case property(node: String, property: String, attribute: String?)
        /// Attributes of nodes, targets, and what else says nothing of the garage.
        case other
    }

    let device: String
    let deviceTopic: String
    let place: Place
    /// Whether the root is the one that the convention proposes.
    let hasUsualRoot: Bool
    let isVersion5: Bool

    /// The device's attribute, if the topic is one.
    var attribute: String? { if case .device(let attribute) = place { attribute } else { nil } }

    /// `nil` if the topic can't be of the convention.
    init?(_ message: ForeignMessage) {
        let levels = message.levels
        guard levels.count >= 3 else { return nil }
        hasUsualRoot = levels[0] == "homie"
        isVersion5 = levels[1] == "5"
        let start = isVersion5 ? 2 : 1
        guard levels.count > start + 1 else { return nil }
        device = levels[start]
        deviceTopic = levels[0...start].joined(separator: "/")
        let rest = Array(levels[(start + 1)...])
        guard HomieAddress.isID(device) else { return nil }
        if rest[0].hasPrefix("$") {
            place = rest.count == 1 ? .device(attribute: rest[0]) : .other
            return
        }
        guard hasUsualRoot || rest.count >= 2, HomieAddress.isID(rest[0]) else { return nil }
        switch rest.count {
        case 2 where rest[1].hasPrefix("$"): place = .other
        case 2: place = .property(node: rest[0], property: rest[1], attribute: nil)
        case 3 where rest[2] == "$target" || !rest[2].hasPrefix("$"): place = .other
        case 3: place = .property(node: rest[0], property: rest[1], attribute: rest[2])
        default: place = .other
        }
    }

    /// Ids of the convention consist of lower-case letters, digits and hyphens; devices in the field use more.
    private static func isID(_ text: String) -> Bool { !text.isEmpty && !text.hasPrefix("$") }
}
