import EventLog
import GRDB

/// How far the views have come, and in which log.
struct Checkpoint: Equatable {
    var position: Int64
    /// The id and the hash of the event at `position`, which no other log has there.
    var event: String
    var hash: String

    init(_ event: RecordedEvent) {
        position = event.position
        self.event = event.id.description
        hash = hexadecimal(event.hash)
    }

    /// The checkpoint as it stands in the tables; `nil` if no event was applied yet.
    init?(_ database: Database) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT position, event, hash FROM checkpoint") else {
            return nil
        }
        position = row[0]
        event = row[1]
        hash = row[2]
    }

    func store(_ database: Database) throws {
        try database.execute(
            sql: "REPLACE INTO checkpoint(id, position, event, hash) VALUES (1, ?, ?, ?)",
            arguments: [position, event, hash]
        )
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
