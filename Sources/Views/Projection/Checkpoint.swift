import EventLog
import GRDB

/// How far a projection has come, and in which log.
struct Checkpoint: Equatable {
    var position: Int64
    /// The id and the hash of the event at `position`, which no other log has there; empty if that event was pruned.
    var event: String
    var hash: String

    static let table = """
        checkpoint(
            name TEXT PRIMARY KEY, position INTEGER NOT NULL, event TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    /// The checkpoint of the last event of a page; `event` is `nil` if the log has none any more at the position.
    init(position: Int64, event: RecordedEvent?) {
        self.position = position
        self.event = event?.id.description ?? ""
        hash = event.map { hexadecimal($0.hash) } ?? ""
    }

    init(position: Int64, event: String, hash: String) {
        self.position = position
        self.event = event
        self.hash = hash
    }

    /// The checkpoint as it stands in the tables; `nil` if no event was applied yet.
    init?(_ name: ProjectionName, _ database: Database) throws {
        let row = try Row.fetchOne(
            database, sql: "SELECT position, event, hash FROM \(name.schema).checkpoint WHERE name = ?",
            arguments: [name.rawValue])
        guard let row else { return nil }
        position = row[0]
        event = row[1]
        hash = row[2]
    }

    func store(_ name: ProjectionName, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "REPLACE INTO \(name.schema).checkpoint(name, position, event, hash) VALUES (?, ?, ?, ?)")
        try statement.execute(arguments: [name.rawValue, position, event, hash])
    }

    /// Whether the log is the one that the checkpoint was made in: a log that was restored from a backup has the same
    /// identity but may have gone on differently. An event that was pruned meanwhile is taken as such.
    func fits(_ log: EventLog) throws -> Bool {
        guard position <= log.head else { return false }
        guard let event = try log.read(positions: [position]).first else { return true }
        return Checkpoint(position: position, event: event) == self
    }
}

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
