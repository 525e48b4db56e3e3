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
        #expect(configuration.mqtt.map(\.description) == ["127.0.0.1:1883"])
        #expect(configuration.mqttWebSocket.map(\.description) == ["127.0.0.1:8083"])
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
        #expect(configuration.mqtt.map(\.port) == [3])
        #expect(configuration.http.port == 5)
    }

    @Test func webSocketCanBeSwitchedOff() async throws {
        #expect(try await load(yaml: "mqtt:\n  websocket: \"off\"\n").mqttWebSocket.isEmpty)
        #expect(try await load(flags: [.mqttListen: "off"]).mqtt.isEmpty)
    }

    @Test func listenersMayBeSeveral() async throws {
        let yaml = "mqtt:\n  listen: [127.0.0.1:1883, \"[::1]:1883\"]\n  websocket: 127.0.0.1:1, localhost:2\n"
        let configuration = try await load(yaml: yaml)
        #expect(HostPort.listing(configuration.mqtt) == "127.0.0.1:1883, [::1]:1883")
        #expect(HostPort.listing(configuration.mqttWebSocket) == "127.0.0.1:1, localhost:2")
        #expect(await failure(yaml: "mqtt:\n  listen: [127.0.0.1:1883, nowhere]\n").contains("'nowhere'"))
        #expect(await failure(yaml: "mqtt:\n  listen: [off, 127.0.0.1:1883]\n").contains("it takes HOST:PORT"))
    }

    @Test func rulesForDevicesAreAList() async throws {
        let yaml = """
            devices:
              garage: casa
              rules:
                - topic: shop/{place}/t
                  property: temperature
                  name: "{place}"
                  scale: 0.1
                - id: porch
                  topic: shop/gate
                  property: state
                  name: front
                  values:
                    0: closed
                    1: open
                  command:
                    topic: shop/relay
                    open: PULSE
            """
        let configuration = try await load(yaml: yaml)
        #expect(configuration.devicesGarage == "casa")
        let rules = configuration.deviceRules
        #expect(rules.count == 2)
        #expect(
            rules.first?.members
                == ["topic": "shop/{place}/t", "property": "temperature", "name": "{place}", "scale": "0.1"])
        #expect(rules.last?.members["values"] == "0=closed,1=open")
        #expect(rules.last?.members["command_topic"] == "shop/relay")
        #expect(rules.last?.members["command_open"] == "PULSE")
    }

    @Test(arguments: [
        ("devices:\n  rules: x\n", "devices.rules is a list"), ("devices:\n  rules:\n    - x\n", "keys and values"),
        ("devices:\n  rules:\n    - topic: a\n      colour: red\n", "a rule has no 'colour'"),
        ("devices:\n  rules:\n    - topic: a\n      property: state\n", "needs name"),
        ("devices:\n  rules:\n    - topic: a\n      values: x\n", "values takes words"),
        ("devices:\n  rules:\n    - topic: a\n      command: {wave: x}\n", "command takes"),
        ("webhooks:\n  ttn_secret: short\n", "webhooks.ttn_secret in"),
    ])
    func aBadRuleIsNamed(yaml: String, part: String) async {
        let message = await failure(yaml: yaml)
        #expect(message.contains(part), "\(message)")
        #expect(!message.contains("short"))
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
            await failure(flags: [.httpListen: "nonsense"])
                == "http.listen in the command line is 'nonsense'; it takes HOST:PORT, for example 127.0.0.1:1883")
        #expect(
            await failure(flags: [.mqttListen: "127.0.0.1:1,nonsense"])
                == "mqtt.listen in the command line has 'nonsense'; it takes HOST:PORT, for example 127.0.0.1:1883, "
                + "several of them, or off")
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

    @Test func securityContactsAreAddresses() async throws {
        let two = "http:\n  security_contacts: mailto:a@example.org, https://example.org/report\n"
        #expect(
            try await load(yaml: two).httpSecurityContacts == ["mailto:a@example.org", "https://example.org/report"])
        for bad in ["a@example.org", "http://example.org", "mailto:"] {
            await #expect(throws: ConfigurationError.self) {
                try await load(yaml: "http:\n  security_contacts: \"\(bad)\"\n")
            }
        }
    }

    @Test func aMissingFileIsAnError() async {
        await #expect(throws: ConfigurationError.self) {
            try await ConfigurationLoader(file: "/nonexistent/garage.yaml", environment: [:], flags: [:]).load()
        }
    }

    @Test func brokerSettingsComeFromListsFlagsAndNumbers() async throws {
        let yaml = """
            mqtt:
              lenient: [tcp, ws]
              listen: [127.0.0.1:1884, "[::1]:1884"]
              proxy_protocol: tls
              trusted_proxies: ["10.0.0.0/8", 192.0.2.1]
              retain_available: false
              maximum_qos: 1
              unix: /run/x.sock
              tls:
                listen: 127.0.0.1:8883
                certificate: a.pem
                key: a.key
              limits:
                topic_levels: 7
                exempt_addresses: []
            """
        let broker = try await load(yaml: yaml, environment: ["GARAGE_MQTT_LENIENT": "unix, [::1]:1884"]).broker
        #expect(broker.lenient == ["unix", "[::1]:1884"])
        #expect(broker.proxyProtocol == ["tls"])
        #expect(broker.trustedProxies == ["10.0.0.0/8", "192.0.2.1"])
        #expect(!broker.advertised.retainAvailable)
        #expect(broker.advertised.maximumQoS == 1)
        #expect(broker.unix == "/run/x.sock")
        #expect(broker.tls.listen.map(\.port) == [8883])
        #expect(broker.limits.topicLevels == 7)
        #expect(broker.limits.exemptAddresses.isEmpty)
    }

    @Test(arguments: [
        ("http:\n  proxy_protocol: [tls]\n", "http.proxy_protocol", "takes one value, not a list"),
        ("http:\n  listen: []\n", "http.listen", "takes one value, not a list"),
        ("log:\n  level: {debug: on}\n", "'log.level'", "takes a value"),
        ("mqtt:\n  trusted_proxies: [[10.0.0.5]]\n", "'mqtt.trusted_proxies'", "takes a value"),
        ("webhooks:\n  - ttn_secret\n", "'webhooks'", "is a section"),
    ])
    func whatHasAnotherFormIsNotPassedOver(yaml: String, key: String, said: String) async {
        let message = await failure(yaml: yaml)
        #expect(message.contains(key) && message.contains(said), "\(message)")
    }

    @Test func anEmptyValueSetsNothing() async throws {
        let yaml = "webhooks:\nhttp:\n  listen:\nmqtt:\n  limits:\n    exempt_addresses: []\n"
        let configuration = try await load(yaml: yaml)
        #expect(configuration.http.port == 8080 && configuration.broker.limits.exemptAddresses.isEmpty)
    }

    @Test func balancersOfThePagesAreNamed() async throws {
        let yaml = "http:\n  proxy_protocol: true\n  trusted_proxies: [10.0.0.5, 10.1.0.0/16]\n"
        let configuration = try await load(yaml: yaml)
        #expect(configuration.httpProxyProtocol)
        #expect(configuration.httpTrustedProxies == ["10.0.0.5", "10.1.0.0/16"])
        #expect(try await !load().httpProxyProtocol)
        #expect(await failure(yaml: "http:\n  proxy_protocol: true\n").contains("http.trusted_proxies"))
        #expect(await failure(yaml: "http:\n  proxy_protocol: tcp\n").contains("true, false"))
    }

    @Test func brokerSettingsThatNeedEachOtherAreAskedFor() async {
        #expect(await failure(yaml: "mqtt:\n  tls:\n    listen: 127.0.0.1:8883\n").contains("mqtt.tls.certificate"))
        #expect(await failure(yaml: "mqtt:\n  proxy_protocol: [tcp]\n").contains("mqtt.trusted_proxies"))
        #expect(await failure(yaml: "mqtt:\n  lenient: [udp]\n").contains("tcp, tls, ws, wss, unix"))
        #expect(await failure(yaml: "mqtt:\n  lenient: [1883]\n").contains("HOST:PORT of a listener"))
        #expect(await failure(yaml: "mqtt:\n  lenient: [\"127.0.0.1:1884\"]\n").contains("listener: 127.0.0.1:1883, "))
        #expect(await failure(yaml: "mqtt:\n  limits:\n    topic_levels: 1001\n").contains("2 to 1000"))
        #expect(await failure(yaml: "mqtt:\n  draining: true\n").contains("mqtt.server_reference"))
        #expect(await failure(yaml: "mqtt:\n  retain_available: perhaps\n").contains("true, false"))
    }
}
