import DeviceProfiles
import GarageDomain
import Testing

@Suite("Mapping rules")
struct MappingRuleTests {
    private func devices(_ rule: MappingRule?) throws -> ForeignDevices {
        ForeignDevices(.init(rules: [try #require(rule)]))
    }

    private func rule(
        _ topic: String, _ pointer: String? = nil, _ property: MappingRule.Property, _ name: String
    ) -> MappingRule? {
        guard let pattern = TopicPattern(topic) else { return nil }
        return MappingRule(
            id: "r1", topic: pattern, pointer: pointer.flatMap(JSONPointer.init), property: property, name: name)
    }

    @Test func namedWildcardsGiveTheName() throws {
        var devices = try devices(rule("shop/{place}/+/temp", nil, .temperature, "{place}"))
        #expect(devices.read("shop/north/x/temp", "21,5") == .observations([celsius("north", 21.5)]))
        #expect(devices.read("shop/north/temp", "x") != .observations([celsius("north", 21.5)]))
    }

    @Test func aPointerFindsTheValue() throws {
        var devices = try devices(rule("x/y", "/a/0/b~1c", .humidity, "h1"))
        #expect(devices.read("x/y", #"{"a":[{"b/c":58}]}"#) == .observations([percent("h1", 58)]))
        #expect(devices.read("x/y", #"{"a":[]}"#) == .unmapped)
        #expect(devices.read("x/y", "58") == .unmapped)
    }

    @Test func valuesAreScaledAndTranslated() throws {
        var fahrenheit = try #require(rule("x/t", nil, .temperature, "t1"))
        fahrenheit.scale = 0.1
        fahrenheit.offset = -2
        fahrenheit.isFahrenheit = true
        var gateRule = try #require(rule("x/g", nil, .state, "g1"))
        gateRule.values = ["0": "closed", "1": "open", "9": "ignore"]
        gateRule.id = "r2"
        gateRule.command = .init(topic: "x/relay", open: "PULSE", close: "PULSE", stop: "PULSE")
        var devices = ForeignDevices(.init(rules: [fahrenheit, gateRule]))
        #expect(devices.read("x/t", "700") == .observations([celsius("t1", 20)]))
        #expect(devices.read("x/g", "1") == .observations([gate("g1", .open)]))
        #expect(devices.read("x/g", "9") == .nothing)
        #expect(devices.read("x/g", "5") == .unmapped)
        #expect(devices.actuation("g1", .close) == "x/relay PULSE")
        #expect(devices.actuator(of: subject(.gate, "g1"))?.isToggle == true)
    }

    @Test(arguments: [
        (MappingRule.Property.position, "0", gate("n", .closed)), (.position, "100", gate("n", .open)),
        (.position, "40", gate("n", .stopped)), (.obstruction, "ON", obstruction("n", true)),
        (.occupancy, "ocupada", spot("n", true)), (.occupancy, "0", spot("n", false)),
        (.status, "offline", device("n", false)), (.status, "1", device("n", true)),
        (.state, "Aberto", gate("n", .open)),
        (.temperature, "nan", fault("n", .temperature, .notANumber, "nan")),
    ])
    func eachProperty(property: MappingRule.Property, payload: String, observation: Observation) throws {
        var devices = try devices(rule("x/#", nil, property, "n"))
        #expect(devices.read("x/anything/at/all", payload) == .observations([observation]))
    }

    @Test func aRuleComesBeforeAnythingElse() throws {
        var devices = try devices(rule("garagem/sensor/temperatura/state", nil, .temperature, "fora"))
        #expect(devices.read("garagem/sensor/temperatura/state", "20") == .observations([celsius("fora", 20)]))
        #expect(
            devices.read(DeviceMessage(topic: "garagem/sensor/temperatura/state", payload: [0x31])).reader == "rule r1")
        devices.replaceRules([])
        #expect(devices.read("garagem/sensor/temperatura/state", "20") == .observations([celsius("garagem", 20)]))
    }

    @Test(arguments: ["", "a/#/b", "a+/b", "a/{}/b", "a/{x}/{x}", "a/{x y}", "a#", String(repeating: "a/", count: 40)])
    func whatIsNoPattern(text: String) { #expect(TopicPattern(text) == nil) }

    @Test(arguments: ["a", "/~2", "/~", String(repeating: "/a", count: 17)])
    func whatIsNoPointer(text: String) { #expect(JSONPointer(text) == nil) }
}
