/// How long a gate takes from one end to the other, as learned from its last movements.
public struct TravelTimes: Hashable, Sendable, Codable {
    /// How many movements are remembered in each direction.
    static let capacity = 8
    /// A longer one was not one movement, but a report that came late.
    static let longestMilliseconds: Int64 = 10 * 60 * 1000

    private var opening: [Int64] = []
    private var closing: [Int64] = []
    /// The end that the present movement began from; `nil` if it began on the way or turned round.
    var origin: GateState?

    public init() {}

    /// The longest of the last movements towards this end, in milliseconds; `nil` if none was seen.
    public func milliseconds(_ action: GateAction) -> Int64? {
        switch action {
        case .open: opening.max()
        case .close: closing.max()
        case .stop: nil
        }
    }

    mutating func learn(_ action: GateAction, milliseconds: Int64) {
        guard (0...TravelTimes.longestMilliseconds).contains(milliseconds) else { return }
        switch action {
        case .open: opening = (opening + [milliseconds]).suffix(TravelTimes.capacity)
        case .close: closing = (closing + [milliseconds]).suffix(TravelTimes.capacity)
        case .stop: break
        }
    }

    /// Takes in a change of state. `sentAt` is when the command went out that the gate obeys, if one did.
    mutating func note(_ moved: GateMoved, at time: Timestamp, sentAt: Timestamp?) {
        switch moved.to {
        case .opening: origin = moved.from == .closed ? .closed : nil
        case .closing: origin = moved.from == .open ? .open : nil
        case .open, .closed:
            let (action, start) = moved.to == .open ? (GateAction.open, GateState.closed) : (.close, .open)
            if moved.from?.isMoving == true, origin == start, let took = moved.tookMilliseconds {
                learn(action, milliseconds: took)
            } else if moved.from == start, moved.commandID != nil, let sentAt {
                // A gate that reports only its ends: what passed since the command went out.
                learn(action, milliseconds: time.milliseconds(since: sentAt))
            }
            origin = nil
        case .stopped: origin = nil
        }
    }
}
