/// Who has asked for movements in the last minute, and of which gates.
///
/// Knowledge that no event repeats: a restart begins to count anew.
struct RequestRates: Sendable, Codable {
    static let windowMilliseconds: Int64 = 60_000
    /// The most actors that are remembered; beyond, those that were silent for a minute are forgotten.
    private static let capacity = 1000

    private var actors: [String: [Timestamp]] = [:]
    private var gates: [Subject: [Timestamp]] = [:]

    func isExceeded(_ request: CommandRequest, at now: Timestamp, settings: GarageSettings) -> Bool {
        if let limit = settings.commandsPerMinuteAndActor, let actor = request.actor,
            RequestRates.count(actors[actor], at: now) >= limit
        {
            return true
        }
        return isExceeded(for: request.gate, at: now, settings: settings)
    }

    /// Whether a gate has had all the movements that it may have in a minute.
    func isExceeded(for gate: Subject, at now: Timestamp, settings: GarageSettings) -> Bool {
        guard let limit = settings.commandsPerMinuteAndGate else { return false }
        return RequestRates.count(gates[gate], at: now) >= limit
    }

    /// Counts a request. One that was refused counts for its actor alone: a stranger must not use up a gate's limit.
    mutating func note(_ request: CommandRequest, isAccepted: Bool, at now: Timestamp) {
        if let actor = request.actor {
            actors[actor] = RequestRates.recent(actors[actor], at: now) + [now]
            if actors.count > RequestRates.capacity {
                actors = actors.filter { !RequestRates.recent($0.value, at: now).isEmpty }
            }
        }
        if isAccepted { gates[request.gate] = RequestRates.recent(gates[request.gate], at: now) + [now] }
    }

    /// Moves all times along with a clock that was set.
    mutating func shift(by milliseconds: Int64) {
        actors = actors.mapValues { $0.map { $0.adding(milliseconds: milliseconds) } }
        gates = gates.mapValues { $0.map { $0.adding(milliseconds: milliseconds) } }
    }

    private static func recent(_ times: [Timestamp]?, at now: Timestamp) -> [Timestamp] {
        (times ?? []).filter { now.milliseconds(since: $0) < windowMilliseconds }
    }

    private static func count(_ times: [Timestamp]?, at now: Timestamp) -> Int { recent(times, at: now).count }
}
