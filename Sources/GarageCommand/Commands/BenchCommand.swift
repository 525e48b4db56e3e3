import ArgumentParser
import Bench
import Foundation

/// `garage bench mqtt|ingest|http|query|log`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures a broker or a running service, so that anyone can repeat its figures.",
        discussion: """
            The generator runs in this process, on one thread, over plain TCP. Measured on loopback, the figures hold \
            for the broker and the system's network code, not for a network; generator and broker share the machine's \
            processors, so leave it alone meanwhile, and compare two brokers in one run rather than two runs. A line \
            below the table says when the generator was the limit. Build in release mode.
            """,
        subcommands: [MQTT.self, Ingest.self, HTTP.self, Query.self, Log.self]
    )

    /// What each measurement can be asked for.
    struct Output: ParsableArguments {
        @Flag(help: "A tenth of the messages: for a first look, not for a comparison.") var quick =
            false
        @Flag(help: "Print JSON instead of a table.") var json = false

        func print(_ report: BenchReport) throws {
            if json {
                let encoder = JSONEncoder()
                encoder.keyEncodingStrategy = .convertToSnakeCase
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
            } else {
                Swift.print(report.text, terminator: "")
            }
        }

        /// Says on standard error what runs now.
        static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
    }

    /// The server's process.
    struct Watched: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The server's process, to measure its CPU time and memory too (Linux, same machine).",
                valueName: "pid"))
        var pid: Int32?

        @Option(
            help: ArgumentHelp(
                "The data folder of a running garage, to find its addresses and process by.",
                valueName: "dir"))
        var data: String?

        /// What `listening.json` says, if a folder was named.
        func listening() throws -> ListeningFile? { try data.map { try ListeningFile.read(from: $0) } }

        /// Reads the process named, which must be there: a measurement without it would look like a good one.
        static func probe(_ pid: Int32?) throws -> ProcessProbe? {
            guard let pid else { return nil }
            let probe = ProcessProbe(pid: pid)
            guard probe.sample() != nil else {
                throw Failure("process \(pid) can't be watched: there is none, or no /proc")
            }
            return probe
        }
    }

    /// How to log in at the broker.
    struct Login: ParsableArguments {
        @Option(help: "A user name for the broker.") var username: String?
        @Option(help: "The password for the user name (or GARAGE_BENCH_PASSWORD).") var password: String?

        func address(_ host: String, _ port: Int) -> BrokerAddress {
            BrokerAddress(
                host: host, port: port, userName: username,
                password: password ?? ProcessInfo.processInfo.environment["GARAGE_BENCH_PASSWORD"])
        }
    }

    /// Host and port of `scheme://HOST:PORT`.
    static func server(_ text: String, scheme: String, port: Int, option: String) throws -> (
        host: String, port: Int
    ) {
        guard let url = URL(string: text), url.scheme == scheme, let host = url.host(), !host.isEmpty
        else {
            throw ValidationError(
                "\(option) takes \(scheme)://HOST:PORT, for example \(scheme)://127.0.0.1:\(port)")
        }
        return (host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), url.port ?? port)
    }

    /// The server to measure: as `url` says, else as the data folder says, else on loopback.
    static func server(
        _ url: String?, listening: String?, scheme: String, port: Int
    ) throws -> (host: String, port: Int) {
        let text = url ?? listening.map { "\(scheme)://\($0)" } ?? "\(scheme)://127.0.0.1:\(port)"
        return try server(text, scheme: scheme, port: port, option: "--url")
    }

    /// Runs `body` and says errors of the generator in one line.
    static func measured<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as LoadError { throw Failure(error.description) }
    }
}

