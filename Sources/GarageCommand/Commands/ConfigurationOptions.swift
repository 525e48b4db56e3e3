import ArgumentParser
import Foundation
import GarageConfiguration

/// The options of every command that reads the service's configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("The data folder (default: ./garage-data).", valueName: "dir"))
    var data: String?

    /// The configuration with these options and `flags` on top.
    func load(flags: [Key: String?] = [:]) async throws -> ServiceConfiguration {
        var set = flags.compactMapValues { $0 }
        if let data { set[.data] = data }
        return try await ConfigurationLoader(
            file: config, environment: ProcessInfo.processInfo.environment, flags: set
        ).load()
    }
}
