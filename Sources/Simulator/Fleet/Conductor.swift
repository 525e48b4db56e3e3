import GarageDomain
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Lets the model live in real time, and hands what its devices do to their mailboxes.
final class Conductor: Sendable {
    private struct State: Sendable {
        var model: GarageModel
        /// The model's time at `anchorInstant`; the model stands still before it begins.
        var anchorTime: Timestamp
        var anchorInstant: ContinuousClock.Instant?
        var lastStep: ContinuousClock.Instant?
        var isShutDown = false
    }

    /// A step later than this means that the machine slept; the model does not catch up with the time between.
    private static let longestGap: Duration = .seconds(10)
    /// Steps are not shorter, so that a high rate is sent in small batches, and not longer, so that the model notices a
    /// shutdown and commands.
    private static let step: ClosedRange<Duration> = .milliseconds(5) ... .milliseconds(200)

    let devices: [SimulatedDevice]
    let mailboxes: [Mailbox]
    let statistics: StatisticsBoard
    private let state: Mutex<State>
    private let clock = ContinuousClock()

    init(_ settings: ModelSettings, statistics: StatisticsBoard) {
        let start = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let model = GarageModel(settings, startingAt: start)
        devices = model.devices
        mailboxes = model.devices.map { _ in Mailbox() }
        self.statistics = statistics
        state = Mutex(State(model: model, anchorTime: start))
    }

    /// Starts the model's clock.
    func begin() {
        state.withLock { $0.anchorInstant = clock.now }
    }

    /// Brings the model to the present.
    /// - Returns: how long to wait until the next step; `nil` after the end.
    func step() -> Duration? {
        state.withLock { state in
            if state.isShutDown { return nil }
            let now = present(&state)
            dispatch(state.model.advance(to: now))
            guard let next = state.model.nextEvent else { return Conductor.step.upperBound }
            let wait = Duration.microseconds(next.microseconds - now.microseconds)
            return min(max(wait, Conductor.step.lowerBound), Conductor.step.upperBound)
        }
    }

    /// A gate's device received an actuate message.
    func actuate(gate: Int, _ action: GateAction) {
        state.withLock { state in
            if state.isShutDown { return }
            statistics.update { $0.commands += 1 }
            let now = present(&state)
            dispatch(state.model.actuate(gate: gate, action, at: now))
        }
    }

    /// A device has connected: it announces itself, and sends what happens from now on.
    func connected(device: Int, breakConnection: @escaping @Sendable () -> Void) {
        state.withLock { state in
            mailboxes[device].open(
                with: state.model.announcement(ofDevice: device), breakConnection: breakConnection)
        }
    }

    /// Ends the model, and has every device say goodbye.
    func shutDown() {
        state.withLock { $0.isShutDown = true }
        for mailbox in mailboxes { mailbox.shutDown() }
    }

    func breakConnections() {
        for mailbox in mailboxes { mailbox.breakConnection() }
    }

    private func present(_ state: inout State) -> Timestamp {
        guard let anchor = state.anchorInstant else { return state.anchorTime }
        let instant = clock.now
        if let last = state.lastStep, last.duration(to: instant) > Conductor.longestGap {
            state.anchorTime = state.anchorTime.adding(anchor.duration(to: last))
            state.anchorInstant = instant
        }
        state.lastStep = instant
        return state.anchorTime.adding((state.anchorInstant ?? anchor).duration(to: instant))
    }

    private func dispatch(_ effects: [DeviceEffect]) {
        var lost = 0
        var late = 0
        for effect in effects {
            switch effect {
            case .publish(let message):
                switch mailboxes[message.device].offer(message) {
                case .accepted: break
                case .offline: lost += 1
                case .full: late += 1
                }
            case .dropConnection(let device): mailboxes[device].post(.drop)
            }
        }
        guard lost + late > 0 else { return }
        statistics.update { [lost, late] in
            $0.lost += lost
            $0.late += late
        }
    }
}

extension Timestamp {
    fileprivate func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return adding(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
