import GRDB
public import GarageDomain

extension Views {
    /// Every gate, by garage and name.
    public func gates() async throws -> [GateRow] {
        try await read { database in try Views.gates(database, "", []) }
    }

    /// One gate; `nil` if it never reported.
    public func gate(_ id: Subject) async throws -> GateRow? {
        try await read { database in
            try Views.gates(database, "WHERE gate.garage = ? AND gate.name = ?", [id.garage.text, id.name.text]).first
        }
    }

    /// The commands of a gate, newest first.
    public func commands(of gate: Subject, limit: Int) async throws -> [CommandRow] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM command WHERE garage = ? AND gate = ? ORDER BY position DESC LIMIT ?",
                arguments: [gate.garage.text, gate.name.text, min(max(limit, 1), 1000)]
            ).compactMap(CommandRow.init)
        }
    }

    /// One command of a gate, also of one that does not exist.
    public func command(gate: Subject, id: String) async throws -> CommandRow? {
        try await read { database in
            try CurrentState.storedCommand(CurrentState.CommandKey(gate: gate, id: id), database)
        }
    }

    /// Every spot, by garage and name.
    public func spots() async throws -> [SpotRow] {
        try await read { database in
            let sql =
                "SELECT spot.*, device.online FROM spot \(Views.joinDevice("spot")) ORDER BY spot.garage, spot.name"
            return try Row.fetchAll(database, sql: sql).compactMap { row in
                guard let subject = Subject(.spot, row), let since = row.timestamp("since") else { return nil }
                return SpotRow(
                    subject: subject, occupied: row["occupied"], since: since, device: row["device"],
                    deviceOnline: row["online"]
                )
            }
        }
    }

    /// Every sensor, by garage and name.
    public func sensors() async throws -> [SensorRow] {
        try await read { database in try Views.sensors(database, "", []) }
    }

    /// One sensor; `nil` if it never reported.
    public func sensor(_ id: Subject) async throws -> SensorRow? {
        try await read { database in
            try Views.sensors(database, "WHERE sensor.garage = ? AND sensor.name = ?", [id.garage.text, id.name.text])
                .first
        }
    }

    /// Every device, by garage and name.
    public func devices() async throws -> [DeviceRow] {
        try await read { database in
            var reported: [Subject: [Subject]] = [:]
            for kind in [Subject.Kind.gate, .spot, .sensor] {
                let sql =
                    "SELECT garage, name, device FROM \(kind.rawValue) WHERE device IS NOT NULL ORDER BY garage, name"
                for row in try Row.fetchAll(database, sql: sql) {
                    guard let subject = Subject(kind, row),
                        let device = Subject(kind: .device, garage: row["garage"], name: row["device"])
                    else { continue }
                    reported[device, default: []].append(subject)
                }
            }
            return try Row.fetchAll(database, sql: "SELECT * FROM device ORDER BY garage, name").compactMap { row in
                guard var device = DeviceRow(row) else { return nil }
                device.reportsFor = reported[device.subject] ?? []
                return device
            }
        }
    }

    // MARK: - Rows

    private static func joinDevice(_ table: String) -> String {
        "LEFT JOIN device ON device.garage = \(table).garage AND device.name = \(table).device"
    }

    private static func gates(
        _ database: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [GateRow] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT gate.*, device.online FROM gate \(joinDevice("gate")) \(condition) ORDER BY gate.garage, gate.name
                """, arguments: arguments
        )
        let last = try database.cachedStatement(
            sql: "SELECT * FROM command WHERE garage = ? AND gate = ? ORDER BY position DESC LIMIT 1"
        )
        return try rows.compactMap { row in
            guard let subject = Subject(.gate, row) else { return nil }
            let command = try Row.fetchOne(last, arguments: [subject.garage.text, subject.name.text])
            let gate = CurrentState.Gate(row)
            return GateRow(
                subject: subject, state: gate.state, since: gate.since, obstructed: gate.obstructed,
                device: gate.device,
                deviceOnline: row["online"], lastMovement: gate.lastMovement,
                lastCommand: command.flatMap(CommandRow.init)
            )
        }
    }

    private static func sensors(
        _ database: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [SensorRow] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT sensor.*, device.online FROM sensor \(joinDevice("sensor")) \(condition)
                ORDER BY sensor.garage, sensor.name
                """, arguments: arguments
        )
        let latest = try database.cachedStatement(
            sql: "SELECT quantity, value, time FROM series WHERE garage = ? AND sensor = ?"
        )
        let fault = try database.cachedStatement(
            sql: "SELECT * FROM fault WHERE garage = ? AND sensor = ? ORDER BY position DESC LIMIT 1"
        )
        return try rows.compactMap { row in
            guard let subject = Subject(.sensor, row) else { return nil }
            let key: StatementArguments = [subject.garage.text, subject.name.text]
            var values: [Quantity: SensorRow.LatestReading] = [:]
            for row in try Row.fetchAll(latest, arguments: key) {
                guard let quantity = Quantity(rawValue: row["quantity"]), let time = row.timestamp("time") else {
                    continue
                }
                values[quantity] = SensorRow.LatestReading(quantity: quantity, value: row["value"], time: time)
            }
            return SensorRow(
                subject: subject, device: row["device"], deviceOnline: row["online"],
                latest: Quantity.allCases.compactMap { values[$0] },
                fault: try Row.fetchOne(fault, arguments: key).flatMap(SensorRow.FaultRow.init)
            )
        }
    }
}

extension SensorRow.FaultRow {
    /// A row of the table `fault`.
    fileprivate init?(_ row: Row) {
        guard let kind = SensorFault.Kind(rawValue: row["kind"]), let time = row.timestamp("time") else { return nil }
        self.init(
            fault: SensorFault(quantity: Quantity(rawValue: row["quantity"]), kind: kind, raw: row["raw"]), time: time)
    }
}
