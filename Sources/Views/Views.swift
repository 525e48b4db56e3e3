public import EventLog
import GRDB
import GarageDomain
public import Logging
import ServiceLifecycle
import Synchronization

/// The read models projected from the event log, and every query behind a page or an endpoint.
///
/// They live in `views.db`, which is disposable: what it holds follows from the log alone. Roll-ups of readings, which
/// outlive the readings in the log, are kept in `rollups.db`. One connection writes, in the order of the log, each page of
/// events in one transaction with its checkpoints; queries read on connections that can't write.
public final class Views: Sendable {
    let recent = RecentEvents()

    let log: EventLog
    let logger: Logger
    let files: ViewsFile
    let gate: PoolGate
    let head = HeadSignal()
    /// `nil` after a transaction that failed, until it is loaded anew. Used by the writing connection only.
    private let projector = Mutex<Projector?>(nil)
    private let lastFailure = Mutex<String?>(nil)
    private let parts = Mutex<[ViewsStatus.Projection]>([])
    private let stops = Mutex<[ProjectionName: ViewsStatus.Stop]>([:])
    private let hasIndex = Mutex(false)
    let garages = Mutex<Set<Name>>([])
    private let nextPruning = Mutex<ContinuousClock.Instant?>(nil)
    /// Whether a rebuild is under way.
    let isRebuilding = Mutex(false)

    private init(log: EventLog, pool: DatabasePool, files: ViewsFile, logger: Logger) throws {
        self.log = log
        gate = PoolGate(pool)
        self.files = files
        self.logger = logger
        let loaded = try pool.read { try Projector($0) }
        head.publish(loaded.position)
        parts.withLock { $0 = loaded.status }
        projector.withLock { $0 = loaded }
    }

    /// Opens `views.db` in the data folder. A file that is missing, damaged, of another version, or made from another log
    /// or from more events than the log has, is replaced by an empty one, which ``catchUp(progress:)`` then fills.
    ///
    /// Throws a `ViewsError` if the file can't be written.
    public static func open(directory: String, log: EventLog, logger: Logger) throws -> Views {
        try open(ViewsFile(directory: directory), log: log, logger: logger)
    }

    static func open(_ files: ViewsFile, log: EventLog, logger: Logger) throws -> Views {
        do {
            try files.rollups.prepare(for: log, logger: logger)
        } catch let error as ViewsError {
            throw error
        } catch {
            throw ViewsError.storage("\(files.rollups.path): \(error)")
        }
        // At the very first start there is none, which is nothing to tell of.
        let hadFile = files.exists
        do {
            if let pool = try files.open(for: log) {
                return try Views(log: log, pool: pool, files: files, logger: logger)
            }
            if hadFile {
                logger.notice(
                    "The views are of another version or log and will be built again",
                    metadata: ["file": "\(files.path)"])
            }
        } catch let error as DatabaseError where ViewsFile.isDamage(error) {
            logger.warning("The views are damaged and will be built again", metadata: ["reason": "\(error)"])
        } catch let error as DatabaseError {
            throw ViewsError.storage("\(files.path): \(error)")
        }
        do {
            try files.delete()
            let pool = try files.create(for: log)
            return try Views(log: log, pool: pool, files: files, logger: logger)
        } catch {
            throw ViewsError.storage("\(files.path): \(error)")
        }
    }

    // MARK: - Following the log

    /// The position of the last event that the views have applied; 0 if none.
    public func position() -> Int64 { head.position }

    /// Why the views don't follow the log as they should: the last page could not be applied, or a projection can't apply
    /// an event. `nil` if all is well.
    public func failure() -> String? {
        if let failure = lastFailure.withLock({ $0 }) { return failure }
        let stopped = status().projections.compactMap { part in
            part.stop.map { "the view '\(part.name)' stopped at event \($0.position): \($0.reason)" }
        }
        return stopped.isEmpty ? nil : stopped.joined(separator: "; ")
    }

    /// Why the log can't be written; `nil` if it can.
    public func trouble() -> String? { log.failure }

    /// How far each projection is, and how large the files are.
    public func status() -> ViewsStatus {
        ViewsStatus(position: position(), head: log.head, bytes: files.bytes, projections: parts.withLock { $0 })
    }

    /// Returns once the event at `position` is applied, after `deadline`, or when the task is cancelled; tells whether it
    /// is applied. So a handler reads what it wrote.
    @discardableResult
    public func waitUntilApplied(_ position: Int64, within deadline: Duration = .seconds(2)) async -> Bool {
        await head.wait(for: position, within: deadline)
    }

    /// Returns once everything is applied that the log had when this was called, or after `deadline`: so that a thing is
    /// not called unknown whose first event was acknowledged a moment ago.
    @discardableResult
    public func waitUntilCurrent(within deadline: Duration = .seconds(2)) async -> Bool {
        await waitUntilApplied(log.head, within: deadline)
    }

    /// The events after a position as they are applied: first those already there, then live ones, without a seam.
    public func liveEvents(after position: Int64, filter: EventFilter = EventFilter()) -> LiveEvents {
        LiveEvents(views: self, after: position, filter: filter)
    }

    /// Ends every wait for events that are not applied yet, and every live stream, now and from now on: a server that is
    /// being stopped does not wait for readers who would stay for ever.
    public func endLiveEvents() { head.close() }

    var areLiveEventsEnded: Bool { head.isClosed }

    /// Applies what the log has; returns when the views have reached the log's head.
    ///
    /// `progress` is told the position and the head after each page.
    public func catchUp(progress: (@Sendable (_ position: Int64, _ head: Int64) -> Void)? = nil) async throws {
        while position() < log.head {
            try Task.checkCancellation()
            try await gate.use(applyPage)
            progress?(position(), log.head)
        }
        try await finishBuilding()
    }

