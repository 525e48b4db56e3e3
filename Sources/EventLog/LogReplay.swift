import GRDB

/// An event as a replay comes by it: its numbers at once, all else only when asked for.
///
/// Valid only inside the call that it is handed to.
package struct ReplayedEvent {
    private let row: HotStatement
    private let findStream: HotStatement
    private let findSymbol: HotStatement

    package let position: Int64
    /// When it happened: microseconds since 1970.
    package let time: Int64
    /// What stands for the stream, the type, the channel and the actor: within one log, equal numbers are equal texts.
    package let numbers: Numbers

    package struct Numbers: Hashable, Sendable {
        package var stream: Int64
        package var type: Int64
        package var channel: Int64
        package var actor: Int64
    }

    /// The texts that the numbers stand for.
    package struct Names: Sendable {
        package var stream: String
        package var type: String
        package var channel: String
        package var actor: String
    }

    fileprivate static let columns = """
        position, time, stream, type, channel, actor, schema, data, id, version, chain, recorded, correlation, causation,
        hash, client
        """

    fileprivate init(_ row: HotStatement, _ findStream: HotStatement, _ findSymbol: HotStatement) {
        self.row = row
        self.findStream = findStream
        self.findSymbol = findSymbol
        position = row.integer(at: 0)
        time = row.integer(at: 1)
        numbers = Numbers(
            stream: row.integer(at: 2), type: row.integer(at: 3), channel: row.integer(at: 4), actor: row.integer(at: 5)
        )
    }

    package var schema: Int { Int(row.integer(at: 6)) }

    /// `nil` if the row has none that is one.
    package var id: EventID? { row.id(at: 8) }

    /// The MQTT client identifier, if the event came over MQTT and was not erased.
    package var clientID: String? { row.text(at: 15) }

    /// Gives the data without copying them.
    package func withData<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try body(row.rawBytes(at: 7))
    }

    /// Looks the texts up: to be kept by number, because it costs more than reading the event.
    package func names() throws -> Names {
        Names(
            stream: try look(up: numbers.stream, with: findStream), type: try look(up: numbers.type, with: findSymbol),
            channel: try look(up: numbers.channel, with: findSymbol),
            actor: try look(up: numbers.actor, with: findSymbol))
    }

    /// The whole event, with the texts that ``names()`` gave for its numbers.
    package func recorded(_ names: Names) throws -> RecordedEvent {
        guard let id = row.id(at: 8), let chain = Chain(rawValue: Int(row.integer(at: 10))) else {
            throw EventDecoder.Unreadable(position: position, why: "its id or its chain is none")
        }
        let metadata = EventMetadata(
            actor: names.actor, channel: names.channel, clientID: row.text(at: 15), correlation: row.id(at: 12),
            causation: row.id(at: 13))
        return RecordedEvent(
            position: position, id: id, stream: names.stream, version: row.integer(at: 9), chain: chain,
            type: names.type, schema: schema, time: time, recorded: row.integer(at: 11), metadata: metadata,
            data: row.bytes(at: 7), hash: row.bytes(at: 14))
    }

    private func look(up number: Int64, with statement: HotStatement) throws -> String {
        statement.bind(number, at: 1)
        defer { statement.reset() }
        guard try statement.step(), let text = statement.text(at: 0) else {
            throw EventDecoder.Unreadable(position: position, why: "its stream, type, channel or actor has no text")
        }
        return text
    }
}

extension EventLog {
    /// The position up to which all telemetry was pruned; 0 if none was.
    package func prunedTelemetry() throws(EventLogError) -> Int64 {
        try reader.read { database in
            try Int64.fetchOne(
                database, sql: "SELECT anchor_position FROM chain WHERE id = ?", arguments: [Chain.telemetry.rawValue]
            ) ?? 0
        }
    }

    /// Hands over the events after a position in order, at most `limit`, in one short transaction: the way for those who
    /// read the whole log.
    package func replay(
        after position: Int64, limit: Int, _ body: (ReplayedEvent) throws -> Void
    ) throws(EventLogError) {
        let sql = "SELECT \(ReplayedEvent.columns) FROM event WHERE position > ?1 ORDER BY position LIMIT ?2"
        try reader.read { database in
            let row = try HotStatement(database, sql: sql)
            defer { row.reset() }
            let findStream = try HotStatement(database, sql: "SELECT name FROM stream WHERE id = ?1")
            let findSymbol = try HotStatement(database, sql: "SELECT text FROM symbol WHERE id = ?1")
            row.bind(position, at: 1)
            row.bind(Int64(max(limit, 0)), at: 2)
            while try row.step() { try body(ReplayedEvent(row, findStream, findSymbol)) }
        }
    }
}
