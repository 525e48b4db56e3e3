import GRDB
import GarageDomain

extension Row {
    /// A column of microseconds since 1970; `nil` if it is NULL.
    func timestamp(_ column: String) -> Timestamp? {
        (self[column] as Int64?).map(Timestamp.init(microseconds:))
    }
}

extension Subject {
    /// The subject that the columns `garage` and `name` of a row hold.
    init?(_ kind: Kind, _ row: Row) { self.init(kind: kind, garage: row["garage"], name: row["name"]) }

    init?(kind: Kind, garage: String, name: String) {
        guard let garage = Name(garage), let name = Name(name) else { return nil }
        self.init(garage: garage, kind: kind, name: name)
    }
}

extension GateRow.LastMovement {
    /// The movement that a row of the table `gate` holds, if there was one.
    init?(_ row: Row) {
        guard let position = row["movement_position"] as Int64?, let time = row.timestamp("movement_time"),
            let to = (row["movement_to"] as String?).flatMap(GateState.init),
            let actor = row["movement_actor"] as String?,
            let channel = row["movement_channel"] as String?, let commanded = row["movement_commanded"] as Bool?
        else { return nil }
        self.init(position: position, to: to, time: time, actor: actor, channel: channel, commanded: commanded)
    }
}

extension CommandRow {
    /// A row of the table `command`.
    init?(_ row: Row) {
        guard let gate = Subject(kind: .gate, garage: row["garage"], name: row["gate"]),
            let status = Status(rawValue: row["status"]), let requested = row.timestamp("requested"),
            let updated = row.timestamp("updated")
        else { return nil }
        self.init(
            id: row["id"], gate: gate, action: (row["action"] as String?).flatMap(GateAction.init), status: status,
            reason: row["reason"], actor: row["actor"], channel: row["channel"], requested: requested, updated: updated,
            position: row["position"]
        )
    }
}

extension DeviceRow {
    /// A row of the table `device`.
    init?(_ row: Row) {
        guard let subject = Subject(.device, row), let since = row.timestamp("since"),
            let lastEvent = row.timestamp("last_event")
        else { return nil }
        self.init(
            subject: subject, clientID: row["client"], online: row["online"], since: since, reason: row["reason"],
            lastEvent: lastEvent
        )
    }
}
