import EventLog
import FoundationEssentials
import GarageDomain

/// What the journal tells up to a position, in a file, so that a start need not read a long journal from its beginning.
///
/// It is disposable, and taken only for what it is: by the same program, whose way of reading the journal made it, and for a
/// log that has the event at which it ends.
struct HistorySnapshot: Codable {
    private static let format = 1

    private var format: Int
    private var program: String
    private var identity: [UInt8]
    private var position: Int64
    private var hash: [UInt8]
    private var state: GarageState
    private var traces: [CommandTraces.Stored]
    private var mappings: [MappingText]

    /// The snapshot of a history, or `nil` if its last event is not in the log.
    init?(_ history: History, of log: EventLog, by program: String) throws {
        guard let last = try log.read(positions: [history.position]).first else { return nil }
        format = HistorySnapshot.format
        self.program = program
        identity = log.identity.bytes
        position = history.position
        hash = last.hash
        state = history.state
        traces = history.traces.stored
        mappings = history.book.added
    }

    func write(to file: String) throws {
        // Whole or not at all; without waiting for the disk, because one that is lost or torn is only not used.
        try JSONEncoder().encode(self).write(to: URL(filePath: file), options: .atomic)
    }

    /// The history in a file; `nil` if there is none that fits the log and the program.
    static func read(_ file: String, for log: EventLog, by program: String, mappings: [MappingText]) throws -> History?
    {
        guard let data = try? Data(contentsOf: URL(filePath: file)),
            let snapshot = try? JSONDecoder().decode(HistorySnapshot.self, from: data),
            snapshot.format == format, snapshot.program == program, snapshot.identity == log.identity.bytes,
            let last = try log.read(positions: [snapshot.position]).first, last.hash == snapshot.hash
        else { return nil }
        return History(
            state: snapshot.state, traces: CommandTraces(stored: snapshot.traces),
            book: MappingBook(configured: mappings, added: snapshot.mappings), position: snapshot.position)
    }
}
