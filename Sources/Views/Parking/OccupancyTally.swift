import GarageDomain

/// Adds up how long spots were known and taken, by quarter of an hour: every time zone's hours begin at whole ones.
struct OccupancyTally {
    private static let slot: Int64 = 900_000_000
    /// Ten years, beyond which a pattern says nothing and would take memory for long.
    private static let mostSlots: Int64 = 350_640

    private let from: Int64
    private let to: Int64
    /// Microseconds of spots in each slot from that of `from` on.
    private var known: [Int64]
    private var taken: [Int64]

    init(from: Timestamp, to: Timestamp) {
        self.to = to.microseconds
        let earliest = to.microseconds.subtractingReportingOverflow(OccupancyTally.mostSlots * OccupancyTally.slot)
        self.from = min(max(from.microseconds, earliest.overflow ? .min : earliest.partialValue), self.to)
        let first = floor(self.from, to: OccupancyTally.slot)
        let count = self.from < self.to ? Int((self.to - first - 1) / OccupancyTally.slot + 1) : 0
        known = Array(repeating: 0, count: count)
        taken = known
    }

    mutating func addSpot(knownSince: Timestamp) {
        forEachSlot(from: knownSince.microseconds, to: to) { tally, index, length in tally.known[index] += length }
    }

    mutating func addStay(from: Timestamp, to: Timestamp) {
        forEachSlot(from: from.microseconds, to: to.microseconds) { tally, index, length in
            tally.taken[index] += length
        }
    }

    func pattern(offset: (Timestamp) -> Int) -> OccupancyPattern {
        var knownByHour = Array(repeating: Int64(0), count: 7 * 24)
        var takenByHour = knownByHour
        let first = floor(from, to: OccupancyTally.slot)
        for index in known.indices {
            let time = first + Int64(index) * OccupancyTally.slot
            let shift = Int64(offset(Timestamp(microseconds: time))) * 1_000_000
            let hour = floor(time.addingReportingOverflow(shift).partialValue, to: 3_600_000_000) / 3_600_000_000
            // 1970-01-01 was a Thursday.
            let cell = Int(((hour + 3 * 24) % 168 + 168) % 168)
            knownByHour[cell] += known[index]
            takenByHour[cell] += taken[index]
        }
        let shares = (0..<7).map { day in
            (0..<24).map { hour -> Double? in
                let all = knownByHour[day * 24 + hour]
                return all > 0 ? min(1, Double(takenByHour[day * 24 + hour]) / Double(all)) : nil
            }
        }
        return OccupancyPattern(shares: shares)
    }

    private mutating func forEachSlot(
        from start: Int64, to end: Int64, _ body: (inout OccupancyTally, Int, Int64) -> Void
    ) {
        let first = floor(from, to: OccupancyTally.slot)
        var time = max(start, from)
        let end = min(end, to)
        while time < end {
            let index = Int((time - first) / OccupancyTally.slot)
            let next = min(first + Int64(index + 1) * OccupancyTally.slot, end)
            body(&self, index, next - time)
            time = next
        }
    }
}