extension BenchCommand {
    struct MQTT: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures any MQTT 3.1.1 broker, or two in turns.",
            discussion: """
                Each case makes real connections with clean sessions and topics of its own, and checks every message: \
                what was lost, delivered twice or out of order stands below the table. A rate counts what arrived. \
                CPU time is the broker's, for each message in or out.

                  garage bench mqtt --pid $(pidof mosquitto)
                  garage bench mqtt --data ./garage-data \\
                    --compare mqtt://127.0.0.1:1884 --compare-pid $(pidof mosquitto)

                For fair figures start each broker anew and keep it from logging messages. Mosquitto needs \
                'max_inflight_messages 0' (no limit): with its defaults it drops part of the QoS 1 and 2 messages.

                Cases:
                \(caseList)
                """)

        private static var caseList: String {
            BenchCase.all.map {
                "  " + $0.name.padding(toLength: 17, withPad: " ", startingAt: 0) + $0.about
            }
            .joined(separator: "\n")
        }

        @Option(help: ArgumentHelp("The broker (default: mqtt://127.0.0.1:1883).", valueName: "url"))
        var url: String?
        @OptionGroup var watched: Watched
        @OptionGroup var login: Login
        @Option(
            help: ArgumentHelp(
                "A second broker, measured in turns with the first: A B A B.", valueName: "url"))
        var compare: String?
        @Option(help: ArgumentHelp("The second broker's process.", valueName: "pid")) var comparePid: Int32?
        @Option(parsing: .upToNextOption, help: ArgumentHelp("Only these cases.", valueName: "case"))
        var cases: [String] = []
        @Flag(help: "The cases with 10,000 connections and a million subscriptions instead of the others.")
        var scale = false
        @Flag(help: "The cases with clients that do the broker no good instead of the others.") var neighbours = false
        @Option(help: "Runs of each case; the table has the medians. (default: 1, with --compare 3)")
        var rounds: Int?
        @OptionGroup var output: Output

        func validate() throws {
            _ = try selected()
            if let url { _ = try BenchCommand.server(url, scheme: "mqtt", port: 1883, option: "--url") }
            if let compare {
                _ = try BenchCommand.server(compare, scheme: "mqtt", port: 1883, option: "--compare")
            }
            if compare == nil, comparePid != nil {
                throw ValidationError("--compare-pid goes with --compare")
            }
            if let rounds, !(1...100).contains(rounds) {
                throw ValidationError("--rounds takes 1 to 100")
            }
        }

        private func selected() throws -> [BenchCase] {
            let all = BenchCase.all
            for name in cases where !all.contains(where: { $0.name == name }) {
                let names = all.map(\.name).joined(separator: ", ")
                throw ValidationError("there is no case '\(name)'; there are: \(names)")
            }
            let chosen =
                cases.isEmpty
                ? (scale
                    ? BenchCase.scale + BenchCase.matching : neighbours ? BenchCase.neighbours : BenchCase.standard)
                : all.filter { cases.contains($0.name) }
            return output.quick ? chosen.map { $0.divided(by: 10) } : chosen
        }

        func run() async throws {
            let listening = try watched.listening()
            let (host, port) = try BenchCommand.server(
                url, listening: listening?.mqtt, scheme: "mqtt", port: 1883)
            let probe = try Watched.probe(watched.pid ?? listening?.pid)
            var targets = [
                Comparison.Target(
                    label: "\(host):\(port)",
                    generator: LoadGenerator(broker: login.address(host, port), process: probe))
            ]
            if let compare {
                let (host, port) = try BenchCommand.server(
                    compare, scheme: "mqtt", port: 1883, option: "--compare")
                targets.append(
                    Comparison.Target(
                        label: "\(host):\(port)",
                        generator: LoadGenerator(
                            broker: login.address(host, port), process: try Watched.probe(comparePid))))
            }
            let comparison = Comparison(
                targets: targets, cases: try selected(), rounds: rounds ?? (compare == nil ? 1 : 3))
            let report = try await BenchCommand.measured {
                try await comparison.run(progress: Output.say)
            }
            try output.print(report)
        }
    }

    struct Ingest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures how many readings a second a running service stores.",
            discussion: """
                Publishes temperatures at QoS 1 on garage/bench/sensor/N/temperature. The service acknowledges a \
                message when its event is on disk, so each acknowledgement is a stored event. They stay in its log: \
                use a data folder that you can throw away.

                  garage serve --data /var/tmp/bench --mqtt 127.0.0.1:0 --http 127.0.0.1:0 &
                  garage bench ingest --data /var/tmp/bench
                """)

        @Option(
            help: ArgumentHelp("The service's broker (default: mqtt://127.0.0.1:1883).", valueName: "url")
        )
        var url: String?
        @OptionGroup var watched: Watched
        @OptionGroup var login: Login
        @Option(help: "Sensors, each with a connection of its own.") var sensors = 100
        @Option(help: "Readings from each sensor.") var messages = 2000
        @Option(help: "Readings that a sensor has unacknowledged at most.") var window = 64
        @Option(help: "Runs; the table has the medians.") var rounds = 1
        @OptionGroup var output: Output

        private var benchCase: BenchCase {
            let whole = BenchCase.ingest(sensors: sensors, messages: messages, window: window)
            return output.quick ? whole.divided(by: 10) : whole
        }

        func validate() throws {
            if let url { _ = try BenchCommand.server(url, scheme: "mqtt", port: 1883, option: "--url") }
            if case .pubSub(let load) = benchCase.work, let mistake = load.mistake {
                throw ValidationError(mistake)
            }
            if !(1...100).contains(rounds) { throw ValidationError("--rounds takes 1 to 100") }
        }

        func run() async throws {
            let listening = try watched.listening()
            let (host, port) = try BenchCommand.server(
                url, listening: listening?.mqtt, scheme: "mqtt", port: 1883)
            let generator = LoadGenerator(
                broker: login.address(host, port), process: try Watched.probe(watched.pid ?? listening?.pid)
            )
            let comparison = Comparison(
                targets: [Comparison.Target(label: "\(host):\(port)", generator: generator)],
                cases: [benchCase],
                rounds: rounds)
            let report = try await BenchCommand.measured {
                try await comparison.run(progress: Output.say)
            }
            try output.print(report)
        }
    }

    struct HTTP: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "http",
            abstract: "Measures how fast a running service answers over HTTP.",
            discussion: """
                Asks for the log page, a page of events, the same as a client that has it, and readings, over \
                connections that stay open. Fill the log first, for example with 'garage bench ingest'.

                  garage bench http --data /var/tmp/bench
                """)

        @Option(help: ArgumentHelp("The service (default: http://127.0.0.1:8080).", valueName: "url"))
        var url: String?
        @OptionGroup var watched: Watched
        @Option(help: "Connections, each with one request under way.") var connections = 16
        @Option(help: "Requests of each kind.") var requests = 5000
        @Option(parsing: .upToNextOption, help: ArgumentHelp("These paths instead.", valueName: "path"))
        var paths: [String] = []
        @Flag(help: "Ask for these paths as a client that has the answers, so that 304 is what counts.")
        var unchanged = false
        @OptionGroup var output: Output

        private var loads: [HTTPLoad] {
            let chosen =
                paths.isEmpty
                ? HTTPLoad.standard : paths.map { HTTPLoad(name: $0, path: $0, isConditional: unchanged) }
            return chosen.map { load in
                var copy = load
                copy.connections = connections
                copy.requests = output.quick ? max(1, requests / 10) : requests
                return copy
            }
        }

        func validate() throws {
            if let url { _ = try BenchCommand.server(url, scheme: "http", port: 8080, option: "--url") }
            if unchanged, paths.isEmpty { throw ValidationError("--unchanged goes with --paths") }
            for load in loads { if let mistake = load.mistake { throw ValidationError(mistake) } }
        }

        func run() async throws {
            let listening = try watched.listening()
            let (host, port) = try BenchCommand.server(
                url, listening: listening?.http, scheme: "http", port: 8080)
            let generator = HTTPLoadGenerator(
                host: host, port: port, process: try Watched.probe(watched.pid ?? listening?.pid))
            var report = BenchReport(labels: ["\(host):\(port)"], rounds: 1)
            for load in loads {
                Output.say("\(load.name): GET \(load.path)")
                report.cases.append([
                    CaseFigures(try await BenchCommand.measured { try await generator.run(load) })
                ])
            }
            try output.print(report)
        }
    }
}
