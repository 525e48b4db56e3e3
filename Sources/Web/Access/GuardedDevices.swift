import EventLog
import GarageDomain
import Ingest

/// The device door as callers over HTTP get it: every origin names the caller. Who may come so far is decided by path.
struct GuardedDevices: DeviceDoor {
    let devices: any DeviceDoor

    func mappings() -> [MappingEntry] { devices.mappings() }

    func addMapping(_ rule: MappingText, by origin: EventMetadata) async throws(MappingDoorError) -> Int64 {
        try await devices.addMapping(rule, by: CallerIdentity.current.named(origin))
    }

    func removeMapping(_ id: String, by origin: EventMetadata) async throws(MappingDoorError) -> Int64 {
        try await devices.removeMapping(id, by: CallerIdentity.current.named(origin))
    }

    func explain(topic: String, payload: [UInt8]) -> MessageExplanation {
        devices.explain(topic: topic, payload: payload)
    }

    func report(topic: String, payload: [UInt8], from source: String) async throws(MappingDoorError) {
        try await devices.report(topic: topic, payload: payload, from: source)
    }
}

extension CallerIdentity {
    /// The origin with this caller's name in it.
    fileprivate func named(_ origin: EventMetadata) -> EventMetadata {
        guard let actor else { return origin }
        var origin = origin
        origin.actor = actor
        if self == .commandLine { origin.channel = "cli" }
        return origin
    }
}
