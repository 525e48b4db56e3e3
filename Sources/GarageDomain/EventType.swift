/// The names of all event types, as they stand in the log, the API and the filters.
public enum EventType: String, Sendable, Hashable, CaseIterable {
    case gateOpening = "gate.opening"
    case gateOpened = "gate.opened"
    case gateClosing = "gate.closing"
    case gateClosed = "gate.closed"
    case gateStopped = "gate.stopped"
    case gateObstructed = "gate.obstructed"
    case gateObstructionCleared = "gate.obstruction-cleared"
    case commandRequested = "gate.command-requested"
    case commandRejected = "gate.command-rejected"
    case commandWarned = "gate.command-warned"
    case commandDispatched = "gate.command-dispatched"
    case commandCompleted = "gate.command-completed"
    case commandFailed = "gate.command-failed"
    case gateModeChanged = "gate.mode-changed"
    case unattendedCloseChanged = "gate.unattended-close-changed"
    case unattendedCloseSuspended = "gate.unattended-close-suspended"
    case unattendedCloseResumed = "gate.unattended-close-resumed"
    case spotOccupied = "spot.occupied"
    case spotFreed = "spot.freed"
    case readingRecorded = "sensor.reading-recorded"
    case faultDetected = "sensor.fault-detected"
    case faultCleared = "sensor.fault-cleared"
    case deviceSeen = "device.seen"
    case deviceConnected = "device.connected"
    case deviceDisconnected = "device.disconnected"
    case alertRaised = "alert.raised"
    case alertCleared = "alert.cleared"
    case accessDenied = "access.denied"
    case accessChanged = "access.granted-changed"
    case dataErased = "access.data-erased"
    case noteAdded = "note.added"
    case eventAcknowledged = "event.acknowledged"
    case mappingAdded = "mapping.added"
    case mappingRemoved = "mapping.removed"
    case bridgeConnected = "bridge.connected"
    case bridgeDisconnected = "bridge.disconnected"
    case clockChanged = "clock.changed"
}

extension EventBody {
    /// The event type that this body is recorded as.
    public var type: EventType {
        switch self {
        case .gateMoved(let moved):
            switch moved.to {
            case .opening: .gateOpening
            case .open: .gateOpened
            case .closing: .gateClosing
            case .closed: .gateClosed
            case .stopped: .gateStopped
            }
        case .gateObstructed: .gateObstructed
        case .gateObstructionCleared: .gateObstructionCleared
        case .commandRequested: .commandRequested
        case .commandRejected: .commandRejected
        case .commandWarned: .commandWarned
        case .commandDispatched: .commandDispatched
        case .commandCompleted: .commandCompleted
        case .commandFailed: .commandFailed
        case .gateModeChanged: .gateModeChanged
        case .unattendedCloseChanged: .unattendedCloseChanged
        case .unattendedCloseSuspended: .unattendedCloseSuspended
        case .unattendedCloseResumed: .unattendedCloseResumed
        case .spotChanged(let changed): changed.occupied ? .spotOccupied : .spotFreed
        case .readingRecorded: .readingRecorded
        case .faultDetected: .faultDetected
        case .faultCleared: .faultCleared
        case .deviceSeen: .deviceSeen
        case .deviceConnected: .deviceConnected
        case .deviceDisconnected: .deviceDisconnected
        case .alertRaised: .alertRaised
        case .alertCleared: .alertCleared
        case .accessDenied: .accessDenied
        case .accessChanged: .accessChanged
        case .dataErased: .dataErased
        case .noteAdded: .noteAdded
        case .eventAcknowledged: .eventAcknowledged
        case .mappingAdded: .mappingAdded
        case .mappingRemoved: .mappingRemoved
        case .bridgeConnected: .bridgeConnected
        case .bridgeDisconnected: .bridgeDisconnected
        case .clockChanged: .clockChanged
        }
    }
}
