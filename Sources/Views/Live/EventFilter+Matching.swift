import EventLog
import GarageDomain

extension EventFilter {
    /// Whether an event is one of those that the filter wants; the same answer as that of a query.
    public func matches(_ row: EventRow) -> Bool {
        let event = row.event
        guard allows(type: event.type) else { return false }
        if let kind, row.subject?.kind != kind { return false }
        if let garage, row.subject?.garage != garage { return false }
        if let subject, !EventFilter.names(subject, row) { return false }
        if let device, event.metadata.channel != "device" || event.metadata.actor != device { return false }
        if let actor, event.metadata.actor != actor { return false }
        if let from, event.time < from.microseconds { return false }
        if let to, event.time >= to.microseconds { return false }
        if let needle {
            // Bytes, as the queries compare; characters would match other spellings of the same text, too.
            let origin = SearchText.ofOrigin(stream: event.stream, actor: event.metadata.actor)
            return origin.utf8.contains(needle.utf8) || SearchText.of(event).utf8.contains(needle.utf8)
        }
        return true
    }

    /// The text to look for in lower case; `nil` if every text will do.
    var needle: String? {
        guard let text, !text.isEmpty else { return nil }
        return text.lowercased()
    }

    /// Whether the filter's types, excluded types and hidden readings allow this type.
    func allows(type: String) -> Bool {
        if !types.isEmpty {
            guard types.contains(where: { EventFilter.pattern($0, covers: type) }) else { return false }
        } else if hidesReadings, type == EventType.readingRecorded.rawValue {
            return false
        }
        if let state, !EventFilter.types(reporting: state).contains(type) { return false }
        return !excludedTypes.contains { EventFilter.pattern($0, covers: type) }
    }

    private static func types(reporting state: String) -> [String] {
        let types: [EventType] =
            switch state {
            case "open": [.gateOpened]
            case "opening": [.gateOpening]
            case "closed": [.gateClosed]
            case "closing": [.gateClosing]
            case "stopped": [.gateStopped]
            case "obstructed": [.gateObstructed]
            case "clear": [.gateObstructionCleared]
            case "occupied": [.spotOccupied]
            case "free": [.spotFreed]
            case "online": [.deviceSeen, .deviceConnected]
            case "offline": [.deviceDisconnected]
            default: []
            }
        return types.map(\.rawValue)
    }

    /// A pattern is a type, or the beginning of types followed by `.*`.
    private static func pattern(_ pattern: String, covers type: String) -> Bool {
        guard pattern.hasSuffix(".*") else { return pattern == type }
        return type.hasPrefix(pattern.dropLast())
    }

    private static func names(_ wanted: String, _ row: EventRow) -> Bool {
        guard let subject = row.subject else { return row.event.stream == wanted }
        return wanted == subject.id || wanted == subject.name.text || wanted == row.event.stream
    }
}
