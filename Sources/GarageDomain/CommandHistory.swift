/// The commands that were seen lately, so that a repeated id is honoured once.
public struct CommandHistory: Sendable, Codable {
    /// How long an id is remembered.
    public static let retentionMilliseconds: Int64 = 24 * 60 * 60 * 1000
    /// The most ids that are remembered; the oldest go first.
    public static let capacity = 10_000

    private struct Entry: Codable, Hashable {
        var id: String
        var requestedAt: Timestamp
    }

    private var records: [String: CommandRecord] = [:]
    /// The ids in the order in which they came, from `first` on.
    private var order: [Entry] = []
    private var first = 0

    init() {}

    /// The number of commands remembered.
    public var count: Int { records.count }

    /// The command with this id, if it is remembered.
    public subscript(id: String) -> CommandRecord? { records[id] }

    mutating func add(_ record: CommandRecord, id: String) {
        records[id] = record
        order.append(Entry(id: id, requestedAt: record.requestedAt))
        forget(before: record.requestedAt)
    }

    mutating func update(_ id: String, outcome: CommandRecord.Outcome) {
        records[id]?.outcome = outcome
    }

    /// Moves all times along with a clock that was set.
    mutating func shift(by milliseconds: Int64) {
        for index in order.indices { order[index].requestedAt.shift(by: milliseconds) }
        for id in records.keys { records[id]?.requestedAt.shift(by: milliseconds) }
    }

    private mutating func forget(before now: Timestamp) {
        while first < order.count {
            let oldest = order[first]
            guard
                order.count - first > CommandHistory.capacity
                    || oldest.requestedAt.adding(milliseconds: CommandHistory.retentionMilliseconds) < now
            else { break }
            // An id that came again after a day has a newer record, which stays.
            if records[oldest.id]?.requestedAt == oldest.requestedAt { records[oldest.id] = nil }
            first += 1
        }
        if first > CommandHistory.capacity {
            order.removeFirst(first)
            first = 0
        }
    }
}
