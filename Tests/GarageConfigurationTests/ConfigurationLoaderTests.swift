import Foundation
import GarageConfiguration
import Testing

@Suite struct ConfigurationLoaderTests {
    private func load(
        yaml: String? = nil, environment: [String: String] = [:], flags: [Key: String] = [:]
    ) async throws -> ServiceConfiguration {
        guard let yaml else {
            return try await ConfigurationLoader(file: nil, environment: environment, flags: flags).load()
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data(yaml.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await ConfigurationLoader(file: file.path, environment: environment, flags: flags).load()
    }

    private func failure(yaml: String? = nil, environment: [String: String] = [:], flags: [Key: String] = [:]) async
        -> String
    {
        do {
            _ = try await load(yaml: yaml, environment: environment, flags: flags)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func defaultsListenOnLoopbackOnly() async throws {
        let configuration = try await load()
        #expect(configuration.mqtt.description == "127.0.0.1:1883")
        #expect(configuration.mqttWebSocket?.description == "127.0.0.1:8083")
        #expect(configuration.http.description == "127.0.0.1:8080")
        #expect(configuration.dataDirectory == "garage-data")
    }

    @Test func flagsWinOverEnvironmentAndEnvironmentOverFile() async throws {
        let yaml = "data: from-file\nmqtt:\n  listen: 127.0.0.1:1\n  receive_maximum: 7\nhttp:\n  listen: 127.0.0.1:2\n"
        let configuration = try await load(
            yaml: yaml,
            environment: ["GARAGE_MQTT_LISTEN": "127.0.0.1:3", "GARAGE_HTTP_LISTEN": "127.0.0.1:4"],
            flags: [.httpListen: "127.0.0.1:5"])
        #expect(configuration.dataDirectory == "from-file")
        #expect(configuration.mqttReceiveMaximum == 7)
        #expect(configuration.mqtt.port == 3)
        #expect(configuration.http.port == 5)
    }

    @Test func webSocketCanBeSwitchedOff() async throws {
        #expect(try await load(yaml: "mqtt:\n  websocket: \"off\"\n").mqttWebSocket == nil)
    }

    @Test func unknownKeyIsNamedWithLineAndTheNearestKey() async {
        let message = await failure(yaml: "data: x\nmqtt:\n  lisen: 127.0.0.1:1\n")
        #expect(message.hasSuffix(":3: unknown key 'mqtt.lisen'; did you mean 'mqtt.listen'?"))
        #expect(await failure(yaml: "colour: red\n").hasSuffix(":1: unknown key 'colour'"))
    }

    @Test func badValuesNameKeySourceAndWhatIsAccepted() async {
        #expect(
            await failure(environment: ["GARAGE_MQTT_RECEIVE_MAXIMUM": "0"])
                == "mqtt.receive_maximum in the environment is '0'; it takes a whole number from 1 to 65535")
        #expect(
            await failure(flags: [.mqttListen: "nonsense"])
                == "mqtt.listen in the command line is 'nonsense'; it takes HOST:PORT, for example 127.0.0.1:1883")
        #expect(await failure(yaml: "log:\n  level: loud\n").contains("log.level"))
    }

    @Test(arguments: ["- a\n- b\n", "just text\n", "a: [1\n", "mqtt: 5\n"])
    func filesOfTheWrongShapeAreRefused(yaml: String) async {
        let message = await failure(yaml: yaml)
        #expect(message != "no error")
        #expect(!message.contains("\n"))
    }

    @Test func anEmptyFileSetsNothing() async throws {
        #expect(try await load(yaml: "# nothing\n") == ServiceConfiguration())
    }

    @Test func aMissingFileIsAnError() async {
        await #expect(throws: ConfigurationError.self) {
            try await ConfigurationLoader(file: "/nonexistent/garage.yaml", environment: [:], flags: [:]).load()
        }
    }
}
