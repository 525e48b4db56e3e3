import GarageDomain
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Simulated devices, each with its own MQTT connection to a broker.
///
/// Devices come back by themselves when the broker goes away. They say `offline` and disconnect when the service group
/// shuts down.
public struct Fleet: Service {
    /// How long devices may take to say goodbye.
    private static let farewell: Duration = .seconds(2)
    /// How many devices connect at the same time.
    private static let connectionSlots = 50

    private let options: SimulationOptions
    private let logger: Logger
    private let board = StatisticsBoard()

    public init(options: SimulationOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    /// What the fleet has done so far.
    public var statistics: FleetStatistics { board.current }

    /// Runs the fleet until a graceful shutdown or the cancellation of the task.
    ///
    /// - Throws: `FleetError` if the options are wrong, or the broker is not there or refuses the devices at the start.
    public func run() async throws {
        if let problem = options.problem { throw FleetError.options(problem) }
        let conductor = Conductor(options.model, statistics: board)
        let count = conductor.devices.count
        guard OpenFiles.allow(count + 100) else { throw FleetError.options(OpenFiles.advice(for: count)) }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: threads(for: count))
        do {
            try await run(conductor, on: loops)
        } catch {
            try? await loops.shutdownGracefully()
            throw error
        }
        try? await loops.shutdownGracefully()
    }

    private func run(_ conductor: Conductor, on loops: MultiThreadedEventLoopGroup) async throws {
        logger.info(
            """
            simulating \(options.gates) gates, \(options.spots) spots and \(options.sensors) sensors of the garage \
            \(options.garage) at \(options.address); seed \(options.seed)
            """)
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                let slots = ConnectionSlots(Fleet.connectionSlots)
                let runners = conductor.devices.indices.map { index in
                    DeviceRunner(
                        index: index, options: options, conductor: conductor, slots: slots, loop: loops.next(),
                        logger: logger)
                }
                guard let first = runners.first, let contact = try await firstContact(first) else { return }
                await live(runners, first: contact, conductor)
            } onGracefulShutdown: {
                conductor.shutDown()
            }
        } onCancel: {
            conductor.shutDown()
        }
        logger.info("the simulated devices have left: \(summary)")
    }

    /// Connects the first device, so that a broker that is missing or refuses is an error and not a silent retry.
    /// - Returns: `nil` if the fleet was shut down meanwhile.
    private func firstContact(_ runner: DeviceRunner) async throws -> DeviceConnection? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: options.patience)
        while !runner.conductor.mailboxes[runner.index].isShutDown {
            do throws(FleetError) {
                return try await runner.connect(number: 1)
            } catch {
                guard error.isTemporary, clock.now < deadline else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    private func live(_ runners: [DeviceRunner], first: DeviceConnection, _ conductor: Conductor) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.conduct(conductor) }
            group.addTask { await self.reportProgress() }
            group.addTask { await self.endFarewells(conductor) }
            await withDiscardingTaskGroup { devices in
                for runner in runners {
                    devices.addTask { await runner.run(first: runner.index == 0 ? first : nil) }
                }
            }
            group.cancelAll()
        }
    }

    /// Starts the model when every device has connected (or half a minute has passed), and keeps it going.
    private func conduct(_ conductor: Conductor) async {
        let clock = ContinuousClock()
        let latest = clock.now.advanced(by: .seconds(30))
        while statistics.connected < conductor.devices.count, clock.now < latest {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return }
        }
        conductor.begin()
        while let wait = conductor.step(), (try? await Task.sleep(for: wait)) != nil {}
    }

    private func reportProgress() async {
        guard let interval = options.progressInterval else { return }
        var reported: String?
        while (try? await Task.sleep(for: interval)) != nil {
            logger.info("\(summary)")
            let problem = statistics.lastProblem
            if let problem, problem != reported { logger.warning("the last problem was: \(problem)") }
            reported = problem
        }
    }

    /// Breaks the connections of devices that a silent broker keeps waiting.
    private func endFarewells(_ conductor: Conductor) async {
        guard let any = conductor.mailboxes.first else { return }
        while !any.isShutDown {
            guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
        }
        guard (try? await Task.sleep(for: Fleet.farewell)) != nil else { return }
        conductor.breakConnections()
    }

    private var summary: String {
        let now = statistics
        return """
            \(now.connected) devices connected, \(now.sent) messages sent, \(now.acknowledged) acknowledged, \
            \(now.lost) lost, \(now.late) not sent in time, \(now.commands) commands obeyed, \(now.reconnects) reconnects
            """
    }

    private func threads(for devices: Int) -> Int {
        let wanted = devices / max(1, options.clientsPerLoop) + 1
        return min(wanted, System.coreCount)
    }
}
