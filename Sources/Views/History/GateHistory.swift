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

extension GateHistory {
    /// Lets the state that each gate is in begin later if the clock was set forward, so that it lasts as long as it has; the
    /// time that was skipped goes to the state before. A clock that was set back would put it before what came earlier, and
    /// so changes nothing here.
    func shift(by changed: ClockChanged, at time: Int64, _ database: Database) throws {
        let (length, overflow) = changed.milliseconds.multipliedReportingOverflow(by: 1000)
        guard length > 0, !overflow else { return }
        try database.execute(
            sql: """
                UPDATE movement SET time = time + ?1 WHERE time <= ?2 - ?1 AND NOT EXISTS (
                SELECT 1 FROM movement AS later WHERE later.garage = movement.garage AND later.gate = movement.gate
                AND (later.time, later.position) > (movement.time, movement.position))
                """, arguments: [length, time])
    }
}

extension GateMoved {
    /// A gate that nothing was known of says how it stands; it need not have moved.
    var isFirstReport: Bool { from == nil && commandID == nil }
}
