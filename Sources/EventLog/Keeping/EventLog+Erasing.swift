import GRDB
import Synchronization

/// What an erasure did.
public struct ErasureReceipt: Sendable, Hashable {
    /// The events that were blanked.
    public var events: Int
    /// The position of the event that records the erasure.
    public var position: Int64
}

extension EventLog {
    /// Blanks everything that the log holds of one actor: the actor, client id and data of each of the actor's events. Type,
    /// stream, time, position and hash stay, so the chains still hold; see ``RecordedEvent/isErased``.
    ///
    /// `record` makes the event that tells of the erasure from the number of blanked events; it is committed together with
    /// the last of them. It should not repeat the name. Interrupted before that, the erasure can be done again. Backups that
    /// were made before keep what they have.
    ///
    /// Returns `nil` if the log has no such actor. Throws if the disk fails, or the name is also the name of an event type or
    /// a channel.
    public func erase(
        actor: String, recordedBy record: @escaping @Sendable (_ events: Int) -> NewEvent
    ) async throws(EventLogError) -> ErasureReceipt? {
        let finding = try reader.read { database -> (symbol: Int64, isShared: Bool)? in
            guard
                let symbol = try Int64.fetchOne(
                    database, sql: "SELECT id FROM symbol WHERE text = ?", arguments: [actor])
            else { return nil }
            let isShared = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE type = ?1 OR channel = ?1)",
                arguments: [symbol])
            return (symbol, isShared ?? false)
        }
        guard let (symbol, isShared) = finding, !actor.isEmpty else { return nil }
        guard !isShared else { throw .storage("'\(actor)' is not only an actor's name") }
        var erased = 0
        var position: Int64 = 0
        while true {
            let page = try reader.read { try EventLog.positions(of: symbol, after: position, $0) }
            guard let last = page.last else { break }
            erased += try await onWriter { try $0.erase(page, of: actor) }
            position = last
        }
        let (count, start) = (erased, position)
        defer { reader.forgetNames() }
        return try await onWriter { writer in
            try writer.finishErasure(of: actor, symbol: symbol, after: start, erased: count, recordedBy: record)
        }
    }

    /// The next events of an actor that are not blanked, few enough for one short transaction.
    static func positions(of actor: Int64, after position: Int64, _ database: Database) throws -> [Int64] {
        try Int64.fetchAll(
            database,
            sql: """
                SELECT position FROM event WHERE position > ? AND actor = ? AND digest IS NULL ORDER BY position LIMIT 500
                """,
            arguments: [position, actor])
    }

    /// Runs a body on the writer's thread, between two groups.
    private func onWriter<Value: Sendable>(
        _ body: @escaping @Sendable (LogWriter) throws -> Value
    ) async throws(EventLogError) -> Value {
        let result: Result<Value, EventLogError> = await withCheckedContinuation { continuation in
            let isTaken = queue.push { [path] writer in
                continuation.resume(
                    returning: Result { try body(writer) }.mapError { EventLogError($0, path: path) })
            }
            if !isTaken { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }
}

extension LogWriter {
    /// One step of an erasure, in a transaction of its own.
    fileprivate func erase(_ positions: [Int64], of actor: String) throws -> Int {
        try change { try Eraser($0).erase(positions, of: actor) }
    }

    /// Blanks what has come since, takes the name out, and appends the event that tells of it.
    fileprivate func finishErasure(
        of actor: String, symbol: Int64, after position: Int64, erased: Int, recordedBy record: (Int) -> NewEvent
    ) throws -> ErasureReceipt {
        var count = erased
        let receipt = try appendBesides { database in
            let eraser = try Eraser(database)
            var last = position
            while let end = try EventLog.positions(of: symbol, after: last, database).last {
                count += try eraser.erase(EventLog.positions(of: symbol, after: last, database), of: actor)
                last = end
            }
            try eraser.forget(symbol)
            return record(count)
        }
        return ErasureReceipt(events: count, position: receipt)
    }
}
