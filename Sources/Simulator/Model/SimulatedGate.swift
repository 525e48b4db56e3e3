import GarageDomain

/// The mechanics of one gate: it takes time to move, can stop half-way and turn round, closes by itself, and opens
/// again when something stands in its way.
struct SimulatedGate: Sendable {
    /// What the gate's electronics reports.
    enum Report: Hashable, Sendable {
        case state(GateState)
        case obstructed(Bool)
    }

    /// Milliseconds from closed to open.
    let travel: Int64
    private(set) var state: GateState = .closed
    private(set) var isObstructed = false

    /// Milliseconds of travel away from closed when the present movement began or the last one ended.
    private var openness: Int64 = 0
    private var movingSince = Timestamp(microseconds: 0)
    private var arrivesAt: Timestamp?
    private var shutsAt: Timestamp?
    private var clearsAt: Timestamp?
    private var obstructsAt: Timestamp?
    /// How long the gate stays open once it has opened, in milliseconds.
    private var openTime: Int64 = 0

    init(travel: Int64) { self.travel = travel }

    /// When the gate does something by itself next.
    var wakesAt: Timestamp? { [arrivesAt, shutsAt, clearsAt, obstructsAt].compactMap(\.self).min() }

    /// Opens the gate and keeps it open for `milliseconds`, or longer if that was asked for before.
    mutating func open(for milliseconds: Int64, at now: Timestamp) -> [Report] {
        switch state {
        case .open:
            shutsAt = max(shutsAt ?? now, now.adding(milliseconds: milliseconds))
            return []
        case .opening:
            openTime = max(openTime, milliseconds)
            return []
        case .closed, .stopped, .closing:
            openTime = milliseconds
            return [move(.opening, at: now)]
        }
    }

    /// Closes the gate. Refused, with the state reported again, while something stands in the way.
    ///
    /// - Parameter obstructedAfter: the share of the way after which something gets in the way, if it does.
    mutating func close(obstructedAfter share: Double?, at now: Timestamp) -> [Report] {
        guard !isObstructed, state != .closed, state != .closing else { return [] }
        let report = move(.closing, at: now)
        if let share { obstructsAt = now.adding(milliseconds: Int64(Double(openness) * share)) }
        return [report]
    }

    /// Stops the gate where it is; nothing if it is not moving.
    mutating func stop(at now: Timestamp) -> [Report] {
        guard state.isMoving else { return [] }
        openness = openness(at: now)
        (arrivesAt, shutsAt, obstructsAt) = (nil, nil, nil)
        state = .stopped
        return [.state(.stopped)]
    }

    /// Does what is due at `now` or before.
    ///
    /// - Parameter obstructedAfter: as for `close`, should the gate begin to close by itself.
    mutating func advance(obstructedAfter share: Double?, to now: Timestamp) -> [Report] {
        if let due = obstructsAt, due <= now {
            isObstructed = true
            clearsAt = now.adding(milliseconds: 12_000)
            openTime = 30_000
            return [.obstructed(true), move(.opening, at: now)]
        }
        if let due = arrivesAt, due <= now {
            arrivesAt = nil
            openness = state == .opening ? travel : 0
            state = state == .opening ? .open : .closed
            shutsAt = state == .open ? now.adding(milliseconds: openTime) : nil
            return [.state(state)]
        }
        if let due = clearsAt, due <= now {
            clearsAt = nil
            isObstructed = false
            return [.obstructed(false)]
        }
        if let due = shutsAt, due <= now {
            shutsAt = isObstructed ? now.adding(milliseconds: 5000) : nil
            return close(obstructedAfter: share, at: now)
        }
        return []
    }

    private mutating func move(_ direction: GateState, at now: Timestamp) -> Report {
        openness = openness(at: now)
        movingSince = now
        state = direction
        (shutsAt, obstructsAt) = (nil, nil)
        arrivesAt = now.adding(milliseconds: direction == .opening ? travel - openness : openness)
        return .state(direction)
    }

    private func openness(at now: Timestamp) -> Int64 {
        let way = min(now.milliseconds(since: movingSince), travel)
        switch state {
        case .opening: return min(travel, openness + way)
        case .closing: return max(0, openness - way)
        case .open, .closed, .stopped: return openness
        }
    }
}
