import EventLog
import GRDB
import GarageDomain

/// Projects the movements of gates into the table `movement`.
struct GateHistory {
    static let tables = """
        CREATE TABLE movement(
            garage TEXT NOT NULL, gate TEXT NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL,
            state TEXT NOT NULL, first INTEGER NOT NULL, actor TEXT NOT NULL, channel TEXT NOT NULL, command TEXT,
            PRIMARY KEY (garage, gate, time, position)
        ) STRICT, WITHOUT ROWID;
        """

    /// `cause` is the command that the movement names, if it is known.
    func apply(
        _ moved: GateMoved, of gate: Subject, _ row: EventRow, cause: CommandRow?, _ database: Database
    ) throws {
        let insert = try database.cachedStatement(
            sql: """
                INSERT INTO movement(garage, gate, time, position, state, first, actor, channel, command)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try insert.execute(arguments: [
            gate.garage.text, gate.name.text, row.event.time, row.event.position, moved.to.rawValue,
            moved.isFirstReport, cause?.actor ?? row.event.metadata.actor, cause?.channel ?? row.event.metadata.channel,
            moved.commandID,
        ])
    }
}

extension GateMoved {
    /// A gate that nothing was known of says how it stands; it need not have moved.
    var isFirstReport: Bool { from == nil && commandID == nil }
}
