import DeviceProfiles
import GarageDomain
import Testing

@Suite("Presence of devices behind a bridge")
struct BridgePresenceTests {
    /// Two contacts behind one bridge, as Zigbee2MQTT announces them.
    private func announced(mode: String?) -> ForeignDevices {
        var devices = ForeignDevices()
        for name in ["portao", "vaga"] {
            let availabilityMode = mode.map { #""availability_mode":"\#($0)","# } ?? ""
            _ = devices.read(
                "homeassistant/binary_sensor/0x\(name)/contact/config",
                #"{"availability":[{"topic":"zigbee2mqtt/bridge/state","value_template":"{{ value_json.state }}"},"#
                    + #"{"topic":"zigbee2mqtt/\#(name)/availability","value_template":"{{ value_json.state }}"}],"#
                    + availabilityMode
                    + #""device":{"identifiers":["z_\#(name)"],"name":"\#(name)","via_device":"zigbee2mqtt_bridge_0x1"},"#
                    + #""device_class":"door","payload_on":false,"payload_off":true,"#
                    + #""state_topic":"zigbee2mqtt/\#(name)","value_template":"{{ value_json.contact }}"}"#)
        }
        return devices
    }

    private func says(_ state: String) -> String { #"{"state":"\#(state)"}"# }

    @Test(arguments: ["all", "any", "latest", nil]) func theBridgesLossTakesAllAlong(mode: String?) {
        var devices = announced(mode: mode)
        _ = devices.read("zigbee2mqtt/portao/availability", says("online"))
        _ = devices.read("zigbee2mqtt/vaga/availability", says("online"))
        #expect(
            devices.read("zigbee2mqtt/bridge/state", says("offline"))
                == .observations([device("zigbee2mqtt", false), device("portao", false), device("vaga", false)]))
    }

    @Test func theDevicesOwnTopicDecidesWhenTheBridgeIsBack() {
        var devices = announced(mode: "all")
        _ = devices.read("zigbee2mqtt/portao/availability", says("online"))
        #expect(
            devices.read("zigbee2mqtt/vaga/availability", says("offline")) == .observations([device("vaga", false)]))
        _ = devices.read("zigbee2mqtt/bridge/state", says("offline"))
        #expect(
            devices.read("zigbee2mqtt/bridge/state", says("online"))
                == .observations([device("zigbee2mqtt", true), device("portao", true), device("vaga", false)]))
    }

    @Test(arguments: [("all", false), ("any", true), ("latest", true)])
    func theModeSaysHowTopicsGoTogether(mode: String, isThere: Bool) {
        var devices = ForeignDevices()
        _ = devices.read(
            "homeassistant/sensor/no1/t/config",
            #"{"avty":[{"t":"no1/a"},{"t":"no1/b"}],"avty_mode":"\#(mode)","dev":{"ids":"1","name":"no1"},"#
                + #""stat_t":"no1/t","dev_cla":"temperature","unit_of_meas":"°C"}"#)
        #expect(devices.read("no1/a", "offline") == .observations([device("no1", false)]))
        #expect(devices.read("no1/b", "online") == .observations([device("no1", isThere)]))
    }

    @Test func whatADeviceBehindABridgeReportsComesFromIt() {
        var devices = announced(mode: "all")
        let reading = devices.read(
            DeviceMessage(topic: "zigbee2mqtt/portao", payload: Array(#"{"contact":false}"#.utf8)))
        #expect(reading.devices == [subject(.gate, "portao"): subject(.device, "portao")])
    }

    @Test func anAnnouncementTakenBackLeavesTheOthersOfItsDevice() {
        var devices = announced(mode: "all")
        _ = devices.read(
            "homeassistant/sensor/0xportao/temperature/config",
            #"{"availability":[{"topic":"zigbee2mqtt/portao/availability","value_template":"{{ value_json.state }}"}],"#
                + #""device":{"name":"portao","via_device":"b"},"device_class":"temperature","#
                + #""unit_of_measurement":"°C","state_topic":"zigbee2mqtt/portao","#
                + #""value_template":"{{ value_json.temperature }}"}"#)
        _ = devices.read("homeassistant/binary_sensor/0xportao/contact/config", "")
        #expect(
            devices.read("zigbee2mqtt/portao/availability", says("offline"))
                == .observations([device("portao", false)]))
    }

    @Test func withoutAnnouncementsTheBridgesChildrenComeBackWithIt() {
        var devices = ForeignDevices()
        _ = devices.read("zigbee2mqtt/a/availability", "online")
        _ = devices.read("zigbee2mqtt/b/availability", "offline")
        _ = devices.read("zigbee2mqtt/bridge/state", "offline")
        #expect(devices.read("zigbee2mqtt/a/availability", "online") == .observations([device("a", false)]))
        #expect(
            devices.read("zigbee2mqtt/bridge/state", "online")
                == .observations([device("zigbee2mqtt", true), device("a", true)]))
    }
}
