import MQTTBroker
import MQTTCodec

/// A will that was on disk when the broker's process died.
struct PromisedWill {
    var number: Int
    var latest: UInt64
}

/// What must be true after the broker's process has died, which loses what was not committed.
extension Ledger {
    /// - Parameters:
    ///   - clients: the sessions as they were, for drops that had been counted and not told.
    ///   - committed: what the next life begins with.
    func endLife(_ clients: [ClientInfo], _ committed: DurableState) {
        figures.restarts += 1
        life += 1
        for info in clients {
            if let client = Self.client(info.clientID) { dropped[client, default: 0] += info.unreportedDrops }
        }
        tickets = tickets.map { _ in [] }
        for index in sessions.indices {
            sessions[index].connection = nil
            sessions[index].pendingWill = nil
        }
        requests = [:]
        promisedWills = [:]
        for session in committed.sessions { promiseWill(of: session.session) }
        checkRetained(committed.retained)
    }

    private func promiseWill(of session: DurableSession) {
        guard let will = session.will, let client = Self.client(session.clientID),
            let number = will.payload.withUnsafeBytes({ Self.number(of: $0) })
        else { return }
        let due = now + Self.nanoseconds(min(will.delay, session.expiryInterval))
        promisedWills[client] = PromisedWill(number: number, latest: will.deadline == 0 ? due : will.deadline)
    }

    /// What is retained must be something that was at or after the last change that was acknowledged.
    private func checkRetained(_ committed: [DurableRetained]) {
        var found: [String: Retained] = [:]
        for message in committed {
            guard let number = message.payload.withUnsafeBytes({ Self.number(of: $0) }) else { continue }
            found[String(decoding: message.topic, as: UTF8.self)] = Retained(
                number: number, expiresAt: message.expiresAt)
        }
        for (topic, history) in retainedHistory {
            let allowed = history[(retainedForSure[topic] ?? 0)...]
            let isExpired = allowed.contains { $0.map { $0.expiresAt != 0 && $0.expiresAt <= now } ?? false }
            if !allowed.contains(found[topic]), found[topic] != nil || !isExpired {
                fail("\(topic) has retained \(String(describing: found[topic])) after the broker's end, of \(allowed)")
            }
            retained[topic] = found[topic]
        }
        retainedHistory = [:]
        retainedForSure = [:]
    }

    /// A retained message was acknowledged: what was retained before it can't come back.
    func retainedForGood(_ number: Int) {
        let topic = records[number].topic
        guard let index = retainedHistory[topic]?.firstIndex(where: { $0?.number == number }) else { return }
        retainedForSure[topic] = max(retainedForSure[topic] ?? 0, index)
    }
}
