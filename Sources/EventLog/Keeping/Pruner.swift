import GRDB

/// Deletes telemetry that is past its age, oldest first, and gives the space back. It lives on the writer's thread and works
/// between the writer's transactions, in steps so small that no acknowledgement waits long for one.
///
/// What goes is always a prefix of the telemetry chain. In the same transaction the chain's anchor moves to the last event
/// that went, and each stream remembers the version from which it goes on, so that what is left still verifies.
final class Pruner {
    /// What a step left behind.
    enum Progress {
        /// Deleted some, or looked at some; the next step may find more.
        case more
        /// Nothing else is old enough.
        case done
    }

    private struct Anchor {
        var position: Int64
        var hash: [UInt8]
    }

    private let database: Database
    private let limit: Int
    private let scan: HotStatement
    private let delete: HotStatement
    /// Up to here everything was looked at, so that a stretch of the journal is not read again and again.
    private var scanned: Int64?

    /// Free pages that stay in the file for the next events, 4 KiB each: taking them away would only make it grow again.
    private static let sparePages = 256
    private static let pagesAtOnce = 256

    init(_ database: Database, limit: Int) throws {
        self.database = database
        self.limit = max(limit, 1)
        scan = try HotStatement(
            database,
            sql: """
                SELECT position, chain, stream, version, recorded, hash FROM event
                WHERE position > ?1 ORDER BY position LIMIT ?2
                """)
        delete = try HotStatement(
            database,
            sql: "DELETE FROM event WHERE position > ?1 AND position <= ?2 AND chain = \(Chain.telemetry.rawValue)")
    }

    /// Looks at the next events and deletes those of the telemetry that were recorded before `cutoff`. If it throws,
    /// nothing has changed.
    func step(before cutoff: Int64) throws -> Progress {
        let start = try scanned ?? anchorPosition()
        var last: Anchor?
        var count = 0
        var versions: [Int64: Int64] = [:]
        var examined = start
        var rows = 0
        var isDue = true
        do {
            scan.bind(start, at: 1)
            scan.bind(Int64(limit), at: 2)
            defer { scan.reset() }
            while isDue, try scan.step() {
                if scan.integer(at: 1) == Int64(Chain.telemetry.rawValue) {
                    isDue = scan.integer(at: 4) < cutoff
                    guard isDue else { break }
                    last = Anchor(position: scan.integer(at: 0), hash: scan.bytes(at: 5))
                    versions[scan.integer(at: 2)] = scan.integer(at: 3)
                    count += 1
                }
                examined = scan.integer(at: 0)
                rows += 1
            }
        }
        if let last { try remove(from: start, through: last, count: count, versions: versions) }
        scanned = examined
        return isDue && rows == limit ? .more : .done
    }

    /// Forgets what was looked at, after a failure or when the age has changed.
    func startOver() { scanned = nil }

    private func anchorPosition() throws -> Int64 {
        try Int64.fetchOne(
            database, sql: "SELECT anchor_position FROM chain WHERE id = ?", arguments: [Chain.telemetry.rawValue]) ?? 0
    }

    private func remove(from start: Int64, through last: Anchor, count: Int, versions: [Int64: Int64]) throws {
        try database.execute(sql: "BEGIN IMMEDIATE")
        do {
            delete.bind(start, at: 1)
            delete.bind(last.position, at: 2)
            do {
                defer { delete.reset() }
                _ = try delete.step()
            }
            guard delete.changes == count else {
                throw EventLogError.corrupt("\(delete.changes) rows went where \(count) were read")
            }
            let stream = try database.cachedStatement(sql: "UPDATE stream SET pruned = max(pruned, ?) WHERE id = ?")
            for (id, version) in versions { try stream.execute(arguments: [version, id]) }
            let chain = try database.cachedStatement(
                sql: "UPDATE chain SET anchor_position = ?, anchor_hash = ?, pruned = pruned + ? WHERE id = ?")
            try chain.execute(arguments: [last.position, Blob(last.hash), count, Chain.telemetry.rawValue])
            try database.execute(sql: "COMMIT")
        } catch {
            scanned = nil
            if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
            throw error
        }
    }

    /// Shortens the file by some pages; `.more` if others are free.
    func releaseSpace() throws -> Progress {
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        guard free > Pruner.sparePages else { return .done }
        let pages = min(free - Pruner.sparePages, Pruner.pagesAtOnce)
        try database.execute(sql: "PRAGMA incremental_vacuum(\(pages))")
        return .more
    }
}
