import GRDB
import MQTTBroker
import MQTTCodec

extension PendingChanges {
    /// Writes everything, inside a transaction. May be done again after a failure, whatever of it got through.
    func write(to database: Database, _ clock: DeadlineClock) throws {
        var writer = RowWriter(database: database, clock: clock, contents: messages)
        for (key, session) in sessions where session.isEnded { try writer.end(key) }
        for (key, session) in sessions {
            if let row = session.session { try writer.put(row) }
            for (filter, options) in session.subscriptions { try writer.put(key, filter, options) }
            for order in session.deliveries.keys.sorted() {
                if let delivery = session.deliveries[order] { try writer.put(key, order, delivery) }
            }
            for (packetID, isThere) in session.received { try writer.put(key, packetID, isThere: isThere) }
        }
        for (topic, message) in retained { try writer.put(topic, message) }
        try writer.removeUnused()
    }
}

/// Writes the rows of one transaction.
private struct RowWriter {
    let database: Database
    let clock: DeadlineClock
    let contents: [Int64: DurableMessage]
    private var written: Set<Int64> = []
    /// Contents that may have lost the last delivery that names them.
    private var candidates: Set<Int64> = []

    init(database: Database, clock: DeadlineClock, contents: [Int64: DurableMessage]) {
        self.database = database
        self.clock = clock
        self.contents = contents
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        let statement = try database.cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try statement.execute()
    }

    // MARK: Sessions

    mutating func end(_ key: SessionKey) throws {
        let sql = "SELECT message FROM delivery WHERE session = ? AND message IS NOT NULL"
        candidates.formUnion(try Int64.fetchSet(database, sql: sql, arguments: [key]))
        for table in ["delivery", "subscription", "received", "will"] {
            try run("DELETE FROM \(table) WHERE session = ?", [key])
        }
        try run("DELETE FROM session WHERE key = ?", [key])
    }

    func put(_ session: DurableSession) throws {
        try run(
            "INSERT OR REPLACE INTO session (key, client, expiry, expires, owner) VALUES (?, ?, ?, ?, ?)",
            [
                session.key, session.clientID, Int64(session.expiryInterval), clock.time(of: session.expiresAt),
                session.owner,
            ])
        guard let will = session.will else {
            try run("DELETE FROM will WHERE session = ?", [session.key])
            return
        }
        try run(
            """
            INSERT OR REPLACE INTO will (session, topic, payload, qos, retain, properties, delay, due, principal,
                user, address, listener, version, keep_alive)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                session.key, will.topic, Blob(will.payload), Int64(will.qos.rawValue), will.retain,
                Blob(will.properties), Int64(will.delay), clock.time(of: will.deadline), will.principal, will.userName,
                will.remoteAddress, will.listener, Int64(will.version.rawValue), Int64(will.keepAlive),
            ])
    }

    func put(_ key: SessionKey, _ filter: [UInt8], _ options: SubscriptionOptions?) throws {
        let filter = Blob(filter)
        guard let options else {
            try run("DELETE FROM subscription WHERE session = ? AND filter = ?", [key, filter])
            return
        }
        try run(
            """
            INSERT OR REPLACE INTO subscription (session, filter, qos, no_local, as_published, identifier)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                key, filter, Int64(options.qos), options.noLocal, options.retainAsPublished, Int64(options.identifier),
            ])
    }

    func put(_ key: SessionKey, _ packetID: UInt16, isThere: Bool) throws {
        try run(
            isThere
                ? "INSERT OR REPLACE INTO received (session, packet) VALUES (?, ?)"
                : "DELETE FROM received WHERE session = ? AND packet = ?", [key, Int64(packetID)])
    }

    // MARK: Deliveries

    mutating func put(_ key: SessionKey, _ order: Int64, _ delivery: PendingChanges.Delivery) throws {
        if let row = delivery.row {
            try put(row)
            return
        }
        if delivery.isRemoved || delivery.released != nil {
            let sql = "SELECT message FROM delivery WHERE session = ? AND number = ? AND message IS NOT NULL"
            if let message = try Int64.fetchOne(database, sql: sql, arguments: [key, order]) {
                candidates.insert(message)
            }
        }
        if delivery.isRemoved {
            try run("DELETE FROM delivery WHERE session = ? AND number = ?", [key, order])
            return
        }
        if let packetID = delivery.packetID {
            try run(
                "UPDATE delivery SET packet = ? WHERE session = ? AND number = ?", [Int64(packetID), key, order])
        }
        if let released = delivery.released {
            try run(
                "UPDATE delivery SET released = ?, message = NULL WHERE session = ? AND number = ?",
                [released, key, order])
        }
    }

    private mutating func put(_ row: DurableDelivery) throws {
        if let id = row.message, written.insert(id).inserted, let content = contents[id] {
            try run(
                "INSERT OR REPLACE INTO message (id, topic, properties, payload, expires) VALUES (?, ?, ?, ?, ?)",
                [
                    id, Blob(content.topic), Blob(content.properties), Blob(content.payload),
                    clock.time(of: content.expiresAt),
                ])
        }
        try run(
            """
            INSERT OR REPLACE INTO delivery (session, number, message, qos, retain, identifiers, packet, released)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row.session, row.order, row.message, Int64(row.qos), row.retain,
                row.identifiers.map(String.init).joined(separator: " "), Int64(row.packetID), row.released,
            ])
    }

    func removeUnused() throws {
        let sql = "DELETE FROM message WHERE id = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?)"
        for message in candidates { try run(sql, [message, message]) }
    }

    // MARK: Retained messages

    func put(_ topic: [UInt8], _ message: DurableRetained?) throws {
        guard let message else {
            try run("DELETE FROM retained WHERE topic = ?", [Blob(topic)])
            return
        }
        try run(
            "INSERT OR REPLACE INTO retained (topic, properties, payload, qos, expires) VALUES (?, ?, ?, ?, ?)",
            [
                Blob(topic), Blob(message.properties), Blob(message.payload), Int64(message.qos),
                clock.time(of: message.expiresAt),
            ])
    }
}
