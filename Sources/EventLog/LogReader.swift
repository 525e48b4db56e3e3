import GRDB
import Synchronization

/// Reads events through the pool of connections that can't write. Each call is one short transaction, so that none keeps the
/// write-ahead log from starting over.
final class LogReader: Sendable {
    private let pool: DatabasePool
    private let path: String
    private let names = Mutex(EventDecoder.Names())

    /// Beyond this, what is known of names is forgotten and looked up again when needed.
    private static let cacheLimit = 50_000

    init(path: String, count: Int, immutable: Bool = false) throws(EventLogError) {
        self.path = path
        pool = try LogConnection.openReaders(path: path, count: count, immutable: immutable)
    }

    /// Opens the log in a file that this process doesn't write, and checks that it is one. Another may have it open.
    convenience init(file: String) throws(EventLogError) {
        guard Files.exists(file) else { throw .notAnEventLog(path: file) }
        // Whoever has the file open keeps a write-ahead log beside it. Without one nothing else can change it.
        try self.init(path: file, count: 1, immutable: !Files.exists(file + "-wal"))
        do throws(EventLogError) {
            try read { try LogSchema.check($0, path: file) }
        } catch {
            close()
            throw error
        }
    }

    /// Forgets what is known of names, one of which was erased.
    func forgetNames() { names.withLock { $0 = EventDecoder.Names() } }

    func close() {
        // Reads that are still under way end with an error, and their connections close with them.
        try? pool.close()
    }

    func events(after position: Int64, limit: Int, chain: Chain?) throws(EventLogError) -> [RecordedEvent] {
        try read { try self.events($0, after: position, limit: limit, chain: chain) }
    }

    /// The events before a position, the latest first.
    func events(before position: Int64, limit: Int, chain: Chain?) throws(EventLogError) -> [RecordedEvent] {
        try read { database in
            try self.events(database, EventQuery.before(chain: chain)) {
                $0.bind(position, at: 1)
                $0.bind(Int64(max(limit, 0)), at: 2)
            }
        }
    }

    /// The events of a stream before a version, the latest first.
    func events(stream: String, before version: Int64, limit: Int) throws(EventLogError) -> [RecordedEvent] {
        try read { database in
            try self.events(database, EventQuery.streamBefore) {
                $0.bind(stream, at: 1)
                $0.bind(version, at: 2)
                $0.bind(Int64(max(limit, 0)), at: 3)
            }
        }
    }

    /// The same without blocking the calling task's thread.
    func events(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        do {
            return try await pool.read { try self.events($0, after: position, limit: limit, chain: nil) }
        } catch {
            throw self.error(error)
        }
    }

    private func events(
        _ database: Database, after position: Int64, limit: Int, chain: Chain?
    ) throws -> [RecordedEvent] {
        try events(database, EventQuery.after(chain: chain)) {
            $0.bind(position, at: 1)
            $0.bind(Int64(max(limit, 0)), at: 2)
        }
    }

    func events(stream: String, after version: Int64, limit: Int) throws(EventLogError) -> [RecordedEvent] {
        try read { database in
            try self.events(database, EventQuery.streamAfter) {
                $0.bind(stream, at: 1)
                $0.bind(version, at: 2)
                $0.bind(Int64(max(limit, 0)), at: 3)
            }
        }
    }

    func events(at positions: [Int64]) throws(EventLogError) -> [RecordedEvent] {
        try read { database in
            try self.decode(database, EventQuery.atPosition) { statement, decoder in
                var events: [RecordedEvent] = []
                events.reserveCapacity(positions.count)
                for position in positions {
                    statement.reset()
                    statement.bind(position, at: 1)
                    if try statement.step() { events.append(try decoder.event(from: statement)) }
                }
                return events
            }
        }
    }

    func event(id: EventID) throws(EventLogError) -> RecordedEvent? {
        try read { database in
            try id.withUnsafeBytes { bytes in
                try self.events(database, EventQuery.withID) { $0.bind(bytes, at: 1) }.first
            }
        }
    }

    /// Runs a read of any kind in one transaction.
    func read<Value>(_ body: (Database) throws -> Value) throws(EventLogError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw self.error(error)
        }
    }

    private func events(
        _ database: Database, _ sql: String, bind: (HotStatement) -> Void
    ) throws -> [RecordedEvent] {
        try decode(database, sql) { statement, decoder in
            bind(statement)
            var events: [RecordedEvent] = []
            while try statement.step() { events.append(try decoder.event(from: statement)) }
            return events
        }
    }

    /// Runs a statement with a decoder that knows the names which were learnt before, and keeps those that it learns.
    func decode<Value>(
        _ database: Database, _ sql: String, _ body: (HotStatement, inout EventDecoder) throws -> Value
    ) throws -> Value {
        let known = names.withLock { $0 }
        let statement = try HotStatement(database, sql: sql)
        defer { statement.reset() }
        var decoder = try EventDecoder(database, names: known)
        let value = try body(statement, &decoder)
        if decoder.names.count != known.count {
            let learnt = decoder.names
            names.withLock { $0 = learnt.count > LogReader.cacheLimit ? EventDecoder.Names() : learnt }
        }
        return value
    }

    private func error(_ error: any Error) -> EventLogError {
        if let row = error as? EventDecoder.Unreadable {
            return .corrupt("the event at position \(row.position) can't be read: \(row.why)")
        }
        if error is CancellationError { return .closed }
        return EventLogError(error, path: path)
    }
}
