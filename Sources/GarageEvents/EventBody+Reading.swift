import GarageDomain

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EventBody {
    /// The body that the data of an event of this type holds, or `nil` if it is none.
    init?(_ type: EventType, data: [UInt8]) {
        let body: EventBody?
        switch type {
        case .gateOpening, .gateOpened, .gateClosing, .gateClosed, .gateStopped:
            body = decoded(GateMoved.self, data).map { .gateMoved($0) }
        case .gateObstructed: body = .gateObstructed
        case .gateObstructionCleared: body = .gateObstructionCleared
        case .commandRequested: body = decoded(CommandRequested.self, data).map { .commandRequested($0) }
        case .commandRejected: body = decoded(CommandRejected.self, data).map { .commandRejected($0) }
        case .commandWarned: body = decoded(CommandWarned.self, data).map { .commandWarned($0) }
        case .commandDispatched: body = decoded(CommandDispatched.self, data).map { .commandDispatched($0) }
        case .commandCompleted: body = decoded(CommandCompleted.self, data).map { .commandCompleted($0) }
        case .commandFailed: body = decoded(CommandFailed.self, data).map { .commandFailed($0) }
        case .gateModeChanged: body = decoded(GateModeChanged.self, data).map { .gateModeChanged($0) }
        case .unattendedCloseChanged:
            body = decoded(UnattendedCloseChanged.self, data).map { .unattendedCloseChanged($0) }
        case .unattendedCloseSuspended: body = .unattendedCloseSuspended
        case .unattendedCloseResumed: body = .unattendedCloseResumed
        case .spotOccupied, .spotFreed: body = decoded(SpotChanged.self, data).map { .spotChanged($0) }
        case .readingRecorded:
            body = (Reading(canonical: data) ?? decoded(Reading.self, data)).map { .readingRecorded($0) }
        case .faultDetected: body = decoded(SensorFault.self, data).map { .faultDetected($0) }
        case .faultCleared: body = decoded(FaultCleared.self, data).map { .faultCleared($0) }
        case .deviceSeen: body = decoded(DeviceSeen.self, data).map { .deviceSeen($0) }
        case .deviceConnected: body = decoded(DeviceConnected.self, data).map { .deviceConnected($0) }
        case .deviceDisconnected: body = decoded(DeviceDisconnected.self, data).map { .deviceDisconnected($0) }
        case .alertRaised: body = decoded(Alert.self, data).map { .alertRaised($0) }
        case .alertCleared: body = decoded(Alert.self, data).map { .alertCleared($0) }
        case .accessDenied: body = decoded(AccessDenied.self, data).map { .accessDenied($0) }
        case .accessChanged: body = decoded(AccessChanged.self, data).map { .accessChanged($0) }
        case .dataErased: body = decoded(DataErased.self, data).map { .dataErased($0) }
        case .noteAdded: body = decoded(Note.self, data).map { .noteAdded($0) }
        case .eventAcknowledged: body = decoded(Acknowledgement.self, data).map { .eventAcknowledged($0) }
        case .mappingAdded: body = decoded(MappingText.self, data).map { .mappingAdded($0) }
        case .mappingRemoved: body = decoded(MappingRemoved.self, data).map { .mappingRemoved($0) }
        case .bridgeConnected: body = decoded(BridgeConnected.self, data).map { .bridgeConnected($0) }
        case .bridgeDisconnected: body = decoded(BridgeDisconnected.self, data).map { .bridgeDisconnected($0) }
        case .clockChanged: body = decoded(ClockChanged.self, data).map { .clockChanged($0) }
        }
        guard let body else { return nil }
        self = body
    }
}

/// Nearly all data are flat objects as our writer makes them; whatever is not goes to the general decoder.
private func decoded<Body: Decodable>(_ type: Body.Type, _ data: [UInt8]) -> Body? {
    if let object = FlatJSONObject(data), let body = try? Body(from: FlatJSONDecoder(object: object)) { return body }
    return try? JSONDecoder().decode(type, from: Data(data))
}
