import EventLog
import GRDB
import GarageDomain

/// Applies the events of a log to the projections, each with a checkpoint of its own.
///
/// Used only inside the write transaction of a page; after a transaction that failed it must be loaded anew.
struct Projector {
    /// The position that every projection which follows the log has reached; 0 if none.
    private(set) var position: Int64
    private var parts: [Part] = []
    private var keys = EventKeys()

    private struct Part {
        var name: ProjectionName
        var projection: any Projection
        var position: Int64
        var stop: ViewsStatus.Stop?
    }

    /// The projector that continues where the tables stand. `stops` are the projections that can't go on.
    init(_ database: Database, stops: [ProjectionName: ViewsStatus.Stop] = [:]) throws {
        position = 0
        for name in ProjectionName.allCases {
            parts.append(
                Part(
                    name: name, projection: try name.load(database),
                    position: try Checkpoint(name, database)?.position ?? 0, stop: stops[name]))
        }
        position = following
    }

    /// The garages that the events applied so far are about.
    var garages: Set<Name> { keys.garages }

    /// The projections that can't go on, and why.
    var stops: [ProjectionName: ViewsStatus.Stop] {
        var stops: [ProjectionName: ViewsStatus.Stop] = [:]
        for part in parts { stops[part.name] = part.stop }
        return stops
    }

    var status: [ViewsStatus.Projection] {
        parts.map { ViewsStatus.Projection(name: $0.name.rawValue, position: $0.position, stop: $0.stop) }
    }

    /// The slowest of those that follow the log; if none does, the furthest.
    private var following: Int64 {
        parts.filter { $0.stop == nil }.map(\.position).min() ?? parts.map(\.position).max() ?? 0
    }

    /// Applies the next events, at most `limit`, and moves the checkpoints. Gives the events as rows, close to the head and
    /// if someone reads along.
    ///
    /// A projection that can't apply an event stops before it while the others go on. What keeps all of them from being
    /// written, a full disk for example, is thrown.
    mutating func applyPage(
        of log: EventLog, limit: Int, for recent: RecentEvents, _ database: Database
    ) throws -> [EventRow] {
        let head = log.head
        let isClose = head - position <= Int64(RecentEvents.capacity)
        let page = try ProjectedPage(
            of: log, after: position, limit: limit, keepsRows: isClose && recent.wantsPage(), keys: &keys)
        // Nothing up to the head: it was pruned meanwhile.
        let end = page.events.last?.position ?? head
        let checkpoint = Checkpoint(position: end, event: try log.read(positions: [end]).first)
        for index in parts.indices where parts[index].stop == nil && parts[index].position < end {
            let first = page.events.partitioningIndex { $0.position > parts[index].position }
            try apply(page.events[first...], to: &parts[index], checkpoint, log, database)
        }
        position = following
        return page.rows
    }

    private func apply(
        _ events: ArraySlice<ProjectedEvent>, to part: inout Part, _ checkpoint: Checkpoint, _ log: EventLog,
        _ database: Database
    ) throws {
        do {
            try database.inSavepoint {
                try part.projection.apply(events, database)
                try checkpoint.store(part.name, database)
                return .commit
            }
            part.position = checkpoint.position
        } catch let error where !Projector.isOfStorage(error) {
            part.projection = try part.name.load(database)
            try applySingly(events, to: &part, log, database)
        }
    }

    /// Finds the event that a projection can't apply, and stops it there.
    private func applySingly(
        _ events: ArraySlice<ProjectedEvent>, to part: inout Part, _ log: EventLog, _ database: Database
    ) throws {
        for event in events {
            let checkpoint = Checkpoint(
                position: event.position, event: try log.read(positions: [event.position]).first)
            do {
                try database.inSavepoint {
                    try part.projection.apply([event], database)
                    try checkpoint.store(part.name, database)
                    return .commit
                }
                part.position = event.position
            } catch let error where !Projector.isOfStorage(error) {
                part.projection = try part.name.load(database)
                part.stop = ViewsStatus.Stop(position: event.position, reason: "\(error)")
                return
            }
        }
    }

    /// Whether an error comes from the disk or the connection and not from an event.
    private static func isOfStorage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return error is EventLogError || error is CancellationError }
        switch error.resultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_TOOBIG: return false
        default: return true
        }
    }
}
