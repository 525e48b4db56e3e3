import GRDB

/// Makes events from rows of the table `event`, with the names that the rows only have the numbers of.
struct EventDecoder {
    /// Streams and symbols by number. Numbers never change their meaning once committed, so readers share what they learn.
    struct Names: Sendable {
        var streams: [Int64: String] = [:]
        var symbols: [Int64: String] = [:]

        var count: Int { streams.count + symbols.count }
    }

    /// What ``event(from:)`` needs, followed by what only verification does.
    static let columns = """
        position, id, stream, version, chain, type, schema, time, recorded, channel, correlation, causation, hash, actor,
        client, data
        """
    static let verificationColumns = columns + ", salt, digest"

    private(set) var names: Names
    private let findStream: HotStatement
    private let findSymbol: HotStatement

    init(_ database: Database, names: Names) throws {
        self.names = names
        findStream = try HotStatement(database, sql: "SELECT name FROM stream WHERE id = ?1")
        findSymbol = try HotStatement(database, sql: "SELECT text FROM symbol WHERE id = ?1")
    }

    /// The event in the statement's row; throws ``Unreadable`` if the row can't be one.
    mutating func event(from row: HotStatement) throws -> RecordedEvent {
        let position = row.integer(at: 0)
        guard let id = row.id(at: 1) else { throw Unreadable(position: position, why: "its id has not 16 bytes") }
        guard let chain = Chain(rawValue: Int(row.integer(at: 4))) else {
            throw Unreadable(position: position, why: "its chain is unknown")
        }
        let stream = try stream(row.integer(at: 2), position)
        let type = try symbol(row.integer(at: 5), position)
        let metadata = EventMetadata(
            actor: try symbol(row.integer(at: 13), position), channel: try symbol(row.integer(at: 9), position),
            clientID: row.text(at: 14), correlation: try optionalID(row, at: 10), causation: try optionalID(row, at: 11)
        )
        return RecordedEvent(
            position: position, id: id, stream: stream, version: row.integer(at: 3), chain: chain, type: type,
            schema: Int(row.integer(at: 6)), time: row.integer(at: 7), recorded: row.integer(at: 8), metadata: metadata,
            data: row.bytes(at: 15), hash: row.bytes(at: 12))
    }

    private func optionalID(_ row: HotStatement, at index: Int32) throws -> EventID? {
        if row.isNull(at: index) { return nil }
        guard let id = row.id(at: index) else {
            throw Unreadable(position: row.integer(at: 0), why: "its correlation or causation has not 16 bytes")
        }
        return id
    }

    private mutating func stream(_ id: Int64, _ position: Int64) throws -> String {
        if let name = names.streams[id] { return name }
        guard let name = try look(up: id, with: findStream) else {
            throw Unreadable(position: position, why: "its stream has no name")
        }
        names.streams[id] = name
        return name
    }

    private mutating func symbol(_ id: Int64, _ position: Int64) throws -> String {
        if let text = names.symbols[id] { return text }
        guard let text = try look(up: id, with: findSymbol) else {
            throw Unreadable(position: position, why: "its type, channel or actor has no text")
        }
        names.symbols[id] = text
        return text
    }

    private func look(up id: Int64, with statement: HotStatement) throws -> String? {
        statement.bind(id, at: 1)
        defer { statement.reset() }
        return try statement.step() ? statement.text(at: 0) : nil
    }

    /// A row that is not an event.
    struct Unreadable: Error {
        var position: Int64
        var why: String
    }
}
