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
    let loop: any EventLoop
    let logger: Logger

    private var device: SimulatedDevice { conductor.devices[index] }
    private var mailbox: Mailbox { conductor.mailboxes[index] }
    private var statistics: StatisticsBoard { conductor.statistics }

    /// Connects once.
    /// - Parameter number: counts the device's connections.
    func connect(number: Int) async throws(MQTTClientError) -> DeviceConnection {
        try await DeviceConnection.open(
            device, options: options, statistics: statistics, on: loop,
            onActuate: { [conductor, device, logger] action in
                guard case .gate(let gate) = device.part else { return }
                logger.debug("\(device.name) obeys \(action.rawValue)")
                conductor.actuate(gate: gate, action)
            },
            onClose: { [mailbox] error in mailbox.post(.closed(connection: number, error)) })
    }

    /// Lives until the fleet shuts down.
    /// - Parameters:
    ///   - first: a connection that is already made.
    ///   - delay: how long to wait before the first attempt, in milliseconds.
    func run(first: DeviceConnection?, delay: Int64) async {
        var backoff = Backoff(random: SeededRandom(seed: options.seed, stream: 1000 + UInt64(index)))
        let clock = ContinuousClock()
        var number = 0
        var ready = first
        if ready == nil, delay > 0 { await pause(milliseconds: delay) }
        while !mailbox.isShutDown {
            number += 1
            let begin = clock.now
            do {
                let connection: DeviceConnection
                if let made = ready { connection = made } else { connection = try await connect(number: number) }
                ready = nil
                try await connection.subscribe()
                switch await serve(connection, number: number) {
                case .shutDown:
                    await connection.goodbye()
                    return
                case .broken(let error):
                    if let error { note(explain(error)) }
                }
            } catch let error as MQTTClientError {
                note(explain(error))
            } catch {
                note("\(error)")
            }
            if begin.duration(to: clock.now) > DeviceRunner.goodConnection { backoff.reset() }
            await pause(milliseconds: backoff.next())
        }
        await ready?.goodbye()
    }

    private func serve(_ connection: DeviceConnection, number: Int) async -> Ending {
        statistics.update {
            $0.connected += 1
            if number > 1 { $0.reconnects += 1 }
        }
        conductor.connected(device: index) { connection.abort() }
        let ending = await publish(over: connection, number: number)
        let forgotten = mailbox.close()
        statistics.update {
            $0.connected -= 1
            $0.lost += forgotten
        }
        return ending
    }

    private func publish(over connection: DeviceConnection, number: Int) async -> Ending {
        while true {
            switch await mailbox.next() {
            case .publish(let message): await connection.publish(message)
            case .drop:
                connection.abort()
                return .broken(nil)
            case .closed(number, let error): return .broken(error)
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
        switch error {
        case .disconnectedByServer(.sessionTakenOver, _):
            "another client calls itself \(device.name); is another `garage simulate` running at this broker?"
        case .unreachable, .refused: FleetError(connecting: error, options: options).description
        default: error.description
        }
    }

    private func note(_ problem: String) {
        logger.debug("\(device.name): \(problem)")
        statistics.update { $0.lastProblem = problem }
    }
}
