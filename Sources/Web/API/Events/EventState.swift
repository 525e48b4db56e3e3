import GarageDomain

/// A state that events bring about, as a filter: `open` stands for the events after which a gate is open.
enum EventState: String, Sendable, Hashable, CaseIterable {
    case open, opening, closed, closing, stopped, obstructed, occupied, free, online, offline, fault

    var type: EventType {
        switch self {
        case .open: .gateOpened
        case .opening: .gateOpening
        case .closed: .gateClosed
        case .closing: .gateClosing
        case .stopped: .gateStopped
        case .obstructed: .gateObstructed
        case .occupied: .spotOccupied
        case .free: .spotFreed
        case .online: .deviceConnected
        case .offline: .deviceDisconnected
        case .fault: .faultDetected
        }
    }

    /// The types that fit a state, and of those only the ones among `types`, which may be patterns such as `gate.*`;
    /// an empty set stands for all. A state that none of them brings about gives a type that no event has.
    static func types(_ state: EventState?, among types: Set<String>) -> Set<String> {
        guard let type = state?.type.rawValue else { return types }
        let fits =
            types.isEmpty
            || types.contains { pattern in
                pattern == type || pattern.hasSuffix("*") && type.hasPrefix(pattern.dropLast())
            }
        return fits ? [type] : ["none"]
    }
}
