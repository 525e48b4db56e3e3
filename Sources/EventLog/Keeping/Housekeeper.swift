import Dispatch
import GRDB

/// Decides when the writer's thread prunes, so that the writer needs to ask only whether something is due.
///
/// While telemetry past its age is there, one step follows each group of events; a step removes up to twice as many as a
/// group adds, so that pruning keeps up with any ingest. Space is given back when nothing waits to be written.
final class Housekeeper {
    private enum Work {
        case nothing
        case pruning
        case releasing
    }

    private let pruner: Pruner
    private let retention: Retention
    private let interval: Duration
    private let status: SharedStatus
    private var work = Work.pruning
    private var age: Duration?
    private var nextLook = DispatchTime.now()

    init(_ database: Database, options: EventLogOptions, retention: Retention, status: SharedStatus) throws {
        pruner = try Pruner(database, limit: options.pruneStep)
        interval = options.pruneInterval
        self.retention = retention
        self.status = status
    }

    /// When the writer should come by at the latest.
    var deadline: DispatchTime {
        switch work {
        case .nothing: nextLook
        case .pruning, .releasing: .now()
        }
    }

    /// Does one step of what is due. `isIdle` says that nothing waits to be written.
    func work(at now: Int64, isIdle: Bool) {
        if work == .nothing, DispatchTime.now() >= nextLook || retention.age != age { work = .pruning }
        do {
            switch work {
            case .nothing: return
            case .pruning: try prune(at: now)
            case .releasing:
                if isIdle, case .done = try pruner.releaseSpace() { rest() }
            }
            status.setPruneFailure(nil)
        } catch {
            // It changes nothing for what is appended, and is tried again at the next look.
            pruner.startOver()
            if case .storage(let reason) = AppendError.storage(error) { status.setPruneFailure(reason) }
            rest()
        }
    }

    private func prune(at now: Int64) throws {
        if retention.age != age {
            age = retention.age
            pruner.startOver()
        }
        guard let cutoff = retention.cutoff(at: now) else { return work = .releasing }
        if case .done = try pruner.step(before: cutoff) { work = .releasing }
    }

    private func rest() {
        work = .nothing
        nextLook = .now() + .milliseconds(max(interval.wholeMilliseconds, 1))
    }
}
