import GarageDomain

/// All entities that devices have announced, by the topics that they report on. Bounded: what comes to a full catalog
/// is not taken in.
struct DiscoveryCatalog: Sendable {
    /// So many entities are known at once.
    static let mostEntities = 2000
    private static let mostPerTopic = 64
    /// So many devices go with their bridge.
    private static let mostBehindBridge = 500

    /// What is read from one topic.
    private struct Place: Sendable {
        struct Item: Sendable {
            let config: String
            let subject: Subject
            let reading: DiscoveredReading
            let actuator: GateActuator?
            let model: SensorModel?
            /// The device behind a bridge that the thing belongs to.
            let device: Subject?
        }
        /// That a device's presence is told here.
        struct Presence: Sendable {
            /// The announcements that say so.
            var configs: Set<String>
            let device: Subject
            let rule: DiscoveredAvailability
            let mode: AvailabilityMode
            /// All topics that tell of the device.
            let topics: [String]
            /// The bridge that this topic is about, if it is not about the device itself.
            let bridge: Subject?
            var last: Bool?
        }
        var items: [Item] = []
        var availability: [Presence] = []
        var unread: Set<String> = []
        var others: Set<String> = []

        var isEmpty: Bool { items.isEmpty && availability.isEmpty && unread.isEmpty && others.isEmpty }
    }

    private var places: [String: Place] = [:]
    /// The topics that each discovery message is about, and how many entities it announced.
    private var configs: [String: (topics: Set<String>, entities: Int)] = [:]
    private(set) var entityCount = 0

    /// Takes in a discovery message; an empty payload takes back what the topic had announced.
    ///
    /// - Parameter naming: What the firmware profiles call the thing that such a message is about.
    mutating func learn(
        _ address: DiscoveryAddress, _ message: ForeignMessage, at site: Site,
        naming: (_ topic: String, _ payload: String, _ kind: Subject.Kind) -> Subject?
    ) {
        forget(message.topic)
        guard !message.payload.isEmpty, let announced = DiscoveryMessage(address, message.payload) else { return }
        guard entityCount + announced.components.count <= Self.mostEntities else { return }
        var topics: Set<String> = []
        let model = announced.model.flatMap(SensorModel.init(naming:))
        for component in announced.components {
            let entity = DiscoveredEntity(component, of: announced)
            // Its own name tells it from the bridge and from the others behind it.
            let isBehindBridge = announced.isBehindBridge || entity.availability.count > 1
            let own = isBehindBridge ? site.device(announced.deviceName) : nil
            for reading in entity.readings {
                let path = reading.template?.expression.jsonPath ?? []
                let sample = path.reversed().reduce(Self.sample(reading.meaning, isJSON: !path.isEmpty)) {
                    #"{"\#($1)":\#($0)}"#
                }
                let kind = reading.meaning.kind
                let subject = naming(reading.topic, sample, kind) ?? site.subject(kind, entity.nameParts)
                let item = Place.Item(
                    config: message.topic, subject: subject, reading: reading, actuator: entity.actuator, model: model,
                    device: entity.availability.isEmpty ? nil : own)
                guard places[reading.topic]?.items.count ?? 0 < Self.mostPerTopic else { continue }
                places[reading.topic, default: Place()].items.append(item)
                topics.insert(reading.topic)
            }
            for rule in entity.availability {
                let named = naming(rule.topic, rule.available, .device)
                let device = own ?? named ?? site.device(announced.deviceName)
                topics.insert(rule.topic)
                var known = places[rule.topic]?.availability ?? []
                if let index = known.firstIndex(where: { $0.device == device }) {
                    known[index].configs.insert(message.topic)
                } else if known.count < Self.mostBehindBridge {
                    known.append(
                        Place.Presence(
                            configs: [message.topic], device: device, rule: rule, mode: entity.availabilityMode,
                            topics: entity.availability.map(\.topic), bridge: named == device ? nil : named))
                }
                places[rule.topic, default: Place()].availability = known
            }
            for topic in entity.unreadTopics {
                places[topic, default: Place()].unread.insert(message.topic)
                topics.insert(topic)
            }
            for topic in entity.otherTopics {
                places[topic, default: Place()].others.insert(message.topic)
                topics.insert(topic)
            }
        }
        configs[message.topic] = (topics, announced.components.count)
        entityCount += announced.components.count
    }

    /// What a message means for the entities that report on its topic; `nil` if there are none.
    mutating func read(_ message: ForeignMessage) -> Finding? {
        guard let place = places[message.topic] else { return nil }
        var finding = Finding()
        for item in place.items {
            if let actuator = item.actuator { finding.actuators[item.subject] = actuator }
            if let model = item.model { finding.models[item.subject] = model }
            if let device = item.device { finding.devices[item.subject] = device }
            let value =
                item.reading.template.map { $0.value(text: message.text, json: message.json) }
                ?? .string(message.text)
            guard let value, let observation = item.reading.meaning.observation(value, of: item.subject),
                !finding.observations.contains(observation)
            else { continue }
            finding.observations.append(observation)
        }
        for index in place.availability.indices { notePresence(index, message, in: &finding) }
        if place.items.isEmpty, place.availability.isEmpty, !place.unread.isEmpty {
            finding.needsMapping = "its template is beyond what is understood"
        }
        return finding
    }

    /// Takes in what a message says of a device's presence: its own topic and its bridge's decide together.
    private mutating func notePresence(_ index: Int, _ message: ForeignMessage, in finding: inout Finding) {
        guard let known = places[message.topic]?.availability[index] else { return }
        let value =
            known.rule.template.map { $0.value(text: message.text, json: message.json) } ?? .string(message.text)
        let isThere: Bool
        switch value?.word {
        case known.rule.available.lowercased(): isThere = true
        case known.rule.notAvailable.lowercased(): isThere = false
        default: return
        }
        places[message.topic]?.availability[index].last = isThere
        let words = known.topics.compactMap { topic in
            places[topic]?.availability.first { $0.device == known.device }?.last
        }
        if let bridge = known.bridge { finding.addStatus(of: bridge, online: isThere) }
        // A bridge that is gone takes its devices along, whatever the mode.
        let isLost = known.bridge != nil && !isThere
        finding.addStatus(of: known.device, online: !isLost && known.mode.isAvailable(words, latest: isThere))
    }

    /// Whether a message on this topic only concerns entities that mean nothing for the garage.
    func isIrrelevant(_ topic: String) -> Bool {
        guard let place = places[topic] else { return false }
        return place.items.isEmpty && place.availability.isEmpty && place.unread.isEmpty
    }

    private mutating func forget(_ config: String) {
        guard let known = configs.removeValue(forKey: config) else { return }
        entityCount -= known.entities
        for topic in known.topics {
            guard var place = places[topic] else { continue }
            place.items.removeAll { $0.config == config }
            for index in place.availability.indices { place.availability[index].configs.remove(config) }
            place.availability.removeAll(where: \.configs.isEmpty)
            place.unread.remove(config)
            place.others.remove(config)
            places[topic] = place.isEmpty ? nil : place
        }
    }

    private static func sample(_ meaning: DiscoveredMeaning, isJSON: Bool) -> String {
        guard isJSON else { return meaning.sample }
        switch meaning {
        case .quantity, .gatePosition: return meaning.sample
        default:
            let word = meaning.sample.lowercased()
            return word == "true" || word == "false" ? word : #""\#(meaning.sample)""#
        }
    }
}
