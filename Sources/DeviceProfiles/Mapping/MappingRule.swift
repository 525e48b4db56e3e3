public import GarageDomain

/// A person's own word on what a topic means.
public struct MappingRule: Hashable, Sendable {
    /// What of a thing a rule tells. The raw value is the word used in the configuration and the API.
    public enum Property: String, Hashable, Sendable, CaseIterable {
        /// Of a sensor.
        case temperature, humidity
        /// Of a gate: where it is.
        case state
        /// Of a gate: a number, 0 closed and 100 open.
        case position
        /// Of a gate: whether something is in its way.
        case obstruction
        /// Of a spot.
        case occupancy
        /// Of a device: whether it is there.
        case status

        /// The kind of thing that has the property.
        public var kind: Subject.Kind {
            switch self {
            case .temperature, .humidity: .sensor
            case .state, .position, .obstruction: .gate
            case .occupancy: .spot
            case .status: .device
            }
        }
    }

    /// How a rule's gate is moved.
    public struct Command: Hashable, Sendable {
        /// The topic, in which `{name}` stands for the text of a named wildcard.
        public var topic: String
        /// The payload for each action; `nil` if the opener has none.
        public var open: String?
        public var close: String?
        public var stop: String?

        public init(topic: String, open: String?, close: String?, stop: String?) {
            self.topic = topic
            self.open = open
            self.close = close
            self.stop = stop
        }

        /// Whether one pulse does everything.
        var isToggle: Bool { open != nil && open == close }
    }

    /// The name of the rule, 1 to 64 characters.
    public var id: String
    public var topic: TopicPattern
    /// Where in a JSON payload the value is; `nil` takes the payload as a whole.
    public var pointer: JSONPointer?
    public var property: Property
    /// The thing's name, in which `{name}` stands for the text of a named wildcard.
    public var name: String
    public var scale: Double
    public var offset: Double
    /// Whether temperatures come in degrees Fahrenheit.
    public var isFahrenheit: Bool
    /// The device's words and the words that they stand for: `open`, `closed`, `opening`, `closing`, `stopped`,
    /// `occupied`, `free`, `obstructed`, `clear`, `online`, `offline`, or `ignore`.
    public var values: [String: String]
    public var model: SensorModel?
    public var command: Command?

    public init(
        id: String, topic: TopicPattern, pointer: JSONPointer? = nil, property: Property, name: String,
        scale: Double = 1, offset: Double = 0, isFahrenheit: Bool = false, values: [String: String] = [:],
        model: SensorModel? = nil, command: Command? = nil
    ) {
        self.id = id
        self.topic = topic
        self.pointer = pointer
        self.property = property
        self.name = name
        self.scale = scale
        self.offset = offset
        self.isFahrenheit = isFahrenheit
        self.values = values
        self.model = model
        self.command = command
    }

    /// What the message says by this rule, or `nil` if the rule is not about its topic.
    func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        guard let captured = topic.match(message.topic) else { return nil }
        let subject = site.subject(property.kind, filled(name, captured))
        var finding = Finding()
        if let model { finding.models[subject] = model }
        if let command { finding.actuators[subject] = actuator(command, captured) }
        let value: JSONValue
        if let pointer {
            guard let json = message.json, let found = pointer.value(in: json) else {
                finding.needsMapping = "rule '\(id)' finds nothing at \(pointer)"
                return finding
            }
            value = found
        } else {
            value = .string(message.text)
        }
        let word = values[value.text] ?? values[value.word] ?? value.word
        if word == "ignore" { return finding }
        guard let observation = observation(word, value, of: subject) else {
            finding.needsMapping = "rule '\(id)' has no meaning for '\(value.text.prefix(40))'"
            return finding
        }
        finding.observations = [observation]
        return finding
    }

    private func observation(_ word: String, _ value: JSONValue, of subject: Subject) -> Observation? {
        switch property {
        case .temperature, .humidity:
            return Report.measured(
                value, property == .temperature ? .temperature : .humidity, of: subject,
                unit: isFahrenheit ? .fahrenheit : .celsius,
                conversion: LinearConversion(scale: scale, offset: offset))
        case .state: return Vocabulary.gateState(Vocabulary.folded(word)).map { .gateState(subject, $0) }
        case .position:
            guard let number = value.number else { return nil }
            return .gateState(subject, Report.resting(at: number * scale + offset))
        case .obstruction: return Words.isObstructed(word).map { .obstruction(subject, $0) }
        case .occupancy: return occupied(word, value).map { .spot(subject, occupied: $0) }
        case .status:
            return (Words.isOnline(word) ?? Vocabulary.isOn(word)).map { .deviceStatus(subject, online: $0) }
        }
    }

    private func occupied(_ word: String, _ value: JSONValue) -> Bool? {
        Vocabulary.isOccupied(Vocabulary.folded(word))
    }

    private func actuator(_ command: Command, _ captured: [String: String]) -> GateActuator {
        var actuator = GateActuator(
            topic: filled(command.topic, captured), open: command.open, close: command.close, stop: command.stop)
        actuator.isToggle = command.isToggle
        return actuator
    }

    private func filled(_ text: String, _ captured: [String: String]) -> String {
        var text = text
        for (name, value) in captured { text = text.replacing("{\(name)}", with: value) }
        return text
    }
}
