import GRDB

/// Decides requests one after another against the heads of their streams, and inserts their events in the writer's
/// transaction. It lives on the writer's thread, as its connection does.
///
/// A request is decided before its first row is inserted, so that one that conflicts needs no savepoint to undo. The heads
/// in memory run ahead of the disk until the commit; after a rollback they are thrown away and read again.
final class Appender {
    /// The head of a stream: shared by reference, so that an event costs one look-up.
    private final class Stream {
        let id: Int64
        var version: Int64

        init(id: Int64, version: Int64) {
            self.id = id
            self.version = version
        }
    }

    private struct ChainEnd {
        var position: Int64
        var hash: EventHash
        var isChanged = false
    }

    /// What is only known as long as it follows the disk.
    private struct State {
        var last: Int64
        var journal: ChainEnd
        var telemetry: ChainEnd
        var streams: [ExactText: Stream] = [:]
        var symbols: [ExactText: Int64] = [:]
    }

    private let database: Database
    private let identity: LogIdentity
    private let options: EventLogOptions
    private let insertEvent: HotStatement
    private let findID: HotStatement
    private let names: NameTables
    private var state: State?
    private var form = CanonicalForm()

    /// Beyond this, what is known of streams and symbols is forgotten and looked up again when needed.
    private static let cacheLimit = 50_000

    init(_ database: Database, identity: LogIdentity, options: EventLogOptions) throws {
        self.database = database
        self.identity = identity
        self.options = options
        insertEvent = try HotStatement(
            database,
            sql: """
                INSERT INTO event (position, id, stream, version, chain, type, schema, time, recorded, channel,
                    correlation, causation, hash, actor, client, salt, data)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
                ON CONFLICT (id) DO NOTHING
                """)
        findID = try HotStatement(database, sql: "SELECT position FROM event WHERE id = ?1")
        names = try NameTables(database)
    }

    /// Begins a transaction, and reads the heads if they are not known.
    func begin() throws {
        // IMMEDIATE takes the write lock now, where waiting for it is harmless, and not in the middle.
        try database.execute(sql: "BEGIN IMMEDIATE")
        if state == nil { state = try load() }
    }

    private func load() throws -> State {
        let head = try LogSchema.head(database, identity: identity)
        func end(_ head: ChainHead) throws -> ChainEnd {
            guard let hash = EventHash(bytes: head.hash) else {
                throw EventLogError.corrupt("the head of the \(head.chain) chain is not a hash")
            }
            return ChainEnd(position: head.position, hash: hash)
        }
        return State(last: head.position, journal: try end(head.journal), telemetry: try end(head.telemetry))
    }

    /// Commits, and returns the new head. If it throws, nothing of the transaction is on disk.
    func commit() throws -> LogHead {
        guard var state else { throw EventLogError.closed }
        try write(&state.journal, of: .journal)
        try write(&state.telemetry, of: .telemetry)
        try database.execute(sql: "COMMIT")
        if state.streams.count > Appender.cacheLimit { state.streams = [:] }
        if state.symbols.count > Appender.cacheLimit { state.symbols = [:] }
        self.state = state
        return LogHead(
            identity: identity, position: state.last, journal: head(.journal, state.journal),
            telemetry: head(.telemetry, state.telemetry))
    }

    private func write(_ end: inout ChainEnd, of chain: Chain) throws {
        guard end.isChanged else { return }
        let statement = try database.cachedStatement(sql: "UPDATE chain SET position = ?, hash = ? WHERE id = ?")
        try statement.execute(arguments: [end.position, Blob(end.hash.bytes), chain.rawValue])
        end.isChanged = false
    }

    private func head(_ chain: Chain, _ end: ChainEnd) -> ChainHead {
        ChainHead(chain: chain, position: end.position, hash: end.hash.bytes)
    }

    /// Forgets what is known, so that the next transaction reads it again.
    func forget() { state = nil }

    /// Undoes the transaction, if one is open, and forgets what was decided in it.
    func rollback() {
        state = nil
        // SQLite may have rolled back on its own. If this fails too, the next BEGIN says so.
        if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
    }

    /// Decides a request and inserts its events. The result is the request's own; what is thrown fails the transaction.
    func decide(_ request: AppendRequest, recorded: Int64) throws -> Result<[Int64], AppendError> {
        if let problem = request.problem(within: options) { return .failure(.invalid(problem)) }
        for (stream, expected) in request.expectations {
            let actual = try version(of: stream)
            guard !expected.holds(for: actual) else { continue }
            // A request that was stored before finds its own events in the way: it succeeded, and so it does again.
            if let positions = try knownPositions(of: request.events) { return .success(positions) }
            return .failure(.wrongExpectedVersion(stream: stream, actual: actual))
        }
        var positions: [Int64] = []
        positions.reserveCapacity(request.events.count)
        for event in request.events { positions.append(try insert(event, recorded: recorded)) }
        return .success(positions)
    }

