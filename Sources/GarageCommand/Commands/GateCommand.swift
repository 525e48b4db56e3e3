import ArgumentParser
import AsyncHTTPClient
import Foundation
import GarageConfiguration
import GarageDomain
import NIOCore

/// `garage gate open|close|stop ID`
struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Opens, closes or stops a gate of the running service.",
        discussion: """
            Waits until the gate has done it, and ends with exit code 0 only then. ID is the gate's name, or
            GARAGE.NAME where there are several garages:

              garage gate open front

            Closing needs --attended, unless closing unattended is enabled for the gate.
            """
    )

    /// What to do, as typed.
    enum Action: String, ExpressibleByArgument, CaseIterable {
        case open, close, stop
    }

    @Argument(help: "open, close or stop.") var action: Action
    @Argument(help: "The gate: NAME or GARAGE.NAME.") var gate: String
    @Flag(help: "You see the gate.") var attended = false
    @Flag(help: "Return once the command is accepted, without waiting for the movement.") var noWait = false
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let folder = try await options.load().dataDirectory
        let client = try ServiceClient(folder: folder)
        let accepted = try await client.post(
            "/api/v1/gates/\(escaped(gate))/commands",
            json: Order(action: action.rawValue, attended: attended), headers: [("Garage-Channel", "cli")])
        guard accepted.status == 202 else { throw Failure(accepted.problem) }
        guard let location = accepted.header("Location"), !noWait else {
            print("accepted")
            return
        }
        try await follow(location, with: client)
    }

    private struct Order: Encodable {
        var action: String
        var attended: Bool
    }

    private func follow(_ location: String, with client: ServiceClient) async throws {
        struct Command: Decodable {
            var status: String
            var reason: String?
        }
        var last = ""
        while true {
            let answer = try await client.get(location)
            guard answer.status == 200, let command = try? JSONDecoder().decode(Command.self, from: answer.body) else {
                throw Failure(answer.problem)
            }
            if command.status != last { print(command.status + (command.reason.map { ": \($0)" } ?? "")) }
            last = command.status
            switch command.status {
            case "completed": return
            case "failed", "rejected":
                throw Failure("the gate did not \(action.rawValue): \(command.reason ?? "no reason")")
            default: try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "._-")))
            ?? text
    }
}
