import GarageDomain

/// What is due when: a binary heap by time, and by order of insertion among equals, so that a run can be repeated.
struct EventQueue<Element: Sendable>: Sendable {
    private struct Entry: Sendable {
        var time: Timestamp
        var sequence: UInt64
        var element: Element

        func precedes(_ other: Entry) -> Bool { (time, sequence) < (other.time, other.sequence) }
    }

    private var heap: [Entry] = []
    private var sequence: UInt64 = 0

    /// When the first element is due, `nil` if the queue is empty.
    var nextTime: Timestamp? { heap.first?.time }

    mutating func insert(_ element: Element, at time: Timestamp) {
        sequence &+= 1
        heap.append(Entry(time: time, sequence: sequence, element: element))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first element that is due at `limit` or before.
    mutating func next(until limit: Timestamp) -> (time: Timestamp, element: Element)? {
        guard let first = heap.first, first.time <= limit else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.element)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
