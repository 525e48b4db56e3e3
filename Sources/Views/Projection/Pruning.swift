import EventLog
import GRDB
import GarageDomain

/// Takes readings that the log has pruned out of the lists, in steps. Their roll-ups stay.
enum Pruning {
    /// The positions that one step goes over.
    private static let step: Int64 = 5000

    /// Follows the log's pruning by one step; tells whether there may be more to do.
    static func follow(through pruned: Int64, _ database: Database) throws -> Bool {
        let done = try Int64.fetchOne(database, sql: "SELECT pruned FROM log") ?? 0
        // What is not applied yet can't be taken out: it never comes.
        let applied = try ProjectionName.allCases.compactMap { try Checkpoint($0, database)?.position }.min() ?? 0
        let end = min(pruned, applied, done &+ step)
        guard end > done else { return false }
        try database.execute(
            sql: """
                DELETE FROM event WHERE position > ? AND position <= ?
                AND facet IN (SELECT id FROM facet WHERE type = ?)
                """, arguments: [done, end, EventType.readingRecorded.rawValue])
        let latest = try TimeSpans.latest(through: end, database)
        try database.execute(
            sql: """
                DELETE FROM reading WHERE (series, time, position) IN (
                SELECT reading.series, reading.time, reading.position FROM series JOIN reading ON reading.series = series.id
                WHERE reading.time <= ? AND reading.position <= ?)
                """, arguments: [latest ?? .max, end])
        try database.execute(sql: "UPDATE log SET pruned = ?", arguments: [end])
        return end < min(pruned, applied)
    }
}
