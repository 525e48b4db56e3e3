import DeviceProfiles
import GarageDomain
import MQTTBroker
import MQTTCodec
import NIOCore

/// What is told over MQTT about the garage as a whole, retained so that a sign or display has it at once.
enum Announcements {
    /// Whether an event changes anything of it.
    static func tell(of event: DomainEvent) -> Bool {
        switch event.body {
        case .spotChanged, .alertRaised, .alertCleared, .eventAcknowledged: true
        default: false
        }
    }

    /// What the events change.
    static func messages(after events: [DomainEvent], in state: GarageState) -> [LocalMessage] {
        var messages: [LocalMessage] = []
        var counted: Set<Name> = []
        var alerted: Set<Name> = []
        for event in events {
            let garage = event.subject.garage
            switch event.body {
            case .spotChanged: if counted.insert(garage).inserted { messages.append(occupancy(of: garage, in: state)) }
            case .alertRaised, .alertCleared, .eventAcknowledged:
                if alerted.insert(garage).inserted { messages.append(alerts(of: garage, in: state)) }
            default: break
            }
        }
        return messages
    }

    /// Everything, for the start of the service.
    static func all(of state: GarageState) -> [LocalMessage] {
        // A garage without alerts is told too: an alert that a crash kept from being taken back must not stand for ever.
        let garages = Set(state.gates.keys.map(\.garage) + state.spots.keys.map(\.garage)).sorted()
        return Set(state.spots.keys.map(\.garage)).sorted().map { occupancy(of: $0, in: state) }
            + garages.map { alerts(of: $0, in: state) }
    }

    private static func alerts(of garage: Name, in state: GarageState) -> LocalMessage {
        let standing = state.alerts.filter { $0.key.subject.garage == garage }.sorted { $0.key < $1.key }
        let message = NativeProfile.alerts(
            of: garage,
            standing.map { key, alert in
                NativeProfile.AlertNotice(
                    subject: key.subject, condition: key.condition, text: alert.text, since: alert.since,
                    isAcknowledged: alert.isAcknowledged)
            })
        return LocalMessage(
            topic: message.topic, payload: ByteBuffer(bytes: message.payload), qos: .atLeastOnce, retain: true,
            properties: .json)
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
