import ArgumentParser
import Foundation
import GarageConfiguration

/// `garage events list|show|tail|export`
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Shows events of the running service.",
        subcommands: [List.self, Show.self, Tail.self, Export.self]
    )

    /// Which events, in the words of the API.
    struct Filter: ParsableArguments {
        @Option(help: "Only this type, or a group such as 'gate.*'.") var type: String?
        @Option(help: "Only this kind: gate, spot, sensor or device.") var kind: String?
        @Option(help: "Only what this device reported.") var device: String?
        @Option(help: "From this moment on (RFC 3339).") var from: String?
        @Option(help: "Before this moment (RFC 3339).") var to: String?

        /// The query string with these filters and `more`.
        func query(_ more: [(String, String)] = []) -> String {
            var items: [URLQueryItem] = more.map { URLQueryItem(name: $0.0, value: $0.1) }
            for (name, value) in [("type", type), ("kind", kind), ("device", device), ("from", from), ("to", to)] {
                if let value { items.append(URLQueryItem(name: name, value: value)) }
            }
            var components = URLComponents()
            components.queryItems = items.isEmpty ? nil : items
            return components.string ?? ""
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the newest events, the latest last.")

        @OptionGroup var filter: Filter
        @Option(help: "How many, 1 to 1000.") var limit = 50
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let client = try await client(options)
            let page = try await EventsCommand.page(client, filter.query([("limit", "\(limit)")]))
            for event in page.reversed() { print(event.line) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints one event whole, as JSON.")

        @Argument(help: "The event's position in the log.") var position: Int
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let answer = try await client(options).get("/api/v1/events/\(position)")
            guard answer.status == 200 else { throw Failure(answer.problem) }
            print(String(decoding: answer.body, as: UTF8.self))
        }
    }

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints new events as they come, until Ctrl-C.")

        @OptionGroup var filter: Filter
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let client = try await client(options)
            try await client.stream("/api/v1/events/stream" + filter.query()) { line in
                guard line.hasPrefix("data:"),
                    let event = try? JSONDecoder().decode(Event.self, from: Data(line.dropFirst(5).utf8))
                else { return }
                print(event.line)
                fflush(nil)
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes events as CSV or JSON Lines to standard output.")

        enum Format: String, ExpressibleByArgument, CaseIterable { case csv, jsonl }

        @OptionGroup var filter: Filter
        @Option(help: "csv or jsonl.") var format = Format.jsonl
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let client = try await client(options)
            try await client.stream("/api/v1/events.\(format.rawValue)" + filter.query()) { print($0) }
        }
    }

    /// The fields of an event that a line shows.
    struct Event: Decodable {
        var sequence: String
        var time: String
        var type: String
        var subject: String?
        var actor: String?

        var line: String { "\(sequence)\t\(time)\t\(type)\t\(subject ?? "")\t\(actor ?? "")" }
    }

    private struct Page: Decodable { var events: [Event] }

    private static func page(_ client: ServiceClient, _ query: String) async throws -> [Event] {
        let answer = try await client.get("/api/v1/events" + query)
        guard answer.status == 200, let page = try? JSONDecoder().decode(Page.self, from: answer.body) else {
            throw Failure(answer.problem)
        }
        return page.events
    }
}

/// A client of the service that runs on the data folder of these options.
private func client(_ options: ConfigurationOptions) async throws -> ServiceClient {
    try ServiceClient(folder: try await options.load().dataDirectory)
}
