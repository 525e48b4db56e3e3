extension EventBody {
    /// The command that the event belongs to, if it belongs to one.
    public var commandID: String? {
        switch self {
        case .commandRequested(let event): event.commandID
        case .commandRejected(let event): event.commandID
        case .commandWarned(let event): event.commandID
        case .commandDispatched(let event): event.commandID
        case .commandCompleted(let event): event.commandID
        case .commandFailed(let event): event.commandID
        case .gateMoved(let event): event.commandID
        default: nil
        }
    }
}
