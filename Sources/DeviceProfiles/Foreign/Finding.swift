import GarageDomain

/// What one profile makes of a message on a topic that it knows.
struct Finding: Hashable {
    /// What the device reports; empty if the message is known and says nothing for the log.
    var observations: [Observation] = []
    /// How the gates that the message is about are moved, where the firmware says so.
    var actuators: [Subject: GateActuator] = [:]
    /// The models of the sensors that the message is about, where it names them.
    var models: [Subject: SensorModel] = [:]
    /// The devices behind a bridge that things belong to, where that is known.
    var devices: [Subject: Subject] = [:]
    /// Why the message says nothing although a person may have expected it to: the topic needs a mapping rule.
    var needsMapping: String?

    /// The gates that the message is about.
    var gates: Set<Subject> {
        var gates = Set(actuators.keys)
        for observation in observations where observation.subject.kind == .gate { gates.insert(observation.subject) }
        return gates
    }

    /// A message that is known and says nothing for the log.
    static let nothing = Finding()

    static func needsMapping(_ reason: String) -> Finding { Finding(needsMapping: reason) }

    static func observed(_ observations: Observation...) -> Finding { Finding(observations: observations) }

    /// Says once whether a device is there.
    mutating func addStatus(of device: Subject, online: Bool) {
        let observation = Observation.deviceStatus(device, online: online)
        if !observations.contains(observation) { observations.append(observation) }
    }

    mutating func add(_ other: Finding) {
        observations += other.observations
        actuators.merge(other.actuators) { $1 }
        models.merge(other.models) { $1 }
        devices.merge(other.devices) { $1 }
        needsMapping = needsMapping ?? other.needsMapping
    }
}

/// The conventions of one kind of foreign firmware. A value: what it has learned of its devices is part of it.
protocol FirmwareProfile: Sendable {
    /// The profile's name as shown to people, for example `tasmota`.
    static var name: String { get }

    init()

    /// What the message says, or `nil` if the topic is none of this firmware's.
    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding?
}
