import ArgumentParser
import Foundation
import GarageConfiguration

/// `garage serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the service: broker, event log, API and pages.",
        discussion: """
            Settings come from flags, then the environment (mqtt.listen is GARAGE_MQTT_LISTEN), then --config FILE, then
            the defaults. The bound addresses are logged and written to DIR/listening.json. SIGTERM and SIGINT end the
            service cleanly.
            """
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var listeners: ListenOptions

    @Option(
        name: .long,
        help: ArgumentHelp("API and pages (default: 127.0.0.1:8080; port 0 picks a free one).", valueName: "host:port"))
    var http: String?

    @Flag(
        help:
            "Attach a simulated mini garage: 2 gates, 12 parking spots, 3 sensors; a new data folder gets 3 days of it."
    )
    var demo = false

    func run() async throws {
        let load: @Sendable () async throws -> ServiceConfiguration = { [options, listeners, http] in
            var flags = listeners.flags
            flags[.httpListen] = http
            return try await options.load(flags: flags)
        }
        let configuration = try await load()
        try ConfigurationCheck(configuration).run()
        if demo, configuration.mqtt.isEmpty {
            throw Failure("--demo has devices connect by TCP; leave mqtt.listen (--mqtt) as it is, or name an address")
        }
        try await GarageService(configuration: configuration, attachesDemo: demo, reload: load).run()
    }
}
