import GarageDomain
import Logging
import MQTTClient
import MQTTCodec
import NIOCore

/// The life of one simulated device: connect, announce, publish, obey, and connect again when the connection breaks.
struct DeviceRunner: Sendable {
    private enum Ending {
        case shutDown
        case broken(MQTTClientError?)
    }

    /// A connection that held this long was a good one; the next pause is short again.
    private static let goodConnection: Duration = .seconds(10)

    let index: Int
    let options: SimulationOptions
    let conductor: Conductor
    let slots: ConnectionSlots
    let loop: any EventLoop
    let logger: Logger

    private var device: SimulatedDevice { conductor.devices[index] }
    private var mailbox: Mailbox { conductor.mailboxes[index] }
    private var statistics: StatisticsBoard { conductor.statistics }

    /// Connects once.
    /// - Parameter number: counts the device's attempts.
    func connect(number: Int) async throws(FleetError) -> DeviceConnection {
        try await DeviceConnection.open(
            device, options: options, statistics: statistics, on: loop,
            onActuate: { [conductor, device, logger] action in
                guard case .gate(let gate) = device.part else { return }
                logger.debug("\(device.name) obeys \(action.rawValue)")
                conductor.actuate(gate: gate, action)
            },
            onClose: { [mailbox] error in mailbox.post(.closed(attempt: number, error)) })
    }

    /// Lives until the fleet shuts down.
    /// - Parameter first: a connection that the first attempt has made.
    func run(first: DeviceConnection?) async {
        var backoff = Backoff(random: SeededRandom(seed: options.seed, stream: 1000 + UInt64(index)))
        let clock = ContinuousClock()
        var connections = 0
        var attempt = 1
        var ready = first
        while !mailbox.isShutDown {
            do throws(FleetError) {
                guard let connection = try await take(&ready, attempt: attempt) else { return }
                let begin = clock.now
                connections += 1
                switch await serve(connection, attempt: attempt, isFirst: connections == 1) {
                case .shutDown:
                    await connection.goodbye()
                    return
                case .broken(let error):
                    if let error { note(explain(error)) }
                }
                if begin.duration(to: clock.now) > DeviceRunner.goodConnection { backoff.reset() }
            } catch {
                note(error.description)
            }
            attempt += 1
            await pause(milliseconds: backoff.next())
        }
        await ready?.goodbye()
    }

    /// The connection that is ready, or else a new one when it is the device's turn.
    /// - Returns: `nil` if the fleet was shut down while the device waited.
    private func take(_ ready: inout DeviceConnection?, attempt: Int) async throws(FleetError) -> DeviceConnection? {
        if let made = ready.take() { return made }
        return try await slots.withSlot { () async throws(FleetError) -> DeviceConnection? in
            mailbox.isShutDown ? nil : try await connect(number: attempt)
        }
    }

    private func serve(_ connection: DeviceConnection, attempt: Int, isFirst: Bool) async -> Ending {
        statistics.update {
            $0.connected += 1
            if !isFirst { $0.reconnects += 1 }
        }
        conductor.connected(device: index) { connection.abort() }
        let ending = await publish(over: connection, attempt: attempt)
        let forgotten = mailbox.close()
        statistics.update {
            $0.connected -= 1
            $0.lost += forgotten
        }
        return ending
    }

    private func publish(over connection: DeviceConnection, attempt: Int) async -> Ending {
        while true {
            switch await mailbox.next() {
            case .publish(let message): await connection.publish(message)
            case .drop:
                connection.abort()
                return .broken(nil)
            case .closed(attempt, let error): return .broken(error)
            case .closed, .pauseOver: continue
            case .shutDown: return .shutDown
            }
        }
    }

    private func pause(milliseconds: Int64) async {
        let timer = loop.scheduleTask(in: .milliseconds(milliseconds)) { [mailbox] in mailbox.post(.pauseOver) }
        defer { timer.cancel() }
        while true {
            switch await mailbox.next() {
            case .pauseOver, .shutDown: return
            case .publish, .drop, .closed: continue
            }
        }
    }

    private func explain(_ error: MQTTClientError) -> String {
        guard case .disconnectedByServer(.sessionTakenOver, _) = error else { return error.description }
        return "another client calls itself \(device.name); is another `garage simulate` running at this broker?"
    }

    private func note(_ problem: String) {
        logger.debug("\(device.name): \(problem)")
        statistics.update { $0.lastProblem = problem }
    }
}
