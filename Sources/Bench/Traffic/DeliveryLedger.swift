/// What one subscriber got, checked message by message against what its publishers sent.
struct DeliveryLedger {
    struct Tally: Hashable {
        /// Different messages of this run. Whatever is counted here did arrive, once or more.
        var delivered = 0
        /// Further copies of messages that had arrived before.
        var duplicates = 0
        /// Messages that arrived behind a later one of the same publisher.
        var reordered = 0
        /// Messages that no publisher of this run sent to this subscriber.
        var foreign = 0
    }

    private(set) var tally = Tally()
    private let run: UInt32
    private let firstPublisher: UInt32
    private let messages: UInt64
    /// For each publisher the number of the message that comes next.
    private var next: [UInt64]
    /// For each publisher the numbers below `next` that have not come, ascending.
    private var missing: [[Range<UInt64>]]

    /// - Parameters:
    ///   - publishers: those whose messages the subscriber gets.
    ///   - messages: how many each of them sends.
    init(run: UInt32, publishers: Range<Int>, messages: Int) {
        self.run = run
        firstPublisher = UInt32(clamping: publishers.lowerBound)
        self.messages = UInt64(clamping: messages)
        next = Array(repeating: 0, count: publishers.count)
        missing = Array(repeating: [], count: publishers.count)
    }

    @inline(__always)
    mutating func note(_ stamp: Stamp) {
        let index = Int(truncatingIfNeeded: stamp.publisher &- firstPublisher)
        guard stamp.run == run, index < next.count, next[index] == stamp.sequence, stamp.sequence < messages else {
            return noteUnusual(stamp)
        }
        next[index] = stamp.sequence &+ 1
        tally.delivered &+= 1
    }

    /// Counts a message that is not a message of this run that the subscriber can tell from others.
    mutating func noteForeign() { tally.foreign += 1 }

    @inline(never)
    private mutating func noteUnusual(_ stamp: Stamp) {
        let index = Int(truncatingIfNeeded: stamp.publisher &- firstPublisher)
        guard stamp.run == run, index < next.count, stamp.sequence < messages else { return noteForeign() }
        if stamp.sequence > next[index] {
            missing[index].append(next[index]..<stamp.sequence)
            next[index] = stamp.sequence + 1
            tally.delivered += 1
        } else if takeMissing(stamp.sequence, of: index) {
            tally.delivered += 1
            tally.reordered += 1
        } else {
            tally.duplicates += 1
        }
    }

    private mutating func takeMissing(_ sequence: UInt64, of index: Int) -> Bool {
        guard let at = missing[index].firstIndex(where: { $0.contains(sequence) }) else { return false }
        let gap = missing[index][at]
        let left = [gap.lowerBound..<sequence, (sequence + 1)..<gap.upperBound].filter { !$0.isEmpty }
        missing[index].replaceSubrange(at...at, with: left)
        return true
    }
}
