import ArgumentParser
import Foundation
import GarageConfiguration

/// `garage healthcheck`
struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks the running service whether it is ready; for containers and monitors.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let folder = try await options.load().dataDirectory
        let answer = try await ServiceClient(folder: folder).get("/readyz")
        guard answer.status == 200 else { throw Failure("not ready: \(String(decoding: answer.body, as: UTF8.self))") }
        print("ready")
    }
}
