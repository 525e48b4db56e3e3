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
        let configuration = try await options.load(flags: listeners.flags)
        try AddressCheck(configuration).run()
        try await BrokerService(configuration: configuration).run()
    }
}
