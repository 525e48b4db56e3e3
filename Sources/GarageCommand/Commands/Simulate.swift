import ArgumentParser
import Foundation
import GarageConfiguration
import GarageDomain
import Logging
import ServiceLifecycle
import Simulator
import UnixSignals

/// `garage simulate`
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Attaches a simulated mini garage of real MQTT clients to a broker.",
        discussion: """
            Cars come and go, gates open for them, temperatures follow the day. The same seed gives the same garage:

              garage simulate --spots 40 --sensors 10 --seed 7

            With --rate it becomes a load: that many messages a second from all sensors together.

              garage simulate --sensors 5000 --rate 20000
            """
    )

    /// How the devices can misbehave.
    enum Mischief: String, ExpressibleByArgument, CaseIterable {
        case drop, `repeat`, nan, malformed, unmapped, obstruct

        var option: Misbehaviour {
            switch self {
            case .drop: .dropConnections
            case .repeat: .repeatMessages
            case .nan: .sendNaN
            case .malformed: .malformedValues
            case .unmapped: .floodUnmapped
            case .obstruct: .obstructGates
            }
        }
    }

    @Option(help: ArgumentHelp("The broker.", valueName: "url")) var url = "mqtt://127.0.0.1:1883"
    @Option(help: "The garage's name.") var garage = "home"
    @Option(help: "Gates.") var gates = 2
    @Option(help: "Parking spots.") var spots = 12
    @Option(help: "Temperature and humidity sensors.") var sensors = 3
    @Option(help: ArgumentHelp("Messages a second, over all sensors.", valueName: "r")) var rate: Double?
    @Option(help: ArgumentHelp("The seed; the same seed gives the same garage.", valueName: "s")) var seed: UInt64?
    @Option(help: "How many times faster than the clock the day passes.") var speed = 1.0
    @Option(help: "A user name for the broker.") var username: String?
    @Option(help: "The password for the user name (or GARAGE_SIMULATE_PASSWORD).") var password: String?
    @Option(
        name: .long, parsing: .upToNextOption,
        help:
            "Misbehave: drop connections, repeat messages, send nan, malformed values, unmapped topics, obstruct gates."
    )
    var misbehave: [Mischief] = []
    @Option(name: .long, help: ArgumentHelp("Messages below this level are not logged.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        guard Name(garage) != nil else { throw ValidationError("'\(garage)' can't be a garage's name") }
        guard (0...1000).contains(gates), (0...100_000).contains(spots), (0...100_000).contains(sensors) else {
            throw ValidationError("gates go up to 1000, spots and sensors up to 100000")
        }
        guard speed > 0, speed <= 10_000 else { throw ValidationError("--speed takes a number above 0, at most 10000") }
        if let rate, !(rate > 0 && rate <= 1_000_000) { throw ValidationError("--rate takes a number above 0") }
        _ = try broker()
    }

    private func broker() throws -> HostPort {
        guard let url = URL(string: url), url.scheme == "mqtt", let host = url.host(), !host.isEmpty else {
            throw ValidationError("--url takes mqtt://HOST:PORT, for example mqtt://127.0.0.1:1883")
        }
        return HostPort(host: host, port: url.port ?? 1883)
    }

    func run() async throws {
        var configuration = ServiceConfiguration()
        configuration.logLevel = logLevel
        LogSetup.bootstrap(configuration)
        let logger = Logger(label: "simulate")
        let address = try broker()
        guard let name = Name(garage) else { return }
        var options = SimulationOptions(host: address.host, port: address.port)
        options.garage = name
        options.gates = gates
        options.spots = spots
        options.sensors = sensors
        options.rate = rate
        options.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        options.speed = speed
        options.username = username
        options.password = password ?? ProcessInfo.processInfo.environment["GARAGE_SIMULATE_PASSWORD"]
        options.misbehaviour = misbehave.reduce(into: []) { $0.formUnion($1.option) }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: Fleet(options: options, logger: logger),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch { throw Failure("\(error)") }
    }
}
