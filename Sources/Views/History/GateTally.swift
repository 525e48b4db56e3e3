import GarageDomain

/// Adds up the states of a gate by interval.
struct GateTally {
    private(set) var usages: [GateUsage]

    /// The intervals ascend and don't overlap.
    init(_ intervals: [(Timestamp, Timestamp)]) {
        usages = intervals.map { from, to in
            GateUsage(
                from: from, to: to, openMilliseconds: 0, unknownMilliseconds: to.milliseconds(since: from), openings: 0)
        }
    }

    /// Counts a state that lasted until a moment.
    mutating func add(_ span: GateSpan?, until end: Timestamp) {
        guard let span, span.start < end else { return }
        let first = usages.partitioningIndex { $0.to > span.start }
        for index in first..<usages.count {
            guard usages[index].from < end else { return }
            let length = min(usages[index].to, end).milliseconds(since: max(usages[index].from, span.start))
            usages[index].unknownMilliseconds = max(0, usages[index].unknownMilliseconds - length)
            if span.state != .closed { usages[index].openMilliseconds += length }
        }
    }

    /// Counts that a gate left the closed state.
    mutating func note(_ span: GateSpan, after previous: GateSpan?) {
        guard span.state != .closed, let previous, previous.state == .closed else { return }
        let index = usages.partitioningIndex { $0.to > span.start }
        guard index < usages.count, usages[index].from <= span.start else { return }
        usages[index].openings += 1
    }
}
