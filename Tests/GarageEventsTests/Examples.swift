import GarageDomain

/// One example of each event type, as it stands in the golden file of its type.
enum Examples {
    static func body(of type: EventType) -> EventBody {
        switch type {
        case .gateOpening:
            .gateMoved(GateMoved(from: .closed, to: .opening, tookMilliseconds: 3_600_000, commandID: "c1"))
        case .gateOpened: .gateMoved(GateMoved(from: .opening, to: .open, tookMilliseconds: 12_500, commandID: "c1"))
        case .gateClosing: .gateMoved(GateMoved(from: .open, to: .closing, tookMilliseconds: 0))
        case .gateClosed: .gateMoved(GateMoved(from: nil, to: .closed))
        case .gateStopped: .gateMoved(GateMoved(from: .closing, to: .stopped, tookMilliseconds: 800))
        case .gateObstructed: .gateObstructed
        case .gateObstructionCleared: .gateObstructionCleared
        case .commandRequested:
            .commandRequested(
                CommandRequested(
                    commandID: "c1", action: .open, expiresAt: Timestamp(microseconds: 1_700_000_010_000_000),
                    reason: "Dona Ana está \"esperando\" \\ 🚗\n\u{1}"))
        case .commandRejected: .commandRejected(CommandRejected(commandID: "c2", action: nil, reason: .unknownState))
        case .commandWarned:
            .commandWarned(
                CommandWarned(
                    commandID: "c4", action: .close, until: Timestamp(microseconds: 1_700_000_005_000_000)))
        case .gateModeChanged: .gateModeChanged(GateModeChanged(mode: .maintenance, reason: "new spring"))
        case .unattendedCloseChanged: .unattendedCloseChanged(UnattendedCloseChanged(mode: .warn))
        case .unattendedCloseSuspended: .unattendedCloseSuspended
        case .unattendedCloseResumed: .unattendedCloseResumed
        case .commandDispatched: .commandDispatched(CommandDispatched(commandID: "c1", action: .open, receivers: 1))
        case .commandCompleted:
            .commandCompleted(CommandCompleted(commandID: "c1", action: .open, state: .open, tookMilliseconds: 13_000))
        case .commandFailed: .commandFailed(CommandFailed(commandID: "c3", action: .close, reason: .timedOut))
        case .spotOccupied: .spotChanged(SpotChanged(occupied: true))
        case .spotFreed: .spotChanged(SpotChanged(occupied: false, tookMilliseconds: 5_400_000))
        case .readingRecorded: .readingRecorded(Reading(quantity: .temperature, value: 23.4))
        case .faultDetected: .faultDetected(SensorFault(quantity: .humidity, kind: .notANumber, raw: "nan"))
        case .faultCleared: .faultCleared(FaultCleared(quantity: .temperature, kind: .stuck))
        case .deviceSeen: .deviceSeen(DeviceSeen(clientID: "esp1"))
        case .deviceConnected: .deviceConnected(DeviceConnected(clientID: "esp1"))
        case .deviceDisconnected: .deviceDisconnected(DeviceDisconnected(clientID: nil, reason: .keepAliveTimeout))
        case .alertRaised: .alertRaised(Alert(condition: "sensor-fault", text: "dht1 reports no temperature"))
        case .alertCleared: .alertCleared(Alert(condition: "sensor-fault", text: "dht1 reports again"))
        case .accessDenied:
            .accessDenied(AccessDenied(attempt: "publish garage/home/gate/front/actuate", address: "192.0.2.7"))
        case .accessChanged: .accessChanged(AccessChanged(user: "ana", change: "may open gates"))
        case .dataErased: .dataErased(DataErased(events: 12))
        case .noteAdded: .noteAdded(Note(text: "<b>The</b> bulb was changed"))
        case .eventAcknowledged: .eventAcknowledged(Acknowledgement(position: 184_221))
        case .mappingAdded: .mappingAdded(mapping)
        case .mappingRemoved: .mappingRemoved(MappingRemoved(id: "porch"))
        case .bridgeConnected:
            .bridgeConnected(BridgeConnected(bridge: "house", address: "broker.example.org:8883"))
        case .bridgeDisconnected:
            .bridgeDisconnected(BridgeDisconnected(bridge: "house", reason: "the connection was lost"))
        case .clockChanged: .clockChanged(ClockChanged(milliseconds: -3_600_000))
        }
    }

    private static var mapping: MappingText {
        var rule = MappingText(id: "porch", topic: "casa/{place}/portao", property: "state", name: "{place}")
        rule.pointer = "/estado"
        rule.scale = 0.1
        rule.offset = -2
        rule.unit = "celsius"
        rule.values = "0=closed,1=open"
        rule.model = "dht11"
        rule.commandTopic = "casa/{place}/rele"
        rule.commandOpen = "PULSO"
        rule.commandClose = "PULSO"
        rule.commandStop = "PULSO"
        return rule
    }

    static func subject(of type: EventType) -> Subject {
        let kind: Subject.Kind =
            switch type.rawValue.prefix(while: { $0 != "." }) {
            case "gate": .gate
            case "spot": .spot
            case "sensor": .sensor
            case "device": .device
            default: .garage
            }
        return Subject(garage: Name(nearest: "home"), kind: kind, name: Name(nearest: "x1"))
    }
}
