import DeviceProfiles
import GarageDomain
import Testing

@Suite("No foreign message can harm the service")
struct ForeignFuzzTests {
    static let rows: [(topic: String, payload: String)] =
        [
            GarageFirmwareTests.esphome, GarageFirmwareTests.tasmota, GarageFirmwareTests.ratgdo,
            GarageFirmwareTests.opengarage, HomeFirmwareTests.zigbee, HomeFirmwareTests.shelly,
            HomeFirmwareTests.shellyPlus, HomeFirmwareTests.homie, HomeFirmwareTests.plain, LoRaWANTests.rows,
        ].flatMap { $0 }.map { ($0.topic, $0.payload) }
        + DiscoveryTests.stories.flatMap { story in
            [(story.config, story.announcement)] + story.messages.map { ($0.topic, $0.payload) }
        }

    /// Any mix of mangled messages leaves a value that still reads, and every observation keeps its promises.
    @Test(arguments: 0..<8) func mangledMessages(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 77)
        let pattern = try #require(TopicPattern("x/{a}/#"))
        let rule = MappingRule(
            id: "r", topic: pattern, pointer: JSONPointer("/a/0"), property: .temperature, name: "{a}")
        var devices = ForeignDevices(.init(rules: [rule]))
        for _ in 0..<4000 {
            guard let row = Self.rows.randomElement(using: &random), let other = Self.rows.randomElement(using: &random)
            else { return }
            let payload = FuzzTests.mutated(
                Array(Bool.random(using: &random) ? row.payload.utf8 : other.payload.utf8), using: &random)
            let bytes =
                Bool.random(using: &random)
                ? Array(row.topic.utf8) : FuzzTests.mutated(Array(row.topic.utf8), using: &random)
            let message = DeviceMessage(
                topic: String(decoding: bytes, as: UTF8.self), payload: payload, userName: "u", clientID: "c")
            guard case .observations(let observations) = devices.read(message).interpretation else { continue }
            #expect(!observations.isEmpty)
            for observation in observations {
                #expect(observation.subject.garage == Name(nearest: "home"))
                switch observation {
                case .reading(_, let quantity, let value):
                    #expect(quantity.range.contains(value), "seed \(seed) \(message.topic)")
                case .fault(_, let fault): #expect(fault.raw.count <= 200)
                default: break
                }
            }
        }
    }

    @Test func deepAndLongPayloads() {
        var devices = ForeignDevices()
        let topics = Self.rows.map(\.topic) + ["homeassistant/device/x/config", "homeassistant/cover/x/config"]
        let payloads = [
            String(repeating: "[", count: 60_000), String(repeating: #"{"a":"#, count: 10_000),
            String(repeating: "9", count: 65_536),
            #"{"cmps":{"a":{"p":"sensor","val_tpl":"\#(String(repeating: "{{ (", count: 300))"}},"dev":{},"o":{"name":"x"}}"#,
            String(repeating: "\u{0}", count: 70_000), "{\"Temperature\":1e308}", "{\"Shutter1\":{\"Position\":1e308}}",
        ]
        for topic in Set(topics) {
            for payload in payloads {
                if case .observations(let observations) = devices.read(topic, payload) {
                    #expect(!observations.isEmpty)
                }
            }
        }
    }

    @Test func whatIsRememberedIsBounded() {
        var devices = ForeignDevices()
        for index in 0..<3000 {
            _ = devices.read("shellies/s\(index)/roller/0/pos", "0")
            _ = devices.read("homie/d\(index)/n/temperature/$unit", "C")
            _ = devices.read("zigbee2mqtt/z\(index)/availability", "online")
        }
        #expect(devices.read("shellies/s0/roller/0/pos", "100") == .observations([gate("s0", .open)]))
        #expect(devices.read("shellies/s2999/roller/0/pos", "100") == .nothing)
        if case .observations(let gone) = devices.read("zigbee2mqtt/bridge/state", "offline") {
            #expect(gone.count <= 501)
        }
    }
}
