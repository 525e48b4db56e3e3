import GRDB
import MQTTBroker
import MQTTCodec

/// Reads everything that the file has.
enum StoredState {
    /// Throws `BrokerStoreError.unusable` where the file says something that it can't mean.
    static func read(_ database: Database, _ clock: DeadlineClock) throws -> DurableState {
        var sessions: [SessionKey: DurableState.Session] = [:]
        let wills = try wills(database, clock)
        for row in try Row.fetchAll(database, sql: "SELECT key, client, expiry, expires, owner FROM session") {
            let key: Int64 = row[0]
            sessions[key] = DurableState.Session(
                session: DurableSession(
                    key: key, clientID: row[1], owner: row[4], expiryInterval: UInt32(clamping: row[2] as Int64),
                    expiresAt: clock.deadline(of: row[3]), will: wills[key]))
        }
        try readSubscriptions(database, into: &sessions)
        try readDeliveries(database, into: &sessions)
        for row in try Row.fetchAll(database, sql: "SELECT session, packet FROM received") {
            sessions[row[0]]?.received.insert(try packetID(row[1]))
        }
        var state = DurableState()
        state.sessions = sessions.values.sorted { $0.session.key < $1.session.key }
        state.messages = try messages(database, clock)
        state.retained = try retained(database, clock)
        return state
    }

    private static func readSubscriptions(
        _ database: Database, into sessions: inout [SessionKey: DurableState.Session]
    ) throws {
        let sql = """
            SELECT session, filter, qos, no_local, as_published, identifier FROM subscription ORDER BY session, filter
            """
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            let filter: Blob = row[1]
            sessions[row[0]]?.subscriptions.append(
                DurableSubscription(
                    filter: String(decoding: filter.bytes, as: UTF8.self),
                    options: SubscriptionOptions(
                        qos: try qos(row[2]).rawValue, noLocal: row[3], retainAsPublished: row[4],
                        identifier: UInt32(clamping: row[5] as Int64))))
        }
    }

    private static func readDeliveries(
        _ database: Database, into sessions: inout [SessionKey: DurableState.Session]
    ) throws {
        let sql = """
            SELECT session, number, message, qos, retain, identifiers, packet, released FROM delivery
            ORDER BY session, number
            """
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            let key: Int64 = row[0]
            let identifiers: String = row[5]
            sessions[key]?.deliveries.append(
                DurableDelivery(
                    session: key, order: row[1], message: row[2], qos: try qos(row[3]).rawValue, retain: row[4],
                    identifiers: identifiers.split(separator: " ").compactMap { UInt32($0) },
                    packetID: try packetID(row[6]), released: row[7]))
        }
    }

    private static func messages(_ database: Database, _ clock: DeadlineClock) throws -> [Int64: DurableMessage] {
        var messages: [Int64: DurableMessage] = [:]
        let rows = try Row.fetchCursor(database, sql: "SELECT id, topic, properties, payload, expires FROM message")
        while let row = try rows.next() {
            let (topic, properties, payload): (Blob, Blob, Blob) = (row[1], row[2], row[3])
            let id: Int64 = row[0]
            messages[id] = DurableMessage(
                id: id, topic: topic.bytes, properties: properties.bytes, payload: payload.bytes,
                expiresAt: clock.deadline(of: row[4]))
        }
        return messages
    }

    private static func retained(_ database: Database, _ clock: DeadlineClock) throws -> [DurableRetained] {
        var retained: [DurableRetained] = []
        let sql = "SELECT topic, properties, payload, qos, expires FROM retained ORDER BY topic"
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            let (topic, properties, payload): (Blob, Blob, Blob) = (row[0], row[1], row[2])
            retained.append(
                DurableRetained(
                    topic: topic.bytes, properties: properties.bytes, payload: payload.bytes,
                    qos: try qos(row[3]).rawValue, expiresAt: clock.deadline(of: row[4])))
        }
        return retained
    }

    private static func wills(_ database: Database, _ clock: DeadlineClock) throws -> [SessionKey: DurableWill] {
        var wills: [SessionKey: DurableWill] = [:]
        let sql = """
            SELECT session, topic, payload, qos, retain, properties, delay, due, principal, user, address, listener,
                version, keep_alive
            FROM will
            """
        for row in try Row.fetchAll(database, sql: sql) {
            let (payload, properties): (Blob, Blob) = (row[2], row[5])
            guard let version = ProtocolVersion(rawValue: UInt8(clamping: row[12] as Int64)) else {
                throw BrokerStoreError.unusable(reason: "a will is of an unknown version of MQTT")
            }
            wills[row[0]] = DurableWill(
                topic: row[1], payload: payload.bytes, qos: try qos(row[3]), retain: row[4],
                properties: properties.bytes, delay: UInt32(clamping: row[6] as Int64),
                deadline: clock.deadline(of: row[7]), principal: row[8], userName: row[9], remoteAddress: row[10],
                listener: row[11], version: version, keepAlive: UInt16(clamping: row[13] as Int64))
        }
        return wills
    }

    private static func qos(_ number: Int64) throws -> QoS {
        guard let qos = QoS(rawValue: UInt8(clamping: number)) else {
            throw BrokerStoreError.unusable(reason: "a quality of service is \(number)")
        }
        return qos
    }

    private static func packetID(_ number: Int64) throws -> UInt16 {
        guard let packetID = UInt16(exactly: number) else {
            throw BrokerStoreError.unusable(reason: "a packet identifier is \(number)")
        }
        return packetID
    }
}
