import GRDB

extension Views {
    /// The alerts that stand, newest first, at most 1000.
    public func openAlerts() async throws -> [AlertRow] {
        try await alerts("alert.cleared IS NULL", [], limit: 1000)
    }

    /// All alerts, newest first. `before` is the `position` of the last one of the page before; `limit` is 1 to 1000.
    public func alerts(before: Int64? = nil, limit: Int = 100) async throws -> [AlertRow] {
        try await alerts("alert.position < ?", [before ?? .max], limit: min(max(limit, 1), 1000))
    }

    /// One alert by the position of the event that raised it.
    public func alert(at position: Int64) async throws -> AlertRow? {
        try await alerts("alert.position = ?", [position], limit: 1).first
    }

    /// Who took note of the event at a position; `nil` if nobody did.
    public func acknowledgement(of position: Int64) async throws -> AcknowledgementRow? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM acknowledgement WHERE event = ?", arguments: [position])
                .flatMap { AcknowledgementRow($0, prefix: "") }
        }
    }

    private func alerts(_ condition: String, _ arguments: [Int64], limit: Int) async throws -> [AlertRow] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT alert.*, acknowledgement.position AS acknowledgement_position,
                    acknowledgement.actor AS acknowledgement_actor, acknowledgement.time AS acknowledgement_time
                    FROM alert LEFT JOIN acknowledgement ON acknowledgement.event = alert.position
                    WHERE \(condition) ORDER BY alert.position DESC LIMIT \(limit)
                    """, arguments: StatementArguments(arguments)
            ).compactMap(AlertRow.init)
        }
    }
}