    /// Takes out what the log has pruned, as often as a minute has passed.
    private func followPruning() async throws {
        let now = ContinuousClock.now
        let isDue = nextPruning.withLock { next in
            guard next.map({ $0 <= now }) ?? true else { return false }
            next = now.advanced(by: .seconds(60))
            return true
        }
        guard isDue else { return }
        try await takeOutPruned()
    }

    /// Takes readings that the log has pruned out of the lists.
    func takeOutPruned() async throws {
        let pruned = try await readLog { try $0.prunedTelemetry() }
        guard pruned > 0 else { return }
        while try await gate.use({ try await $0.write { try Pruning.follow(through: pruned, $0) } }) {
            try Task.checkCancellation()
        }
    }

    /// Makes the index that building goes faster without.
    private func finishBuilding() async throws {
        guard !hasIndex.withLock({ $0 }) else { return }
        try await gate.use { try await $0.write { try $0.execute(sql: EventIndex.deferredIndex) } }
        hasIndex.withLock { $0 = true }
    }

    /// Follows the log until the service is shut down, the task cancelled, or the log closed. A page that can't be applied
    /// (a full disk) is tried again; no event is skipped.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled {
                do {
                    let start = position()
                    try await catchUp()
                    try await followPruning()
                    if lastFailure.withLock({ $0.take() }) != nil { logger.notice("The views follow the log again") }
                    pause = .milliseconds(100)
                    // What each page costs beside its events is then shared by more of them.
                    if position() - start >= Views.busyPage { try? await Task.sleep(for: Views.busyPause) }
                    guard await log.nextHead(beyond: position()) != nil else { return }
                } catch is CancellationError {
                    return
                } catch EventLogError.closed {
                    return
                } catch {
                    note(error)
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(5))
                }
            }
        }
    }

    /// Closes the connections. Queries after this fail with ``ViewsError/closed``.
    public func close() throws {
        try gate.close()
    }

    private func note(_ error: any Error) {
        logger.error("The views can't follow the log", metadata: ["reason": "\(error)", "position": "\(position())"])
        lastFailure.withLock { $0 = "\(error)" }
        // A damaged file stays damaged: without it the next start builds a sound one.
        if let error = error as? DatabaseError, ViewsFile.isDamage(error) { try? files.delete() }
    }

    /// Applies the next page of events on a writing connection.
    func applyPage(_ pool: DatabasePool) async throws {
        do {
            try await pool.write { [self] database in
                let known = stops.withLock { $0 }
                let (rows, position, status, stops, seen) = try projector.withLock { projector in
                    var current = try projector.take() ?? Projector(database, stops: known)
                    let limit = Views.pageSize(behind: log.head - current.position)
                    let rows = try current.applyPage(of: log, limit: limit, for: recent, database)
                    projector = current
                    return (rows, current.position, current.status, current.stops, current.garages)
                }
                // On the writing thread, so that pages are published in their order.
                database.afterNextTransaction { [self] _ in
                    note(stops, status)
                    garages.withLock { if !seen.isSubset(of: $0) { $0.formUnion(seen) } }
                    recent.append(rows)
                    head.publish(position)
                } onRollback: { [self] _ in
                    forgetProjector()
                }
            }
        } catch {
            forgetProjector()
            throw error
        }
    }

    private func note(_ stopped: [ProjectionName: ViewsStatus.Stop], _ status: [ViewsStatus.Projection]) {
        parts.withLock { $0 = status }
        let known = stops.withLock { stops in
            defer { stops = stopped }
            return stops
        }
        for (name, stop) in stopped where known[name] == nil {
            logger.error(
                "A view can't apply an event and stays behind until it is rebuilt or the service restarted",
                metadata: ["view": "\(name.rawValue)", "position": "\(stop.position)", "reason": "\(stop.reason)"])
        }
    }

    /// Goes on from where other tables stand than those before.
    func startAnew(_ loaded: Projector) {
        stops.withLock { $0 = [:] }
        parts.withLock { $0 = loaded.status }
        projector.withLock { $0 = loaded }
        lastFailure.withLock { $0 = nil }
        recent.clear()
    }

    /// How far the tables are: never behind what was published, except while they are exchanged.
    var projected: Int64? { projector.withLock { $0?.position } }

    /// After a failure the projector may be ahead of the tables, or half changed.
    private func forgetProjector() { projector.withLock { $0 = nil } }

    /// A long way behind, larger pages write the same rows and index pages of the file less often.
    private static func pageSize(behind: Int64) -> Int { behind > 1000 ? 20_000 : 1000 }

    /// So many events at once are a flood, of which more is coming.
    private static let busyPage: Int64 = 500
    /// How much later than others the events of a flood are seen.
    private static let busyPause = Duration.milliseconds(150)

    // MARK: - Reading

    /// Runs a query on a read-only connection, off the caller's thread.
    func read<Value: Sendable>(_ query: @Sendable @escaping (Database) throws -> Value) async throws -> Value {
        try await gate.use { try await $0.read(query) }
    }

    /// Reads from the log off the caller's thread.
    func readLog<Value: Sendable>(_ query: @Sendable @escaping (EventLog) throws -> Value) async throws -> Value {
        try await gate.use { [log] in try await $0.unsafeRead { _ in try query(log) } }
    }
}

/// Why the views can't be opened or asked.
public enum ViewsError: Error, Sendable, Hashable {
    /// They were closed.
    case closed
    /// They are being rebuilt already.
    case busy
    /// There is no view with this name.
    case unknownView(String)
    /// The file can't be read or written; the text says why.
    case storage(String)
}
