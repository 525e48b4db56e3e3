import ArgumentParser
import Foundation
import GarageConfiguration

/// The command `garage` and its exit codes: 0 for success, 1 for a failure, 2 for wrong usage or configuration.
@main
struct Garage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "garage",
        abstract: "Watches a garage: an MQTT broker, an event log, and pages, in one program.",
        discussion: """
            Start with:

              garage serve            the whole service; pages on http://127.0.0.1:8080
              garage serve --demo     the same with a simulated mini garage attached

            Then publish something and look at the page:

              mosquitto_pub -t garage/home/sensor/dht1/temperature -m 21.5
            """,
        version: version,
        subcommands: [
            Serve.self, Broker.self, Simulate.self, GateCommand.self, EventsCommand.self, Verify.self,
            ViewsCommand.self, DevicesCommand.self, UsersCommand.self, TokensCommand.self, AccessCommand.self,
            ConfigCommand.self, BenchCommand.self, CertificatesCommand.self, Healthcheck.self, Backup.self,
            Restore.self, EraseCommand.self,
        ]
    )

    /// The version of the product.
    static let version = "0.1.0"

    static func main() async {
        do {
            var command = try await parse()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            fail(failure.description, code: 1)
        } catch let error as ConfigurationError {
            fail(error.description, code: 2)
        } catch {
            let code = exitCode(for: error)
            if code == .success || code.rawValue != ExitCode.validationFailure.rawValue { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(2)
        }
    }

    private static func parse() async throws -> any ParsableCommand {
        try parseAsRoot()
    }

    private static func fail(_ text: String, code: Int32) -> Never {
        FileHandle.standardError.write(Data("garage: \(text)\n".utf8))
        Foundation.exit(code)
    }
}

/// A failure with one line for the person at the terminal; the process ends with exit code 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
