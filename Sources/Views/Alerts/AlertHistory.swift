import EventLog
import GRDB
import GarageDomain

/// Projects alerts and acknowledgements into the tables `alert` and `acknowledgement`.
struct AlertHistory {
    static let tables = """
        CREATE TABLE alert(
            position INTEGER PRIMARY KEY, stream TEXT NOT NULL, condition TEXT NOT NULL, text TEXT NOT NULL,
            raised INTEGER NOT NULL, cleared INTEGER
        ) STRICT;
        CREATE INDEX alert_open ON alert(stream, condition) WHERE cleared IS NULL;
        CREATE TABLE acknowledgement(
            event INTEGER PRIMARY KEY, position INTEGER NOT NULL, actor TEXT NOT NULL, time INTEGER NOT NULL
        ) STRICT;
        """

    /// Only the first acknowledgement of an event counts; an alert that is over stays over.
    func apply(_ row: EventRow, _ database: Database) throws {
        switch row.body {
        case .alertRaised(let alert):
            let insert = try database.cachedStatement(
                sql: "INSERT INTO alert(position, stream, condition, text, raised) VALUES (?, ?, ?, ?, ?)")
            try insert.execute(arguments: [
                row.event.position, row.event.stream, alert.condition, alert.text, row.event.time,
            ])
        case .alertCleared(let alert):
            let update = try database.cachedStatement(
                sql: "UPDATE alert SET cleared = ? WHERE stream = ? AND condition = ? AND cleared IS NULL")
            try update.execute(arguments: [row.event.time, row.event.stream, alert.condition])
        case .eventAcknowledged(let acknowledgement):
            let insert = try database.cachedStatement(
                sql: "INSERT OR IGNORE INTO acknowledgement(event, position, actor, time) VALUES (?, ?, ?, ?)")
            try insert.execute(arguments: [
                acknowledgement.position, row.event.position, row.event.metadata.actor, row.event.time,
            ])
        default: break
        }
    }
}

extension AlertRow {
    /// A row of the table `alert` joined with its acknowledgement.
    init?(_ row: Row) {
        guard let raised = row.timestamp("raised") else { return nil }
        self.init(
            position: row["position"], subject: Subject(stream: row["stream"]), condition: row["condition"],
            text: row["text"], raised: raised, cleared: row.timestamp("cleared"),
            acknowledgement: AcknowledgementRow(row, prefix: "acknowledgement_"))
    }
}

extension AcknowledgementRow {
    init?(_ row: Row, prefix: String) {
        guard let position = row[prefix + "position"] as Int64?, let actor = row[prefix + "actor"] as String?,
            let time = row.timestamp(prefix + "time")
        else { return nil }
        self.init(position: position, actor: actor, time: time)
    }
}
