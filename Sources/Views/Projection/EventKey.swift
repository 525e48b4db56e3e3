import EventLog
import GarageDomain
import GarageEvents

/// What many events have in common: what they are about, of which type, and who they come from.
final class EventKey: Sendable {
    /// Its number among the keys of this process.
    let index: Int
    let names: ReplayedEvent.Names
    let subject: Subject?
    /// The device that reports these events.
    let device: Subject?
    /// Whether the events are readings of a sensor.
    let isReading: Bool

    init(index: Int, names: ReplayedEvent.Names) {
        self.index = index
        self.names = names
        subject = Subject(stream: names.stream)
        isReading = names.type == EventType.readingRecorded.rawValue && subject?.kind == .sensor
        if names.channel == "device", let garage = subject?.garage, let name = Name(names.actor) {
            device = Subject(garage: garage, kind: .device, name: name)
        } else {
            device = nil
        }
    }
}

/// The keys met so far, by the numbers that the log has for their texts.
struct EventKeys {
    private var keys: [ReplayedEvent.Numbers: EventKey] = [:]
    private(set) var count = 0
    /// The garages that the events with these keys are about.
    private(set) var garages: Set<Name> = []

    mutating func key(of event: ReplayedEvent) throws -> EventKey {
        if let key = keys[event.numbers] { return key }
        let key = EventKey(index: count, names: try event.names())
        keys[event.numbers] = key
        count += 1
        if let garage = key.subject?.garage { garages.insert(garage) }
        return key
    }
}
