import MQTTBroker
import MQTTCodec

/// What a CONNECT asked for.
struct ConnectionModel {
    var client: Int
    var cleanStart: Bool
    var expiry: UInt32
    /// The number of the will message, and its delay in seconds.
    var will: (number: Int, delay: UInt32)?
}

/// What must be true of a client's session in the broker.
struct SessionModel {
    var exists = false
    /// 0 while it is connected, and for ever.
    var expiresAt: UInt64 = 0
    /// The address of its connection.
    var connection: String?
    /// A will that waits for its time.
    var pendingWill: (number: Int, due: UInt64)?
    /// Whether the CONNACK under way must say that there is a session.
    var expectsPresent = false
    /// A CONNECT is being handled that ends the session.
    var isEnding = false
}

/// Wills and the life of sessions (MQTT 5.0 sections 3.1.2.5, 3.1.2.11.2 and 4.1).
extension Ledger {
    /// A CONNECT with Clean Start ends the session, and a will that waits is due.
    func authenticating(_ client: Int, cleanStart: Bool) {
        promisedWills[client] = nil
        guard cleanStart else { return }
        sessions[client].isEnding = true
        if let will = sessions[client].pendingWill { sessions[client].pendingWill = (will.number, now) }
    }

    func connected(_ client: Int, _ context: ClientContext) {
        figures.connections += 1
        guard let request = requests[context.remoteAddress] else { return }
        if isExact {
            if sessions[client].connection != nil { fail("client \(client) has two connections") }
            expire(client)
        }
        sessions[client].expectsPresent = sessions[client].exists && !request.cleanStart
        if sessions[client].expectsPresent { figures.resumed += 1 }
        if let will = sessions[client].pendingWill {
            if request.cleanStart, isExact { fail("the will \(will.number) did not come when its session ended") }
            sessions[client].pendingWill = nil
        }
        sessions[client].exists = true
        sessions[client].expiresAt = 0
        sessions[client].connection = context.remoteAddress
        sessions[client].isEnding = false
    }

    func disconnected(_ client: Int, _ context: ClientContext, _ cause: DisconnectCause) {
        guard let request = requests[context.remoteAddress] else { return }
        requests[context.remoteAddress] = nil
        if cause == .takenOver { figures.taken += 1 }
        // On another shard a new connection may have been noted before the old one's end.
        guard sessions[client].connection == context.remoteAddress else {
            if isExact { fail("client \(client) loses a connection that it did not have") }
            return
        }
        sessions[client].connection = nil
        let expiry = sessions[client].isEnding ? 0 : request.expiry
        if let will = request.will, cause != .clientDisconnect(.normalDisconnection) {
            sessions[client].pendingWill = (will.number, now + Self.nanoseconds(min(will.delay, expiry)))
        }
        if expiry == 0 { sessions[client].exists = false }
        if expiry != 0, expiry != .max { sessions[client].expiresAt = now + Self.nanoseconds(expiry) }
    }

    func published(will number: Int) {
        figures.wills += 1
        if let client = promisedWills.first(where: { $0.value.number == number })?.key { promisedWills[client] = nil }
        guard isExact else { return }
        guard let client = sessions.firstIndex(where: { $0.pendingWill?.number == number }),
            let will = sessions[client].pendingWill
        else {
            fail("the will \(number) should not have come")
            return
        }
        if will.due > now { fail("the will \(number) came \(will.due - now) ns too early") }
        sessions[client].pendingWill = nil
    }

    /// No will is late.
    func checkWills() {
        for will in promisedWills.values where will.latest <= now {
            fail("the will \(will.number) did not come after the broker's end")
        }
        guard isExact else { return }
        for session in sessions {
            if let will = session.pendingWill, will.due <= now { fail("the will \(will.number) did not come") }
        }
    }

    private func expire(_ client: Int) {
        if sessions[client].expiresAt != 0, sessions[client].expiresAt <= now { sessions[client].exists = false }
    }

    static func nanoseconds(_ seconds: UInt32) -> UInt64 { UInt64(seconds) * 1_000_000_000 }
}
