import GarageDomain

/// The state of the garage as far as it is on disk.
///
/// Most inputs are readings, after which nobody looks at it. So what an input means is worked out when someone does; and
/// before so many are owed that this would take long, a state that was decided on ahead takes its place, as soon as all that
/// it is built on is on disk.
struct CommittedState {
    private var base: GarageState
    /// What is on disk and not yet in `base`, in order.
    private var owed: [(input: Input, time: Timestamp)] = []
    /// A state that ran ahead, and the entry that it ends with.
    private var ahead: (state: GarageState, token: UInt64)?

    /// So many owed inputs are worth that the tables of a state are copied, which a state that goes on from one that is kept
    /// costs.
    private static let worthCopy = 1024
    /// Never more are owed.
    private static let mostOwed = 16_384

    init(_ state: GarageState) { base = state }

    /// Takes in an entry whose events are on disk.
    ///
    /// - Parameters:
    ///   - decided: The state that follows from this entry and all that were decided on after it.
    ///   - last: The token of the last of those.
    mutating func take(_ entry: Entry, decided: GarageState, through last: UInt64, settings: GarageSettings) {
        if let input = entry.input { owed.append((input, entry.time)) }
        if let ahead, ahead.token == entry.token {
            replace(with: ahead.state)
        } else if owed.count >= CommittedState.worthCopy {
            if entry.token == last { replace(with: decided) } else if ahead == nil { ahead = (decided, last) }
            if owed.count >= CommittedState.mostOwed { settle(settings) }
        }
    }

    /// An entry did not get to the disk, so that states that ran ahead are none.
    mutating func failed() { ahead = nil }

    /// The state itself.
    mutating func state(_ settings: GarageSettings) -> GarageState {
        settle(settings)
        return base
    }

    private mutating func settle(_ settings: GarageSettings) {
        for (input, time) in owed { _ = base.handle(input, at: time, settings: settings) }
        owed.removeAll(keepingCapacity: true)
    }

    private mutating func replace(with state: GarageState) {
        base = state
        owed.removeAll(keepingCapacity: true)
        ahead = nil
    }
}