    /// The positions of events that are all in the log already, or `nil` if there are none or not all are.
    private func knownPositions(of events: [NewEvent]) throws -> [Int64]? {
        var positions: [Int64] = []
        for event in events {
            guard let position = try position(of: event.id) else { return nil }
            positions.append(position)
        }
        return positions.isEmpty ? nil : positions
    }

    private func position(of id: EventID) throws -> Int64? {
        try id.withUnsafeBytes { bytes in
            findID.bind(bytes, at: 1)
            defer { findID.reset() }
            return try findID.step() ? findID.integer(at: 0) : nil
        }
    }

    /// Inserts an event and returns its position; one whose id is known stays where it is.
    private func insert(_ event: NewEvent, recorded: Int64) throws -> Int64 {
        let stream = try stream(named: event.stream)
        let type = try symbol(event.type)
        let channel = try symbol(event.metadata.channel)
        let actor = try symbol(event.metadata.actor)
        guard let state else { throw EventLogError.closed }
        let position = state.last &+ 1
        let version = stream.version &+ 1
        let salt = Salt.make(for: event.chain)
        let content = form.content(salt: salt, metadata: event.metadata, data: event.data)
        let previous = event.chain == .journal ? state.journal.hash : state.telemetry.hash
        let link = form.link(
            after: previous, event: event, position: position, version: version, recorded: recorded, content: content)

        insertEvent.bind(position, at: 1)
        insertEvent.bind(stream.id, at: 3)
        insertEvent.bind(version, at: 4)
        insertEvent.bind(Int64(event.chain.rawValue), at: 5)
        insertEvent.bind(type, at: 6)
        insertEvent.bind(Int64(event.schema), at: 7)
        insertEvent.bind(event.time, at: 8)
        insertEvent.bind(recorded, at: 9)
        insertEvent.bind(channel, at: 10)
        insertEvent.bind(actor, at: 14)
        if let client = event.metadata.clientID {
            insertEvent.bind(client, at: 15)
        } else {
            insertEvent.bindNull(at: 15)
        }
        try withBytes(of: event.metadata.correlation, at: 11) {
            try withBytes(of: event.metadata.causation, at: 12) {
                try event.id.withUnsafeBytes { id in
                    try link.withUnsafeBytes { link in
                        try salt.withUnsafeBytes { salt in
                            try event.data.withUnsafeBytes { data in
                                insertEvent.bind(id, at: 2)
                                insertEvent.bind(link, at: 13)
                                insertEvent.bind(salt, at: 16)
                                insertEvent.bind(data, at: 17)
                                defer { insertEvent.reset() }
                                _ = try insertEvent.step()
                            }
                        }
                    }
                }
            }
        }
        guard insertEvent.changes == 1 else {
            guard let known = try self.position(of: event.id) else {
                throw EventLogError.corrupt("event \(event.id) is neither new nor known")
            }
            return known
        }
        stream.version = version
        self.state?.last = position
        let end = ChainEnd(position: position, hash: link, isChanged: true)
        switch event.chain {
        case .journal: self.state?.journal = end
        case .telemetry: self.state?.telemetry = end
        }
        return position
    }

    private func withBytes(of id: EventID?, at index: Int32, _ body: () throws -> Void) throws {
        guard let id else {
            insertEvent.bindNull(at: index)
            return try body()
        }
        try id.withUnsafeBytes {
            insertEvent.bind($0, at: index)
            try body()
        }
    }
}

// MARK: - Names

extension Appender {
    private func version(of name: String) throws -> Int64 {
        try known(ExactText(name))?.version ?? 0
    }

    private func stream(named name: String) throws -> Stream {
        let name = ExactText(name)
        if let stream = try known(name) { return stream }
        let stream = Stream(id: try names.insertStream(name.text), version: 0)
        state?.streams[name] = stream
        return stream
    }

    private func known(_ name: ExactText) throws -> Stream? {
        if let stream = state?.streams[name] { return stream }
        guard let (id, version) = try names.findStream(name.text) else { return nil }
        let stream = Stream(id: id, version: version)
        state?.streams[name] = stream
        return stream
    }

    private func symbol(_ text: String) throws -> Int64 {
        let text = ExactText(text)
        if let id = state?.symbols[text] { return id }
        let id = try names.findSymbol(text.text) ?? names.insertSymbol(text.text)
        state?.symbols[text] = id
        return id
    }
}
