public import DeviceProfiles
public import GarageDomain
import Logging
import MQTTBroker
import MQTTCodec
import Synchronization

/// Devices that do not speak the service's own convention.
extension Ingest {
    /// Decides on a message outside the service's own topics: a known firmware's, an announcement, or nobody's.
    func inspectForeign(_ publish: borrowing PublishInspection) -> PublishVerdict {
        let client = publish.client
        let topic = publish.topicName
        if options.foreign.isHomeAssistantBirth(topic: topic, payload: publish.payload) {
            homeAssistantBirths.wrappingAdd(1, ordering: .relaxed)
        }
        let reading: ForeignReading
        var limits: [Subject: SensorLimits] = [:]
        if publish.payload.count <= ForeignDevices.longestPayload {
            let message = DeviceMessage(
                topic: topic, payload: publish.payloadBytes, isRetained: publish.retain,
                userName: client.principal.name, clientID: client.hasAssignedID ? nil : client.clientID)
            (reading, limits) = foreign.withLock { devices in
                let reading = devices.read(message, by: rights(of: client))
                return (reading, devices.limits(of: reading.sensors))
            }
        } else {
            reading = .tooLong
        }
        if let refusal = reading.refusal {
            deny(refusal, to: client)
            return .refuse(.notAuthorized)
        }
        learn(limits)
        switch reading.interpretation {
        case .observations(let observations):
            return observe(
                observations, readBy: reading.reader ?? "generic", of: reading.devices, in: publish, keepsState: false)
        case .nothing, .command, .ours: return .forward
        case .unmapped:
            let now = options.clock()
            unmapped.withLock {
                $0.count(
                    topic: topic, payload: publish.payload, clientID: client.clientID, reason: reading.reason, at: now)
            }
            return .forward
        }
    }

    /// What a client may do that has a name; others may do everything.
    private func rights(of client: ClientContext) -> SenderRights? {
        guard let name = client.principal.name else { return nil }
        let gatekeeper = options.gatekeeper
        return SenderRights(
            user: client.isBridge ? nil : name,
            mayPublish: { gatekeeper.mayPublish($0, client) },
            maySubscribe: { gatekeeper.maySubscribe($0, client) },
            isRemoved: { gatekeeper.isRemoved($0) })
    }

    /// Notes whose the gates are that a client reports by topics to which it has a right.
    func claim(_ observations: [Observation], for client: ClientContext) {
        guard let user = client.principal.name, !client.isBridge else { return }
        for observation in observations where observation.subject.kind == .gate {
            foreign.withLock { $0.claim(observation.subject, by: user) }
        }
    }

    /// Hears again what devices have announced, from the retained messages with which the broker begins. Nothing is
    /// recorded: what a retained message says was recorded when it came.
    public func recall(_ retained: [(topic: [UInt8], payload: [UInt8])]) {
        foreign.withLock { devices in
            for (topic, payload) in retained where payload.count <= ForeignDevices.longestPayload {
                let topic = String(decoding: topic, as: UTF8.self)
                if !Profiles.isGarageTopic(topic) {
                    _ = devices.read(DeviceMessage(topic: topic, payload: payload, isRetained: true))
                }
            }
        }
    }

    /// How often a Home Assistant has said that it has started. Each time it wants to hear all announcements again.
    public var homeAssistantStarts: Int { homeAssistantBirths.load(ordering: .relaxed) }

    /// How a gate is moved if its firmware has said so; `nil` for a gate of the service's own convention.
    public func actuator(of gate: Subject) -> GateActuator? { foreign.withLock { $0.actuator(of: gate) } }
}
