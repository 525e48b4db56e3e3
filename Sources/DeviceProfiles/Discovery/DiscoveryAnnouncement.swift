public import GarageDomain

/// What the service announces to a Home Assistant that is connected to its broker: each of its things as a device of its
/// own, in one retained message (the device-based form, Home Assistant 2024.11 and later).
///
/// Values are kept retained on topics of their own, in the same words for all things, whatever their devices say.
/// Commands go to the gate's own command topic, where each is recorded.
public enum DiscoveryAnnouncement {
    /// The message that announces a thing; `nil` for kinds that are not announced.
    ///
    /// - Parameters:
    ///   - quantities: what a sensor measures.
    ///   - prefix: Home Assistant's discovery prefix.
    ///   - version: the service's own version, as the origin names it.
    public static func message(
        for subject: Subject, quantities: [Quantity] = [], prefix: String, version: String
    ) -> OutgoingMessage? {
        let components: [(key: String, members: [(String, DiscoveryJSON)])]
        switch subject.kind {
        case .gate: components = gate(subject)
        case .spot: components = spot(subject)
        case .sensor: components = quantities.map { sensor(subject, $0) }
        case .device, .garage: return nil
        }
        guard !components.isEmpty else { return nil }
        let id = identifier(of: subject)
        let body = DiscoveryJSON.object([
            (
                "dev",
                .object([
                    ("ids", .array([.text(id)])), ("name", .text(subject.name.text)),
                    ("mf", .text("garage")), ("sa", .text(subject.garage.text)),
                ])
            ),
            ("o", .object([("name", .text("garage")), ("sw", .text(version))])),
            ("avty", .array(availabilityTopics(of: subject).map { .object([("t", .text($0))]) })),
            ("avty_mode", .text("all")),
            ("cmps", .object(components.map { ($0.key, .object($0.members)) })),
        ])
        return OutgoingMessage(topic: topic(for: subject, prefix: prefix), payload: Array(body.text.utf8))
    }

    /// A sensor whose value is not told again for so long has none any more, for Home Assistant. A value that stays the same
    /// has to be published again before.
    public static let valuesLastSeconds = 3600

    /// Where the announcement of a thing is; an empty retained message there takes it back.
    public static func topic(for subject: Subject, prefix: String) -> String {
        "\(prefix)/device/\(identifier(of: subject))/config"
    }

    /// Where the service says whether it is there: `online`, retained.
    public static func availabilityTopic(of garage: Name) -> String { "garage/\(garage)/availability" }

    /// Where it is kept whether the device of a gate is there: `online` or `offline`, retained. Other things have no such
    /// topic: their devices may well sleep between two reports.
    public static func availabilityTopic(ofGate gate: Subject) -> String { valueTopic(of: gate, "availability") }

    private static func availabilityTopics(of subject: Subject) -> [String] {
        [availabilityTopic(of: subject.garage)] + (subject.kind == .gate ? [availabilityTopic(ofGate: subject)] : [])
    }

    /// Whether a retained message is one that the service has announced a thing with, under whatever prefix, or a value
    /// that such an announcement speaks of: what is no longer wanted of them is taken back.
    public static func isOurs(topic: String, payload: some Collection<UInt8>) -> Bool {
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        if levels.count == 6, levels[0] == "garage", levels[2] == "published" { return true }
        if levels.count == 3, levels[0] == "garage", levels[2] == "availability" { return true }
        guard levels.count >= 4, levels[levels.count - 1] == "config", levels[levels.count - 3] == "device",
            levels[levels.count - 2].hasPrefix("garage_")
        else { return false }
        return String(decoding: payload, as: UTF8.self).contains(#""o":{"name":"garage","#)
    }

    /// Where a thing's value is kept for Home Assistant, retained.
    public static func stateTopic(of subject: Subject, _ quantity: Quantity? = nil) -> String {
        valueTopic(of: subject, quantity?.rawValue ?? "state")
    }

    /// What is kept of a gate whose state is not known: Home Assistant's word for a value that is none.
    public static let unknown = "None"

    /// Where it is kept whether something is in a gate's way, retained.
    public static func obstructionTopic(of gate: Subject) -> String { valueTopic(of: gate, "obstruction") }

    private static func valueTopic(of subject: Subject, _ property: String) -> String {
        "garage/\(subject.garage)/published/\(subject.kind.rawValue)/\(subject.name)/\(property)"
    }

    private static func identifier(of subject: Subject) -> String {
        "garage_\(subject.garage)_\(subject.kind.rawValue)_\(subject.name)"
    }

    private static func gate(_ gate: Subject) -> [(key: String, members: [(String, DiscoveryJSON)])] {
        let cover: [(String, DiscoveryJSON)] = [
            ("p", .text("cover")), ("name", .null), ("dev_cla", .text("gate")),
            ("uniq_id", .text(identifier(of: gate))), ("stat_t", .text(stateTopic(of: gate))),
            ("cmd_t", .text(NativeProfile.commandTopic(of: gate))), ("pl_open", .text("OPEN")),
            ("pl_cls", .text("CLOSE")),
            ("pl_stop", .text("STOP")), ("qos", .number(1)), ("ret", .bool(false)), ("opt", .bool(false)),
        ]
        let obstruction: [(String, DiscoveryJSON)] = [
            ("p", .text("binary_sensor")), ("name", .text("Obstruction")), ("dev_cla", .text("problem")),
            ("uniq_id", .text(identifier(of: gate) + "_obstruction")), ("stat_t", .text(obstructionTopic(of: gate))),
            ("pl_on", .text("obstructed")), ("pl_off", .text("clear")),
        ]
        return [("gate", cover), ("obstruction", obstruction)]
    }

    private static func spot(_ spot: Subject) -> [(key: String, members: [(String, DiscoveryJSON)])] {
        let members: [(String, DiscoveryJSON)] = [
            ("p", .text("binary_sensor")), ("name", .null), ("dev_cla", .text("occupancy")),
            ("uniq_id", .text(identifier(of: spot))), ("stat_t", .text(stateTopic(of: spot))),
            ("pl_on", .text("occupied")), ("pl_off", .text("free")),
        ]
        return [("spot", members)]
    }

    private static func sensor(
        _ sensor: Subject, _ quantity: Quantity
    ) -> (key: String, members: [(String, DiscoveryJSON)]) {
        let members: [(String, DiscoveryJSON)] = [
            ("p", .text("sensor")), ("dev_cla", .text(quantity.rawValue)),
            ("unit_of_meas", .text(quantity == .temperature ? "°C" : "%")), ("stat_cla", .text("measurement")),
            ("uniq_id", .text("\(identifier(of: sensor))_\(quantity.rawValue)")),
            ("stat_t", .text(stateTopic(of: sensor, quantity))), ("exp_aft", .number(valuesLastSeconds)),
        ]
        return (quantity.rawValue, members)
    }
}

/// JSON that is written with its members in the order in which they stand.
indirect enum DiscoveryJSON {
    case null
    case bool(Bool)
    case number(Int)
    case text(String)
    case array([DiscoveryJSON])
    case object([(String, DiscoveryJSON)])

    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): "\(value)"
        case .text(let text): JSONText.quoted(text)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { JSONText.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
        }
    }
}
