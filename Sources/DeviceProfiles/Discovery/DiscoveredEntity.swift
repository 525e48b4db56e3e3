import GarageDomain

/// What an announced entity's messages mean for the garage.
enum DiscoveredMeaning: Hashable, Sendable {
    /// The words for a gate's states, in lower case.
    case gateState([String: GateState])
    /// The positions of an open and a closed gate.
    case gatePosition(open: Double, closed: Double)
    /// On is open.
    case contact(on: String, off: String)
    case occupancy(on: String, off: String)
    case obstruction(on: String, off: String)
    case quantity(Quantity, TemperatureUnit)

    var kind: Subject.Kind {
        switch self {
        case .gateState, .gatePosition, .contact, .obstruction: .gate
        case .occupancy: .spot
        case .quantity: .sensor
        }
    }

    /// A payload that the entity could send, to ask the firmware profiles what they would call the thing.
    var sample: String {
        switch self {
        case .gateState(let words): words.first { $0.value == .open }?.key ?? "open"
        case .gatePosition: "100"
        case .contact(let on, _), .occupancy(let on, _), .obstruction(let on, _): on
        case .quantity: "20"
        }
    }

    /// What a value says about a thing, if anything.
    func observation(_ value: JSONValue, of subject: Subject) -> Observation? {
        switch self {
        case .gateState(let words): return words[value.word].map { .gateState(subject, $0) }
        case .gatePosition(let open, let closed):
            guard let position = value.number else { return nil }
            if position == open { return .gateState(subject, .open) }
            return position == closed ? .gateState(subject, .closed) : nil
        case .contact(let on, let off):
            return Self.isOn(value, on, off).map { .gateState(subject, $0 ? .open : .closed) }
        case .occupancy(let on, let off): return Self.isOn(value, on, off).map { .spot(subject, occupied: $0) }
        case .obstruction(let on, let off): return Self.isOn(value, on, off).map { .obstruction(subject, $0) }
        case .quantity(let quantity, let unit): return Report.measured(value, quantity, of: subject, unit: unit)
        }
    }

    private static func isOn(_ value: JSONValue, _ on: String, _ off: String) -> Bool? {
        value.word == on.lowercased() ? true : value.word == off.lowercased() ? false : nil
    }
}

/// One topic of an announced entity.
struct DiscoveredReading: Hashable, Sendable {
    let topic: String
    let meaning: DiscoveredMeaning
    /// `nil` takes the payload as it is.
    let template: ValueTemplate?
}

/// Where a device says that it is there.
struct DiscoveredAvailability: Hashable, Sendable {
    let topic: String
    let available: String
    let notAvailable: String
    let template: ValueTemplate?
}

/// What several availability topics of a device mean together.
enum AvailabilityMode: String, Hashable, Sendable {
    /// The device is there if all say so.
    case all
    /// The device is there if one says so.
    case any
    /// What was said last holds.
    case latest

    /// Whether the device is there.
    ///
    /// - Parameter words: what each topic said last, as far as it has.
    func isAvailable(_ words: [Bool], latest: Bool) -> Bool {
        switch self {
        case .all: words.allSatisfy { $0 }
        case .any: words.contains(true)
        case .latest: latest
        }
    }
}

/// An announced entity that means something for the garage.
struct DiscoveredEntity: Hashable, Sendable {
    var readings: [DiscoveredReading] = []
    var availability: [DiscoveredAvailability] = []
    var availabilityMode = AvailabilityMode.latest
    var actuator: GateActuator?
    /// The parts of the name of the thing, if the firmware profiles have none for it.
    var nameParts: [String] = []
    /// Topics of entities that mean nothing for the garage: known, so not unmapped.
    var otherTopics: [String] = []
    /// Topics that are read by a template that is not understood.
    var unreadTopics: [String] = []
}
