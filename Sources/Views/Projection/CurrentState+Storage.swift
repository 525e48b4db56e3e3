import GRDB
import GarageDomain

extension CurrentState {
    static let tables = """
        CREATE TABLE gate(
            garage TEXT NOT NULL, name TEXT NOT NULL, state TEXT, since INTEGER, obstructed INTEGER NOT NULL, device TEXT,
            movement_position INTEGER, movement_to TEXT, movement_time INTEGER, movement_actor TEXT,
            movement_channel TEXT, movement_commanded INTEGER, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE command(
            garage TEXT NOT NULL, gate TEXT NOT NULL, id TEXT NOT NULL, action TEXT, status TEXT NOT NULL, reason TEXT,
            actor TEXT NOT NULL, channel TEXT NOT NULL, requested INTEGER NOT NULL, updated INTEGER NOT NULL,
            position INTEGER NOT NULL, PRIMARY KEY (garage, gate, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX command_position ON command(garage, gate, position);
        CREATE TABLE spot(
            garage TEXT NOT NULL, name TEXT NOT NULL, occupied INTEGER NOT NULL, since INTEGER NOT NULL,
            first INTEGER NOT NULL, device TEXT, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sensor(
            garage TEXT NOT NULL, name TEXT NOT NULL, device TEXT, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE fault(
            garage TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL, kind TEXT NOT NULL, raw TEXT NOT NULL,
            time INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (garage, sensor, quantity)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE device(
            garage TEXT NOT NULL, name TEXT NOT NULL, client TEXT, online INTEGER NOT NULL, since INTEGER NOT NULL,
            reason TEXT, last_event INTEGER NOT NULL, PRIMARY KEY (garage, name)
        ) STRICT, WITHOUT ROWID;
        """

    /// The state as it stands in the tables.
    init(_ database: Database) throws {
        var gates: [Subject: Gate] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM gate") {
            guard let subject = Subject(.gate, row) else { continue }
            gates[subject] = Gate(row)
        }
        var spots: [Subject: Spot] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM spot") {
            guard let subject = Subject(.spot, row), let since = row.timestamp("since"),
                let first = row.timestamp("first")
            else { continue }
            spots[subject] = Spot(occupied: row["occupied"], since: since, first: first, device: row["device"])
        }
        var sensors: [Subject: Sensor] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM sensor") {
            guard let subject = Subject(.sensor, row) else { continue }
            sensors[subject] = Sensor(device: row["device"])
        }
        for row in try Row.fetchAll(database, sql: "SELECT * FROM fault") {
            guard let subject = Subject(kind: .sensor, garage: row["garage"], name: row["sensor"]),
                let kind = SensorFault.Kind(rawValue: row["kind"]), let time = row.timestamp("time")
            else { continue }
            sensors[subject]?.faults[Quantity(rawValue: row["quantity"])] = Fault(
                kind: kind, raw: row["raw"], time: time, position: row["position"]
            )
        }
        var devices: [Subject: DeviceRow] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM device") {
            guard let device = DeviceRow(row) else { continue }
            devices[device.subject] = device
        }
        self.init(gates: gates, spots: spots, sensors: sensors, devices: devices)
    }

    /// A command that an earlier page wrote.
    static func storedCommand(_ key: CommandKey, _ database: Database) throws -> CommandRow? {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM command WHERE garage = ? AND gate = ? AND id = ?",
            arguments: [key.gate.garage.text, key.gate.name.text, key.id]
        )
        return row.flatMap(CommandRow.init)
    }

    /// Writes the entries that the page changed.
    func store(_ database: Database) throws {
        for subject in changes.gates { if let gate = gates[subject] { try gate.store(subject, database) } }
        for key in changes.commands { if let command = commands[key] { try command.store(database) } }
        for subject in changes.spots { if let spot = spots[subject] { try spot.store(subject, database) } }
        for subject in changes.sensors { if let sensor = sensors[subject] { try sensor.store(subject, database) } }
        for subject in changes.devices { if let device = devices[subject] { try device.store(database) } }
    }
}

extension CurrentState.Gate {
    init(_ row: Row) {
        state = (row["state"] as String?).flatMap(GateState.init)
        since = row.timestamp("since")
        obstructed = row["obstructed"]
        device = row["device"]
        lastMovement = GateRow.LastMovement(row)
    }

    fileprivate func store(_ subject: Subject, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                REPLACE INTO gate(
                    garage, name, state, since, obstructed, device, movement_position, movement_to, movement_time,
                    movement_actor, movement_channel, movement_commanded
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            subject.garage.text, subject.name.text, state?.rawValue, since?.microseconds, obstructed, device,
            lastMovement?.position, lastMovement?.to.rawValue, lastMovement?.time.microseconds, lastMovement?.actor,
            lastMovement?.channel, lastMovement?.commanded,
        ])
    }
}

extension CurrentState.Spot {
    fileprivate func store(_ subject: Subject, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "REPLACE INTO spot(garage, name, occupied, since, first, device) VALUES (?, ?, ?, ?, ?, ?)"
        )
        try statement.execute(
            arguments: [
                subject.garage.text, subject.name.text, occupied, since.microseconds, first.microseconds, device,
            ]
        )
    }
}

extension CurrentState.Sensor {
    fileprivate func store(_ subject: Subject, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: "REPLACE INTO sensor(garage, name, device) VALUES (?, ?, ?)")
        try statement.execute(arguments: [subject.garage.text, subject.name.text, device])
        try database.execute(
            sql: "DELETE FROM fault WHERE garage = ? AND sensor = ?",
            arguments: [subject.garage.text, subject.name.text]
        )
        for (quantity, fault) in faults {
            try database.execute(
                sql: """
                    INSERT INTO fault(garage, sensor, quantity, kind, raw, time, position) VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    subject.garage.text, subject.name.text, quantity?.rawValue ?? "", fault.kind.rawValue, fault.raw,
                    fault.time.microseconds, fault.position,
                ]
            )
        }
    }
}

extension CommandRow {
    fileprivate func store(_ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                REPLACE INTO command(
                    garage, gate, id, action, status, reason, actor, channel, requested, updated, position
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            gate.garage.text, gate.name.text, id, action?.rawValue, status.rawValue, reason, actor, channel,
            requested.microseconds, updated.microseconds, position,
        ])
    }
}

extension DeviceRow {
    fileprivate func store(_ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                REPLACE INTO device(garage, name, client, online, since, reason, last_event) VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            subject.garage.text, subject.name.text, clientID, online, since.microseconds, reason,
            lastEvent.microseconds,
        ])
    }
}
