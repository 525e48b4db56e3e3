import DeviceProfiles
import GarageDomain
import Testing

@Suite("Home Assistant's discovery, consumed")
struct DiscoveryTests {
    /// What a device announces, what it then sends, and what that says.
    struct Story: CustomTestStringConvertible, Sendable {
        var config: String
        var announcement: String
        var messages: [(topic: String, payload: String, expected: Interpretation)]
        var testDescription: String { config }
    }

    static let stories: [Story] = [
        // ESPHome, in short form
        Story(
            config: "homeassistant/sensor/garagem/sonda/config",
            announcement: #"{"dev_cla":"temperature","unit_of_meas":"°C","stat_cla":"measurement","name":"Sonda","#
                + #""stat_t":"garagem/sensor/sonda/state","avty_t":"garagem/status","uniq_id":"x","#
                + #""dev":{"ids":"aabb","name":"garagem","sw":"esphome v2024.10","mdl":"d1_mini","mf":"espressif"}}"#,
            messages: [
                ("garagem/sensor/sonda/state", "23.4", .observations([celsius("garagem-sonda", 23.4)])),
                (
                    "garagem/sensor/sonda/state", "nan",
                    .observations([fault("garagem-sonda", .temperature, .notANumber, "nan")])
                ),
                ("garagem/status", "offline", .observations([device("garagem", false)])),
            ]),
        Story(
            config: "homeassistant/binary_sensor/garagem/gpio5/config",
            announcement: #"{"dev_cla":"occupancy","name":"GPIO5","stat_t":"garagem/binary_sensor/gpio5/state","#
                + #""dev":{"ids":"aabb","name":"garagem"}}"#,
            messages: [("garagem/binary_sensor/gpio5/state", "ON", .observations([spot("garagem-gpio5", true)]))]),
        // ratgdo, with `~`; the name is the one that the firmware profile has for the topic
        Story(
            config: "homeassistant/cover/MainDoor/config",
            announcement: #"{"~":"/home/garage/MainDoor","name":"Door","device_class":"garage","#
                + #""command_topic":"~/command/door","payload_open":"open","payload_close":"close","payload_stop":"stop","#
                + #""state_topic":"~/status/door","availability_topic":"~/status/availability","#
                + #""device":{"identifiers":"x","name":"Garage opener"}}"#,
            messages: [
                ("/home/garage/MainDoor/status/door", "opening", .observations([gate("MainDoor", .opening)])),
                ("/home/garage/MainDoor/status/door", "syncing", .nothing),
                ("/home/garage/MainDoor/status/availability", "offline", .observations([device("MainDoor", false)])),
            ]),
        Story(
            config: "homeassistant/binary_sensor/MainDoor/obstruction/config",
            announcement: #"{"~":"/home/garage/MainDoor","name":"Obstruction","device_class":"motion","#
                + #""state_topic":"~/status/obstruction","payload_on":"obstructed","payload_off":"clear"}"#,
            messages: [
                (
                    "/home/garage/MainDoor/status/obstruction", "obstructed",
                    .observations([obstruction("MainDoor", true)])
                ),
                ("/home/garage/MainDoor/status/obstruction", "clear", .observations([obstruction("MainDoor", false)])),
            ]),
        // Tasmota with SetOption19
        Story(
            config: "homeassistant/sensor/1A2B3C_AM2301_Temperature/config",
            announcement: #"{"name":"t1 AM2301 Temperature","stat_t":"tele/t1/SENSOR","avty_t":"tele/t1/LWT","#
                + #""pl_avail":"Online","pl_not_avail":"Offline","uniq_id":"x","device":{"identifiers":["1A2B3C"]},"#
                + #""unit_of_meas":"°C","dev_cla":"temperature","val_tpl":"{{value_json['AM2301'].Temperature}}"}"#,
            messages: [
                (
                    "tele/t1/SENSOR", #"{"AM2301":{"Temperature":24.6,"Humidity":58.2}}"#,
                    .observations([celsius("t1-AM2301", 24.6)])
                ),
                ("tele/t1/LWT", "Offline", .observations([device("t1", false)])),
            ]),
        // Zigbee2MQTT: boolean payloads and availability as a list
        Story(
            config: "homeassistant/binary_sensor/0x00158d/contact/config",
            announcement:
                #"{"availability":[{"topic":"zigbee2mqtt/bridge/state","value_template":"{{ value_json.state }}"}],"#
                + #""device":{"identifiers":["zigbee2mqtt_0x00158d"],"name":"portao"},"device_class":"door","#
                + #""payload_on":false,"payload_off":true,"state_topic":"zigbee2mqtt/portao","#
                + #""value_template":"{{ value_json.contact }}"}"#,
            messages: [
                ("zigbee2mqtt/portao", #"{"contact":false}"#, .observations([gate("portao", .open)])),
                ("zigbee2mqtt/portao", #"{"contact":true,"battery":9}"#, .observations([gate("portao", .closed)])),
                ("zigbee2mqtt/portao", #"{"battery":9}"#, .nothing),
                ("zigbee2mqtt/bridge/state", #"{"state":"offline"}"#, .observations([device("zigbee2mqtt", false)])),
            ]),
        // A device-based message
        Story(
            config: "homeassistant/device/no1/config",
            announcement: #"{"dev":{"ids":["no1"],"name":"Nó 1","mdl":"DHT11"},"o":{"name":"test"},"#
                + #""avty_t":"no1/vivo","stat_t":"no1/tudo","cmps":{"#
                + #""t":{"p":"sensor","dev_cla":"temperature","unit_of_meas":"°F","val_tpl":"{{ value_json.a.f | float | round(1) }}"},"#
                + #""h":{"p":"sensor","dev_cla":"humidity","unit_of_meas":"%","val_tpl":"{{ value_json.a.h | default(0) }}"},"#
                + #""v":{"p":"binary_sensor","dev_cla":"occupancy","val_tpl":"{{ 'ON' if value_json.d < 50 else 'OFF' }}"},"#
                + #""l":{"p":"light","cmd_t":"no1/luz"}}}"#,
            messages: [
                (
                    "no1/tudo", #"{"a":{"f":68,"h":55},"d":20}"#,
                    .observations([celsius("No-1", 20), percent("No-1", 55), spot("No-1-v", true)])
                ),
                ("no1/vivo", "online", .observations([device("No-1", true)])),
            ]),
        // A template beyond the subset is never guessed.
        Story(
            config: "homeassistant/sensor/x/y/config",
            announcement:
                #"{"stat_t":"x/y","dev_cla":"temperature","unit_of_meas":"°C","val_tpl":"{{ value_json.raw * 0.1 }}"}"#,
            messages: [("x/y", #"{"raw":215}"#, .unmapped)]),
        // What is none of the garage's is known, and says nothing.
        Story(
            config: "homeassistant/cover/x/y/config", announcement: #"{"stat_t":"sala/persiana","dev_cla":"blind"}"#,
            messages: [("sala/persiana", "open", .nothing)]),
        Story(
            config: "homeassistant/cover/x/z/config",
            announcement:
                #"{"name":"Portao","pos_t":"x/pos","pos_open":0,"pos_clsd":255,"cmd_t":"x/cmd","pl_stop":null,"dev_cla":"gate"}"#,
            messages: [
                ("x/pos", "0", .observations([gate("x-z", .open)])),
                ("x/pos", "255", .observations([gate("x-z", .closed)])),
                ("x/pos", "100", .nothing),
            ]),
    ]

    @Test(arguments: stories) func aDevice(story: Story) {
        var devices = ForeignDevices()
        #expect(devices.read(story.config, story.announcement) == .nothing)
        for (topic, payload, expected) in story.messages {
            #expect(devices.read(topic, payload) == expected, "\(topic) \(payload)")
        }
    }

    @Test func anEmptyMessageTakesItBack() {
        var devices = ForeignDevices()
        let config = "homeassistant/binary_sensor/no1/d5/config"
        _ = devices.read(config, #"{"stat_t":"no1/d5","dev_cla":"occupancy"}"#)
        #expect(devices.read("no1/d5", "ON") == .observations([spot("no1-d5", true)]))
        _ = devices.read(config, "")
        #expect(devices.read("no1/d5", "ON") == .unmapped)
    }

    @Test func howAnAnnouncedGateIsMoved() {
        var devices = ForeignDevices()
        _ = devices.read(
            "homeassistant/cover/x/z/config",
            #"{"stat_t":"x/s","cmd_t":"x/act","pl_open":"UP","pl_cls":"DOWN","pl_stop":null,"dev_cla":"gate"}"#)
        _ = devices.read("x/s", "closed")
        #expect(devices.actuation("x-z", .open) == "x/act UP")
        #expect(devices.actuation("x-z", .close) == "x/act DOWN")
        #expect(devices.actuation("x-z", .stop) == nil)
    }

    @Test func aFullCatalogTakesNoMore() {
        var devices = ForeignDevices()
        for index in 0..<5000 {
            _ = devices.read(
                "homeassistant/binary_sensor/n\(index)/d/config", #"{"stat_t":"n\#(index)/d","dev_cla":"occupancy"}"#)
        }
        #expect(devices.read("n0/d", "ON") == .observations([spot("n0-d", true)]))
        #expect(devices.read("n4999/d", "ON") == .unmapped)
    }
}
