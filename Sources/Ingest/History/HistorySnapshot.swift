import EventLog
import FoundationEssentials
import GarageDomain

/// What the journal tells up to a position, in a file, so that a start need not read a long journal from its beginning.
///
/// It is disposable, and taken only for what it is: one of this version, for a log that has the event at which it ends. It
/// does not matter which build wrote it, so that an upgrade starts as fast as any other start.
struct HistorySnapshot: Codable {
    /// To be raised whenever the content is written in another way, or events of the journal do something else to it: the
    /// next start then reads the whole journal. The golden files of the tests tell when.
    static let version = 2

    /// What follows from the journal alone.
    struct Content: Codable {
        private var state: GarageState
        private var traces: [CommandTraces.Stored]
        private var mappings: [MappingText]

        init(_ history: History) {
            state = history.state
            traces = history.traces.stored
            mappings = history.book.added
        }

        fileprivate func history(mappings configured: [MappingText], position: Int64) -> History {
            History(
                state: state, traces: CommandTraces(stored: traces),
                book: MappingBook(configured: configured, added: mappings), position: position)
        }
    }

    private var version: Int
    private var identity: [UInt8]
    private var position: Int64
    private var hash: [UInt8]
    private var content: Content

    /// The snapshot of a history, or `nil` if its last event is not in the log.
    init?(_ history: History, of log: EventLog) throws {
        guard let last = try log.read(positions: [history.position]).first else { return nil }
        version = HistorySnapshot.version
        identity = log.identity.bytes
        position = history.position
        hash = last.hash
        content = Content(history)
    }

    func write(to file: String) throws {
        // Whole or not at all; without waiting for the disk, because one that is lost or torn is only not used.
        try JSONEncoder().encode(self).write(to: URL(filePath: file), options: .atomic)
    }

    /// The history in a file; `nil` if there is none of this version that fits the log.
    static func read(_ file: String, for log: EventLog, mappings: [MappingText]) throws -> History? {
        guard let data = try? Data(contentsOf: URL(filePath: file)),
            let snapshot = try? JSONDecoder().decode(HistorySnapshot.self, from: data), snapshot.version == version,
            snapshot.identity == log.identity.bytes,
            let last = try log.read(positions: [snapshot.position]).first, last.hash == snapshot.hash
        else { return nil }
        return snapshot.content.history(mappings: mappings, position: snapshot.position)
    }
}
