import DequeModule

/// The retained messages in the order in which they came, with gaps where some have gone.
struct RetainedLog {
    private static let toleratedGaps = 1024

    private var entries: Deque<(sequence: UInt64, message: RetainedMessage?)> = []
    private var gaps = 0
    private(set) var lastSequence: UInt64 = 0

    mutating func append(_ message: RetainedMessage) {
        lastSequence += 1
        message.setSequence(lastSequence)
        entries.append((lastSequence, message))
    }

    mutating func remove(_ message: RetainedMessage) {
        let index = firstIndex(after: message.sequence &- 1)
        guard index < entries.count, entries[index].message === message else { return }
        entries[index].message = nil
        gaps += 1
        if gaps > Self.toleratedGaps, gaps > entries.count / 2 {
            entries.removeAll { $0.message == nil }
            gaps = 0
        }
    }

    func forEach(_ body: (RetainedMessage) -> Void) {
        for entry in entries {
            if let message = entry.message { body(message) }
        }
    }

    /// The next messages of a request that `isWanted` takes, which moves on.
    func next(of request: inout RetainedRequest, _ isWanted: (RetainedMessage) -> Bool) -> [RetainedMessage] {
        var found: [RetainedMessage] = []
        var bytes = 0
        for index in firstIndex(after: request.cursor)..<entries.count {
            let (sequence, message) = entries[index]
            guard sequence <= request.end else { break }
            guard let message, isWanted(message) else { continue }
            bytes += message.size
            if !found.isEmpty, bytes > RetainedRequest.maximumBytes || found.count == RetainedRequest.maximumCount {
                return found
            }
            found.append(message)
            request.cursor = sequence
        }
        request.isComplete = true
        return found
    }

    private func firstIndex(after sequence: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
