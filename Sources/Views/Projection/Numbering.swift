/// Numbers the distinct values of one filter column in the order of their first event, and counts their events.
struct Numbering<Value: Hashable & Sendable>: Sendable {
    private struct Entry {
        var id: Int64
        var events: Int64
        var isStored: Bool
    }

    private var entries: [Value: Entry]
    private var changed: Set<Value> = []

    /// The values as they were stored before, with their numbers and counts.
    init(_ stored: [(value: Value, id: Int64, events: Int64)]) {
        entries = [:]
        for (value, id, events) in stored { entries[value] = Entry(id: id, events: events, isStored: true) }
    }

    /// The number of `value`, after counting one more event of it.
    mutating func count(_ value: Value) -> Int64 {
        var entry = entries[value] ?? Entry(id: Int64(entries.count) + 1, events: 0, isStored: false)
        entry.events += 1
        entries[value] = entry
        changed.insert(value)
        return entry.id
    }

    /// Hands out the values that are new or counted since the last call, in the order of their numbers.
    mutating func takeChanges() -> [(value: Value, id: Int64, events: Int64, isNew: Bool)] {
        var taken: [(value: Value, id: Int64, events: Int64, isNew: Bool)] = []
        for value in changed {
            guard var entry = entries[value] else { continue }
            taken.append((value, entry.id, entry.events, !entry.isStored))
            entry.isStored = true
            entries[value] = entry
        }
        changed = []
        return taken.sorted { $0.id < $1.id }
    }
}
