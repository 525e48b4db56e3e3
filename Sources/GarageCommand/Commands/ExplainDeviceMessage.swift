import ArgumentParser
import DeviceProfiles
import Foundation
import GarageConfiguration
import GarageDomain
import Ingest

extension DevicesCommand {
    /// `garage devices explain TOPIC PAYLOAD`
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which rule or profile reads a message, and as what.",
            discussion: """
                A running service is asked, because it knows what its devices have announced and which rules people
                have made. Without one, the rules of the configuration, those that were made on the page and stand in the
                event log of the data folder, and the built-in profiles answer:

                  garage devices explain tele/t1/SENSOR '{"AM2301":{"Temperature":24.6},"TempUnit":"C"}'
                """)

        @Argument(help: "The topic.") var topic: String
        @Argument(help: "The payload.") var payload: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let configuration = try await options.load()
            if let client = try? ServiceClient(folder: configuration.dataDirectory),
                let explanation = try? await ask(client)
            {
                return show(explanation)
            }
            let setup = ForeignDeviceSetup(configuration)
            var devices = ForeignDevices(try setup.settings())
            devices.replaceRules(try rules(setup, folder: configuration.dataDirectory))
            show(
                MessageExplanation(
                    topic: topic, payload: Array(payload.utf8), profiles: .standard, devices: &devices))
        }

        private func rules(_ setup: ForeignDeviceSetup, folder: String) throws -> [MappingRule] {
            let configured = try setup.mappings()
            let file = folder + "/events.db"
            guard FileManager.default.fileExists(atPath: file) else {
                return try configured.map { try MappingRule($0) }
            }
            do {
                // A rule of the log that this version does not understand reads nothing in the service either.
                return try RecordedMappings.rules(configured: configured, file: file).compactMap {
                    try? MappingRule($0)
                }
            } catch { throw Failure("the event log in '\(folder)' can't be read: \(error)") }
        }

        private func ask(_ client: ServiceClient) async throws -> MessageExplanation {
            struct Answer: Decodable {
                var reader: String?
                var meanings: [String]
                var reason: String?
            }
            var components = URLComponents()
            components.queryItems = [URLQueryItem(name: "topic", value: topic)]
            if !payload.isEmpty { components.queryItems?.append(URLQueryItem(name: "payload", value: payload)) }
            // A plus sign is a space to whoever reads a query as a form.
            let query = (components.percentEncodedQuery ?? "").replacingOccurrences(of: "+", with: "%2B")
            let answer = try await client.get("/api/v1/mappings/explain?" + query)
            guard answer.status == 200 else { throw Failure(answer.problem) }
            let read = try JSONDecoder().decode(Answer.self, from: answer.body)
            return MessageExplanation(reader: read.reader, meanings: read.meanings, reason: read.reason)
        }

        private func show(_ explanation: MessageExplanation) {
            print("read by  \(explanation.reader ?? "nobody")")
            for meaning in explanation.meanings { print("says     \(meaning)") }
            if let reason = explanation.reason { print("because  \(reason)") }
        }
    }
}
