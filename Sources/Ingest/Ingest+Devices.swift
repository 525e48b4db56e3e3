public import DeviceProfiles
public import EventLog
public import GarageDomain
import GarageEvents
import Synchronization

/// Mapping rules, explanations and webhooks.
extension Ingest: DeviceDoor {
    public func mappings() -> [MappingEntry] { book.withLock { $0.entries } }

    public func addMapping(
        _ rule: MappingText, by origin: EventMetadata
    ) async throws(MappingDoorError) -> Int64 {
        try book.withLock { (book) throws(MappingDoorError) in try book.beginAdding(rule) }
        return try await record(.mappingAdded(rule), id: rule.id, by: origin)
    }

    public func removeMapping(_ id: String, by origin: EventMetadata) async throws(MappingDoorError) -> Int64 {
        try book.withLock { (book) throws(MappingDoorError) in try book.beginRemoving(id) }
        return try await record(.mappingRemoved(MappingRemoved(id: id)), id: id, by: origin)
    }

    private func record(
        _ body: EventBody, id: String, by origin: EventMetadata
    ) async throws(MappingDoorError) -> Int64 {
        let now = options.clock().microseconds
        let garage = options.foreign.garage
        let event = EventCoding.encode(
            DomainEvent(Subject(garage: garage, kind: .garage, name: garage), body), id: EventID.make(at: now),
            time: now, metadata: origin)
        let position: Int64
        do {
            let receipt = try await log.append(AppendRequest(events: [event]))
            position = receipt.positions.first ?? receipt.head
        } catch {
            book.withLock { $0.giveUp(id) }
            throw .storage("\(error)")
        }
        let rules = book.withLock { book in
            book.evolve(body)
            return book.rules
        }
        foreign.withLock { $0.replaceRules(rules) }
        if case .mappingAdded(let text) = body, let rule = try? MappingRule(text) {
            unmapped.withLock { $0.remove { rule.topic.match($0) != nil } }
        }
        return position
    }

    public func explain(topic: String, payload: [UInt8]) -> MessageExplanation {
        var devices = foreign.withLock { $0 }
        return MessageExplanation(topic: topic, payload: payload, profiles: options.profiles, devices: &devices)
    }

    public func report(topic: String, payload: [UInt8], from source: String) async throws(MappingDoorError) {
        let (reading, limits) = foreign.withLock { devices in
            let reading = devices.read(DeviceMessage(topic: topic, payload: payload))
            return (reading, devices.limits(of: reading.sensors))
        }
        learn(limits)
        let origin = Origin(actor: source, channel: "http")
        switch reading.interpretation {
        case .observations(let observations):
            let reporter = Reporter(clientID: source, hasOwnID: false)
            let heard = self.report(on: topic, readBy: reading.reader ?? "native")
            var failure: AppendError?
            for observation in observations {
                let settlement = await settlement(
                    of: .observed(observation, by: reporter), from: origin, report: heard)
                if case .failed(let error) = settlement { failure = error }
            }
            if let failure { throw .storage("\(failure)") }
        case .unmapped:
            let now = options.clock()
            payload.withUnsafeBytes { bytes in
                unmapped.withLock {
                    $0.count(topic: topic, payload: bytes, clientID: source, reason: reading.reason, at: now)
                }
            }
        case .nothing, .command, .ours: break
        }
    }
}

extension MessageExplanation {
    /// What `profiles`, and then `devices`, would make of a message.
    public init(topic: String, payload: [UInt8], profiles: Profiles, devices: inout ForeignDevices) {
        switch profiles.interpret(topic: topic, payload: payload) {
        case .observations(let observations):
            self.init(reader: "native", meanings: observations.map(\.sentence), reason: nil)
        case .command(let gate, let text):
            let meaning = text.action.map { "someone asks \(gate.id) to \($0.rawValue)" }
            self.init(
                reader: "native", meanings: meaning.map { [$0] } ?? [],
                reason: meaning == nil ? "the command can't be read" : nil)
        case .ours: self.init(reader: "native", meanings: [], reason: "only the service itself publishes here")
        case .nothing: self.init(reader: "native", meanings: [], reason: "it is known and not for the log")
        case .unmapped:
            let reading = devices.read(DeviceMessage(topic: topic, payload: payload))
            switch reading.interpretation {
            case .observations(let observations):
                self.init(reader: reading.reader, meanings: observations.map(\.sentence), reason: nil)
            case .unmapped:
                self.init(reader: reading.reader, meanings: [], reason: reading.reason ?? "nobody knows the topic")
            case .nothing, .command, .ours:
                self.init(reader: reading.reader, meanings: [], reason: "it is known and not for the log")
            }
        }
    }
}

extension Observation {
    /// What it says, for a person at a terminal.
    fileprivate var sentence: String {
        switch self {
        case .gateState(let gate, let state): "gate \(gate.id): \(state.rawValue)"
        case .obstruction(let gate, let obstructed): "gate \(gate.id): \(obstructed ? "obstructed" : "clear")"
        case .spot(let spot, let occupied): "spot \(spot.id): \(occupied ? "occupied" : "free")"
        case .reading(let sensor, let quantity, let value):
            "sensor \(sensor.id): \(quantity.rawValue) \(value) \(quantity.unit)"
        case .fault(let sensor, let fault):
            "sensor \(sensor.id): fault \(fault.kind.rawValue) of \(fault.quantity?.rawValue ?? "the whole report")"
        case .deviceStatus(let device, let online): "device \(device.id): \(online ? "online" : "offline")"
        }
    }
}
