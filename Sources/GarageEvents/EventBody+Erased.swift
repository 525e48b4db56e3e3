import GarageDomain

extension EventBody {
    /// What is still known of an event whose data was erased: what its type alone says. So the state of a gate or spot stays
    /// right after the person who changed it was erased. `nil` if that is nothing.
    init?(erased type: EventType) {
        switch type {
        case .gateOpening: self = .gateMoved(GateMoved(from: nil, to: .opening))
        case .gateOpened: self = .gateMoved(GateMoved(from: nil, to: .open))
        case .gateClosing: self = .gateMoved(GateMoved(from: nil, to: .closing))
        case .gateClosed: self = .gateMoved(GateMoved(from: nil, to: .closed))
        case .gateStopped: self = .gateMoved(GateMoved(from: nil, to: .stopped))
        case .gateObstructed: self = .gateObstructed
        case .gateObstructionCleared: self = .gateObstructionCleared
        // Which mode is gone. Locked is the one that lets nobody move the gate from afar until someone sets it anew.
        case .gateModeChanged: self = .gateModeChanged(GateModeChanged(mode: .locked))
        case .unattendedCloseChanged: self = .unattendedCloseChanged(UnattendedCloseChanged(mode: .off))
        case .unattendedCloseSuspended: self = .unattendedCloseSuspended
        case .unattendedCloseResumed: self = .unattendedCloseResumed
        case .spotOccupied: self = .spotChanged(SpotChanged(occupied: true))
        case .spotFreed: self = .spotChanged(SpotChanged(occupied: false))
        case .commandRequested, .commandRejected, .commandWarned, .commandDispatched, .commandCompleted, .commandFailed,
            .readingRecorded, .faultDetected, .faultCleared, .deviceSeen, .deviceConnected, .deviceDisconnected,
            .alertRaised,
            .alertCleared, .accessDenied, .accessChanged, .dataErased, .noteAdded, .eventAcknowledged,
            .mappingAdded, .mappingRemoved, .bridgeConnected, .bridgeDisconnected, .clockChanged:
            return nil
        }
    }
}
