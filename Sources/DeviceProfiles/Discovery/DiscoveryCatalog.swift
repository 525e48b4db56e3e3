import GarageDomain

/// All entities that devices have announced, by the topics that they report on. Bounded: what comes to a full catalog
/// is not taken in.
struct DiscoveryCatalog: Sendable {
    /// So many entities are known at once.
    static let mostEntities = 2000
    private static let mostPerTopic = 64

    /// What is read from one topic.
    private struct Place: Sendable {
        struct Item: Sendable {
            let config: String
            let subject: Subject
            let reading: DiscoveredReading
            let actuator: GateActuator?
            let model: SensorModel?
        }
        var items: [Item] = []
        var availability: [(config: String, device: Subject, rule: DiscoveredAvailability)] = []
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
            for reading in entity.readings {
                let path = reading.template?.expression.jsonPath ?? []
                let sample = path.reversed().reduce(Self.sample(reading.meaning, isJSON: !path.isEmpty)) {
                    #"{"\#($1)":\#($0)}"#
                }
                let kind = reading.meaning.kind
                let subject = naming(reading.topic, sample, kind) ?? site.subject(kind, entity.nameParts)
                let item = Place.Item(
                    config: message.topic, subject: subject, reading: reading, actuator: entity.actuator, model: model)
                guard places[reading.topic]?.items.count ?? 0 < Self.mostPerTopic else { continue }
                places[reading.topic, default: Place()].items.append(item)
                topics.insert(reading.topic)
            }
            for rule in entity.availability {
                let device =
                    naming(rule.topic, rule.available, .device) ?? site.device(announced.deviceName)
                let known = places[rule.topic]?.availability ?? []
                guard known.count < Self.mostPerTopic, !known.contains(where: { $0.device == device }) else { continue }
                places[rule.topic, default: Place()].availability.append((message.topic, device, rule))
                topics.insert(rule.topic)
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
    func read(_ message: ForeignMessage) -> Finding? {
        guard let place = places[message.topic] else { return nil }
        var finding = Finding()
        for item in place.items {
            if let actuator = item.actuator { finding.actuators[item.subject] = actuator }
            if let model = item.model { finding.models[item.subject] = model }
            let value =
                item.reading.template.map { $0.value(text: message.text, json: message.json) }
                ?? .string(message.text)
            guard let value, let observation = item.reading.meaning.observation(value, of: item.subject),
                !finding.observations.contains(observation)
            else { continue }
            finding.observations.append(observation)
        }
        for (_, device, rule) in place.availability {
            let value = rule.template.map { $0.value(text: message.text, json: message.json) } ?? .string(message.text)
            guard let word = value?.word else { continue }
            if word == rule.available.lowercased() {
                finding.observations.append(.deviceStatus(device, online: true))
            } else if word == rule.notAvailable.lowercased() {
                finding.observations.append(.deviceStatus(device, online: false))
            }
        }
        if place.items.isEmpty, place.availability.isEmpty, !place.unread.isEmpty {
            finding.needsMapping = "its template is beyond what is understood"
        }
        return finding
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
            place.availability.removeAll { $0.config == config }
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
