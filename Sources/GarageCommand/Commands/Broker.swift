import ArgumentParser
import GarageConfiguration

/// `garage broker`
struct Broker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the embedded MQTT broker alone, without events and pages.",
        discussion: "For use as a general MQTT broker. SIGTERM and SIGINT end it cleanly."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var listeners: ListenOptions

    func run() async throws {
        let load: @Sendable () async throws -> ServiceConfiguration = { [options, listeners] in
            try await options.load(flags: listeners.flags)
        }
        let configuration = try await load()
        try AddressCheck(configuration).run()
        try await BrokerService(configuration: configuration, reload: load).run()
    }
}
