public import GarageDomain

/// All that is known of devices that do not speak the service's own convention: the rules that people have made, what
/// devices have announced, and what each firmware's conventions say.
///
/// A value without time or I/O, bounded in memory whatever devices send. The first that knows a topic reads it: a
/// person's rule, then an announcement (Home Assistant's discovery), then a firmware's own topics, then plain words.
public struct ForeignDevices: Sendable {
    /// What is set about foreign devices.
    public struct Settings: Hashable, Sendable {
        /// The garage that they belong to.
        public var garage: Name
        /// Where devices announce themselves.
        public var discoveryPrefixes: [String]
        public var rules: [MappingRule]
        /// Where Home Assistant says that it has started.
        public var homeAssistantPrefix: String
        /// The topics where a message makes some device act: nobody reads a report there.
        public var commandPositions = CommandPositions.known

        /// Whether the message is Home Assistant's word that it has started and wants to hear everything again.
        public func isHomeAssistantBirth(topic: String, payload: some Sequence<UInt8>) -> Bool {
            topic == homeAssistantPrefix + "/status" && payload.elementsEqual("online".utf8)
        }

        public init(
            garage: Name = Name(nearest: "home"), discoveryPrefixes: [String] = ["homeassistant"],
            rules: [MappingRule] = [], homeAssistantPrefix: String = "homeassistant"
        ) {
            self.homeAssistantPrefix = homeAssistantPrefix
            self.garage = garage
            self.discoveryPrefixes = discoveryPrefixes
            self.rules = rules
        }
    }

    /// A message with a longer payload need not be handed over: nobody reads it.
    public static let longestPayload = ForeignMessage.longestPayload

    private static let mostGates = 1000
    private static let mostSensors = 2000

    private let settings: Settings
    private let site: Site
    public private(set) var rules: [MappingRule]
    private var catalog = DiscoveryCatalog()
    private var profiles: [any FirmwareProfile] = ForeignDevices.allProfiles
    private var actuators: [Subject: GateActuator] = [:]
    private var owners = GateOwners()
    private var models: [Subject: SensorModel] = [:]

