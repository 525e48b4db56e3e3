import EventLog
import GarageDomain
import GarageEvents

/// What the log tells at the start: the state of the garage, and how its commands' events hang together.
struct History {
    private(set) var state = GarageState()
    private(set) var traces = CommandTraces()
    /// The rules that people have added and not removed.
    private(set) var book: MappingBook

    /// Reads the whole journal; readings do not change the state.
    init(log: EventLog, mappings: [MappingText]) throws {
        book = MappingBook(configured: mappings)
        var position: Int64 = 0
        while true {
            let page = try log.read(after: position, limit: 1000, chain: .journal)
            guard let last = page.last else { return }
            for recorded in page { take(recorded) }
            position = last.position
        }
    }

    private mutating func take(_ recorded: RecordedEvent) {
        guard let event = EventCoding.decode(recorded) else { return }
        let clientID = recorded.metadata.channel == "device" ? recorded.metadata.clientID : nil
        state.evolve(event, at: Timestamp(microseconds: recorded.time), clientID: clientID)
        book.evolve(event.body)
        guard let commandID = event.body.commandID else { return }
        switch event.body {
        case .commandRequested, .commandRejected:
            traces.begin(commandID, event: recorded.id, reply: nil, position: recorded.position)
        default: traces.advance(commandID, to: recorded.id)
        }
    }
}
