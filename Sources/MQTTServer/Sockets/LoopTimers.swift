/// Tasks for later of one loop, earliest first; those for one moment in the order of their entry.
struct LoopTimers {
    typealias Task = @Sendable () -> Void

    private struct Entry {
        var deadline: UInt64
        var number: UInt64
    }

    /// A binary heap. The entries of cancelled tasks stay until they are due.
    private var entries: [Entry] = []
    private var tasks: [UInt64: Task] = [:]
    private var lastNumber: UInt64 = 0

    /// When the next task is due, or one that has been cancelled would have been.
    var nextDeadline: UInt64? { entries.first?.deadline }

    /// Enters a task and returns the number that cancels it.
    /// - Parameter deadline: nanoseconds on the loop's clock.
    mutating func insert(_ deadline: UInt64, _ task: @escaping Task) -> UInt64 {
        lastNumber += 1
        tasks[lastNumber] = task
        entries.append(Entry(deadline: deadline, number: lastNumber))
        var child = entries.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return lastNumber
    }

    mutating func cancel(_ number: UInt64) { tasks[number] = nil }

    /// Takes the earliest task if it is due.
    mutating func popDue(_ now: UInt64) -> Task? {
        while let first = entries.first, first.deadline <= now {
            removeFirst()
            if let task = tasks.removeValue(forKey: first.number) { return task }
        }
        return nil
    }

    private mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && precedes(child, least) {
                least = child
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (entries[left], entries[right])
        return left.deadline == right.deadline ? left.number < right.number : left.deadline < right.deadline
    }
}