    /// The firmware profiles in the order in which they are asked, the most telling topics first.
    private static var allProfiles: [any FirmwareProfile] {
        [
            LoRaWANProfile(), ThingsBoardProfile(), ZigbeeProfile(), ShellyProfile(), RatgdoProfile(),
            OpenGarageProfile(), TasmotaProfile(), HomieProfile(), ShellyPlusProfile(), ESPHomeProfile(),
            GenericProfile(),
        ]
    }

    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        site = Site(garage: settings.garage)
        rules = settings.rules
    }

    /// Puts other rules in the place of those in force.
    public mutating func replaceRules(_ rules: [MappingRule]) { self.rules = rules }

    /// What the message says, and who says so.
    ///
    /// - Parameter sender: what the sender may do; `nil` for one who may do everything.
    public mutating func read(_ message: DeviceMessage, by sender: SenderRights? = nil) -> ForeignReading {
        guard let parsed = ForeignMessage(message) else {
            return .tooLong
        }
        if let reading = readByRule(parsed) { return reading }
        if settings.commandPositions.isCommand(message.topic) {
            return ForeignReading(reader: "command topic", interpretation: .nothing)
        }
        if let address = DiscoveryAddress(parsed, prefixes: settings.discoveryPrefixes) {
            if let sender, let refusal = refusal(of: address, parsed, by: sender) { return .refused(refusal) }
            learn(address, parsed)
            return ForeignReading(reader: "discovery", interpretation: .nothing)
        }
        if isHomeAssistantStatus(parsed) { return ForeignReading(reader: "discovery", interpretation: .nothing) }
        var reasons: [String] = []
        if let found = catalog.read(parsed) {
            if found.needsMapping == nil, !catalog.isIrrelevant(message.topic) {
                return take(found, from: "discovery", on: message.topic, by: sender)
            }
            if let reason = found.needsMapping { reasons.append(reason) }
        }
        // A misspelt topic of our own is shown as unmapped. A guess could make a gate of it.
        let isOurs = Profiles.hasGarageShape(message.topic)
        for index in profiles.indices where !isOurs {
            guard let found = profiles[index].read(parsed, at: site) else { continue }
            let name = type(of: profiles[index]).name
            if let reason = found.needsMapping, found.observations.isEmpty {
                if catalog.isIrrelevant(message.topic) { break }
                return .unmapped(reasons.first ?? reason, reader: name)
            }
            return take(found, from: name, on: message.topic, by: sender)
        }
        if catalog.isIrrelevant(message.topic) { return ForeignReading(reader: "discovery", interpretation: .nothing) }
        return .unmapped(reasons.first)
    }

    /// How a gate is moved, if its firmware has told: the messages for its three actions.
    public func actuator(of gate: Subject) -> GateActuator? { actuators[gate] }

    /// The model of a sensor, if its firmware or a rule names it.
    public func model(of sensor: Subject) -> SensorModel? { models[sensor] }

    /// What those of these sensors can plausibly report whose model is known.
    public func limits(of sensors: Set<Subject>) -> [Subject: SensorLimits] {
        guard !models.isEmpty else { return [:] }
        return sensors.reduce(into: [:]) { limits, sensor in limits[sensor] = models[sensor]?.limits }
    }

    private mutating func readByRule(_ message: ForeignMessage) -> ForeignReading? {
        var whole = Finding()
        var reader: String?
        for rule in rules {
            guard let found = rule.read(message, at: site) else { continue }
            if reader == nil { reader = "rule \(rule.id)" }
            whole.add(found)
        }
        guard let reader else { return nil }
        if whole.observations.isEmpty, let reason = whole.needsMapping {
            return .unmapped(reason, reader: reader)
        }
        // A person has decided what the topic says of which gate.
        return take(whole, from: reader, on: message.topic, by: nil)
    }

    /// Why an announcement is refused: what it names are not the sender's own topics.
    private func refusal(
        of address: DiscoveryAddress, _ message: ForeignMessage, by sender: SenderRights
    ) -> String? {
        guard !message.payload.isEmpty, let announced = DiscoveryMessage(address, message.payload) else { return nil }
        for component in announced.components {
            let entity = DiscoveredEntity(component, of: announced)
            let reported = entity.readings.map(\.topic) + entity.availability.map(\.topic)
            let foreign =
                reported.first { !sender.mayPublish($0) }
                ?? entity.actuator?.topics.first { !sender.maySubscribe($0) }
            if let foreign { return "announce \(foreign) in \(message.topic)" }
        }
        return nil
    }

    private mutating func learn(_ address: DiscoveryAddress, _ message: ForeignMessage) {
        let (profiles, site) = (profiles, site)
        catalog.learn(address, message, at: site) { topic, payload, kind in
            guard
                let sample = ForeignMessage(
                    DeviceMessage(topic: topic, payload: Array(payload.utf8), userName: nil, clientID: nil))
            else { return nil }
            for var profile in profiles {
                // Plain words name the parts of a JSON payload one by one; the announcement knows that they belong together.
                if profile is GenericProfile, sample.json != nil { break }
                guard let found = profile.read(sample, at: site) else { continue }
                return found.observations.first { $0.subject.kind == kind }?.subject
            }
            return nil
        }
    }

    /// A value that the sensor's model can't have measured is a fault.
    private func withinModel(_ observation: Observation) -> Observation {
        guard case .reading(let sensor, let quantity, let value) = observation,
            let range = models[sensor]?.range(of: quantity), !range.contains(value)
        else { return observation }
        return .fault(sensor, SensorFault(quantity: quantity, kind: .outOfRange, raw: "\(value)"))
    }

    private func isHomeAssistantStatus(_ message: ForeignMessage) -> Bool {
        (settings.discoveryPrefixes + [settings.homeAssistantPrefix]).contains { message.topic == $0 + "/status" }
    }

    /// Notes that a user reports a gate by topics to which it has a right of its own. Another's actuator is forgotten.
    public mutating func claim(_ gate: Subject, by user: String) {
        if owners.claim(gate, by: user) { actuators[gate] = nil }
    }

    private mutating func take(
        _ finding: Finding, from reader: String, on topic: String, by sender: SenderRights?
    ) -> ForeignReading {
        var finding = finding
        if let sender {
            let gates = finding.gates
            for gate in gates {
                if let owner = owners.other(than: sender, of: gate) {
                    return .refused("report gate \(gate.id) of the device \(owner) on \(topic)")
                }
            }
            if let user = sender.user { for gate in gates { claim(gate, by: user) } }
            // Nobody is asked on a topic where the sender could not hear it.
            finding.actuators = finding.actuators.filter { $0.value.topics.allSatisfy(sender.maySubscribe) }
        }
        for (gate, actuator) in finding.actuators where actuators[gate] != nil || actuators.count < Self.mostGates {
            actuators[gate] = actuator
        }
        for (sensor, model) in finding.models where models[sensor] != nil || models.count < Self.mostSensors {
            models[sensor] = model
        }
        let observations = finding.observations.map(withinModel)
        var reading = ForeignReading(
            reader: reader, interpretation: observations.isEmpty ? .nothing : .observations(observations))
        reading.devices = finding.devices
        return reading
    }
}

/// What a message of a foreign device says.
public struct ForeignReading: Hashable, Sendable {
    /// The rule or profile that read it, in words; `nil` if none knows the topic.
    public var reader: String?
    public var interpretation: Interpretation
    /// Why the message is unmapped although somebody knows its topic.
    public var reason: String?
    /// The devices behind a bridge that things belong to, where that is known.
    public var devices: [Subject: Subject] = [:]
    /// What the sender tried that it may not, in words; the message is to be refused.
    public var refusal: String?

    /// The sensors whose values it holds.
    public var sensors: Set<Subject> {
        guard case .observations(let observations) = interpretation else { return [] }
        return Set(observations.compactMap { if case .reading(let sensor, _, _) = $0 { sensor } else { nil } })
    }

    /// A message that no device of a garage would send.
    public static let tooLong = unmapped("the topic or the payload is too long for a device's")

    static func refused(_ attempt: String) -> ForeignReading {
        var reading = ForeignReading(interpretation: .nothing)
        reading.refusal = attempt
        return reading
    }

    static func unmapped(_ reason: String?, reader: String? = nil) -> ForeignReading {
        ForeignReading(reader: reader, interpretation: .unmapped, reason: reason)
    }
}
