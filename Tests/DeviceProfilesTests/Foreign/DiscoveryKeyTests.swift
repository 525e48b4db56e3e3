import GarageDomain
import Testing

@testable import DeviceProfiles

/// The keys are those of Home Assistant 2025.4 (`abbreviations.py` and the schemas of its MQTT integration), read there.
@Suite("Keys of discovery messages")
struct DiscoveryKeyTests {
    /// Short form and long form of each key that is read here.
    static let abbreviations: [String: String] = [
        "stat_t": "state_topic", "cmd_t": "command_topic", "cmd_tpl": "command_template", "pos_t": "position_topic",
        "pos_tpl": "position_template", "pos_open": "position_open", "pos_clsd": "position_closed",
        "val_tpl": "value_template", "dev_cla": "device_class", "unit_of_meas": "unit_of_measurement", "name": "name",
        "obj_id": "object_id", "uniq_id": "unique_id", "avty_t": "availability_topic",
        "avty_tpl": "availability_template", "avty": "availability", "avty_mode": "availability_mode", "t": "topic",
        "pl_avail": "payload_available", "pl_not_avail": "payload_not_available", "pl_on": "payload_on",
        "pl_off": "payload_off", "pl_open": "payload_open", "pl_cls": "payload_close", "pl_stop": "payload_stop",
        "stat_open": "state_open", "stat_opening": "state_opening", "stat_clsd": "state_closed",
        "stat_closing": "state_closing", "stat_stopped": "state_stopped", "dev": "device", "ids": "identifiers",
        "cns": "connections", "mdl": "model", "cmps": "components", "p": "platform", "o": "origin",
        "via_device": "via_device",
    ]

    @Test("Each key is read in its short and in its long form", arguments: DiscoveryKeys.Key.allCases)
    func bothForms(key: DiscoveryKeys.Key) throws {
        #expect(Self.abbreviations[key.short] == key.rawValue)
        for form in [key.short, key.rawValue] {
            let json = try #require(JSONReader.read(Array(#"{"\#(form)":"x"}"#.utf8)))
            #expect(DiscoveryKeys(json)[key]?.string == "x")
        }
    }

    /// What Home Assistant lets a component say, in the short forms that we write.
    static let allowed: [String: Set<String>] = [
        "cover": [
            "p", "name", "dev_cla", "uniq_id", "stat_t", "cmd_t", "pl_open", "pl_cls", "pl_stop", "qos", "ret", "opt",
        ],
        "binary_sensor": ["p", "name", "dev_cla", "uniq_id", "stat_t", "pl_on", "pl_off"],
        "sensor": ["p", "dev_cla", "uniq_id", "stat_t", "unit_of_meas", "stat_cla", "exp_aft"],
    ]

    @Test("We announce our things with keys that Home Assistant knows, and with all that it requires")
    func announced() throws {
        for (thing, quantities) in [
            (subject(.gate, "front"), []), (subject(.spot, "A1"), []),
            (subject(.sensor, "dht1"), [.temperature, .humidity]),
        ] as [(Subject, [Quantity])] {
            let message = try #require(
                DiscoveryAnnouncement.message(
                    for: thing, quantities: quantities, prefix: "homeassistant", version: "1.0"))
            let json = try #require(JSONReader.read(message.payload))
            #expect(Set(json.members.map(\.key)) == ["dev", "o", "avty", "avty_mode", "cmps"])
            #expect(Set(json["dev"]?.members.map(\.key) ?? []) == ["ids", "name", "mf", "sa"])
            #expect(Set(json["o"]?.members.map(\.key) ?? []) == ["name", "sw"])
            let components = json["cmps"]?.members ?? []
            #expect(!components.isEmpty)
            for component in components {
                let keys = Set(component.value.members.map(\.key))
                let platform = component.value["p"]?.string ?? ""
                #expect(keys == Self.allowed[platform], "\(platform)")
                #expect(component.key.allSatisfy { $0.isLetter })
            }
            // Home Assistant takes no other characters in the levels of its discovery topics.
            let levels = message.topic.split(separator: "/")
            #expect(levels.count == 4 && levels[1] == "device" && levels[3] == "config")
            #expect(levels[2].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) })
        }
    }
}
