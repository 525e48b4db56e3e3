import EventLog
import GarageDomain
import GarageEvents

/// What the journal tells: the state of the garage, and how its commands' events hang together. Readings do not change it.
struct History {
    private(set) var state = GarageState()
    private(set) var traces = CommandTraces()
    /// The rules that people have added and not removed.
    private(set) var book: MappingBook
    /// The last event that was read.
    private(set) var position: Int64 = 0

    init(mappings: [MappingText]) { book = MappingBook(configured: mappings) }

    init(state: GarageState, traces: CommandTraces, book: MappingBook, position: Int64) {
        self.state = state
        self.traces = traces
        self.book = book
        self.position = position
    }

    /// Reads the whole journal.
    init(log: EventLog, mappings: [MappingText]) throws {
        self.init(mappings: mappings)
        while try readPage(of: log) {}
    }

    /// Reads the next events; `false` if there are none.
    mutating func readPage(of log: EventLog) throws -> Bool {
        let page = try log.read(after: position, limit: 1000, chain: .journal)
        for recorded in page { take(recorded) }
        position = page.last?.position ?? position
        return !page.isEmpty
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
