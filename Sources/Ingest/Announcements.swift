import DeviceProfiles
import GarageDomain
import MQTTBroker
import MQTTCodec
import NIOCore

/// What is told over MQTT about the garage as a whole, retained so that a sign or display has it at once.
enum Announcements {
    /// What the events change.
    static func messages(after events: [DomainEvent], in state: GarageState) -> [LocalMessage] {
        var messages: [LocalMessage] = []
        var garages: Set<Name> = []
        for event in events {
            guard case .spotChanged = event.body, garages.insert(event.subject.garage).inserted else { continue }
            messages.append(occupancy(of: event.subject.garage, in: state))
        }
        return messages
    }

    /// Everything, for the start of the service.
    static func all(of state: GarageState) -> [LocalMessage] {
        Set(state.spots.keys.map(\.garage)).sorted().map { occupancy(of: $0, in: state) }
    }

    private static func occupancy(of garage: Name, in state: GarageState) -> LocalMessage {
        let spots = state.spots.filter { $0.key.garage == garage }
        let occupied = spots.count { $0.value.occupied }
        let message = NativeProfile.occupancy(of: garage, free: spots.count - occupied, occupied: occupied)
        return LocalMessage(
            topic: message.topic, payload: ByteBuffer(bytes: message.payload), qos: .atLeastOnce, retain: true,
            properties: .json)
    }
}

extension Properties {
    /// The properties of a message whose payload is JSON.
    fileprivate static var json: Properties {
        var properties = Properties()
        properties.contentType = "application/json"
        return properties
    }
}
