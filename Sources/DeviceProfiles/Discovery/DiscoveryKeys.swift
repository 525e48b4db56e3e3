/// A discovery message's object with short and long keys read alike, and `~` put in.
///
/// Home Assistant documents a short form of each key; only those that are read here are listed.
struct DiscoveryKeys {
    private let object: JSONValue
    /// What `~` at the beginning or end of a topic stands for.
    private let base: String?
    /// Where keys are looked up that the object itself does not have: what a device says for all its components.
    private let shared: JSONValue?

    init(_ object: JSONValue, shared: JSONValue? = nil) {
        self.object = object
        self.shared = shared
        base = object["~"]?.string ?? shared?["~"]?.string
    }

    /// A topic or template is not longer.
    private static let longest = 1024

    subscript(key: Key) -> JSONValue? {
        object[key.rawValue] ?? object[key.short] ?? (key.isShared ? shared?[key.rawValue] ?? shared?[key.short] : nil)
    }

    /// The text of a key, if it has one of a sensible length.
    func text(_ key: Key) -> String? {
        guard let text = self[key]?.string, text.utf8.count <= DiscoveryKeys.longest else { return nil }
        return text
    }

    /// A topic, with `~` put in.
    func topic(_ key: Key) -> String? { text(key).map(expanded).flatMap { $0.isEmpty ? nil : $0 } }

    /// A payload; `null` takes the action away.
    func payload(_ key: Key, default word: String) -> String? {
        switch self[key] {
        case nil: word
        case .null?: nil
        case .bool(let value)?: value ? "True" : "False"
        case let value?: value.text.utf8.count <= DiscoveryKeys.longest ? value.text : nil
        }
    }

    func expanded(_ topic: String) -> String {
        guard let base else { return topic }
        if topic.hasPrefix("~") { return base + topic.dropFirst() }
        if topic.hasSuffix("~") { return topic.dropLast() + base }
        return topic
    }

    enum Key: String, CaseIterable {
        case stateTopic = "state_topic"
        case commandTopic = "command_topic"
        case commandTemplate = "command_template"
        case positionTopic = "position_topic"
        case positionTemplate = "position_template"
        case positionOpen = "position_open"
        case positionClosed = "position_closed"
        case valueTemplate = "value_template"
        case deviceClass = "device_class"
        case unit = "unit_of_measurement"
        case name
        case objectID = "object_id"
        case uniqueID = "unique_id"
        case availabilityTopic = "availability_topic"
        case availabilityTemplate = "availability_template"
        case availability
        case availabilityMode = "availability_mode"
        case topic
        case payloadAvailable = "payload_available"
        case payloadNotAvailable = "payload_not_available"
        case payloadOn = "payload_on"
        case payloadOff = "payload_off"
        case payloadOpen = "payload_open"
        case payloadClose = "payload_close"
        case payloadStop = "payload_stop"
        case stateOpen = "state_open"
        case stateOpening = "state_opening"
        case stateClosed = "state_closed"
        case stateClosing = "state_closing"
        case stateStopped = "state_stopped"
        case device
        case identifiers
        case connections
        case model
        case components
        case platform
        case origin
        case viaDevice = "via_device"

        var short: String {
            switch self {
            case .stateTopic: "stat_t"
            case .commandTopic: "cmd_t"
            case .commandTemplate: "cmd_tpl"
            case .positionTopic: "pos_t"
            case .positionTemplate: "pos_tpl"
            case .positionOpen: "pos_open"
            case .positionClosed: "pos_clsd"
            case .valueTemplate: "val_tpl"
            case .deviceClass: "dev_cla"
            case .unit: "unit_of_meas"
            case .name: "name"
            case .objectID: "obj_id"
            case .uniqueID: "uniq_id"
            case .availabilityTopic: "avty_t"
            case .availabilityTemplate: "avty_tpl"
            case .availability: "avty"
            case .availabilityMode: "avty_mode"
            case .topic: "t"
            case .payloadAvailable: "pl_avail"
            case .payloadNotAvailable: "pl_not_avail"
            case .payloadOn: "pl_on"
            case .payloadOff: "pl_off"
            case .payloadOpen: "pl_open"
            case .payloadClose: "pl_cls"
            case .payloadStop: "pl_stop"
            case .stateOpen: "stat_open"
            case .stateOpening: "stat_opening"
            case .stateClosed: "stat_clsd"
            case .stateClosing: "stat_closing"
            case .stateStopped: "stat_stopped"
            case .device: "dev"
            case .identifiers: "ids"
            case .connections: "cns"
            case .model: "mdl"
            case .components: "cmps"
            case .platform: "p"
            case .origin: "o"
            case .viaDevice: "via_device"
            }
        }

        /// Whether a device may say it for all its components.
        var isShared: Bool {
            switch self {
            case .stateTopic, .commandTopic, .availabilityTopic, .availabilityTemplate, .availability,
                .availabilityMode, .payloadAvailable, .payloadNotAvailable, .device:
                true
            default: false
            }
        }
    }
}
