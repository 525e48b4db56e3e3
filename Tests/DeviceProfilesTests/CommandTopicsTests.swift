import DeviceProfiles
import Testing

@Suite("Topics where a message moves something")
struct CommandTopicsTests {
    @Test(arguments: [
        "garage/home/gate/front/command", "garage/home/gate/front/actuate",
        // ESPHome
        "garagem/cover/portao/command", "garagem/cover/portao/position/command", "garagem/switch/rele/command",
        // Tasmota, with the prefix where a FullTopic puts it
        "cmnd/garagem/POWER", "cmnd/tasmota_1A2B3C/ShutterOpen1", "casa/garagem/cmnd/POWER1", "/cmnd/x/Backlog",
        // ratgdo
        "/home/garage/MainDoor/command/door", "/home/garage/MainDoor/command/light", "MainDoor/command/door",
        // OpenGarage
        "OGTOPIC/IN/STATE", "/OGTOPIC/IN/STATE", "garage/door/IN/STATE",
        // Zigbee2MQTT, Shelly, Homie, Sparkplug, ThingsBoard, LoRaWAN
        "zigbee2mqtt/portao/set", "zigbee2mqtt/casa/portao/set/state", "shellies/shelly1-1234/relay/0/command",
        "shellies/shellyswitch25-12/roller/0/command/pos", "shellies/command", "shellyplus1-a1b2/rpc",
        "shellyplus2pm-a1/command/cover:0", "homie/portao/gate/position/set", "homie/5/portao/gate/position/set",
        "spBv1.0/casa/NCMD/edge", "spBv1.0/casa/DCMD/edge/portao", "v1/devices/me/rpc/request/7",
        "v3/app@ttn/devices/portao/down/push", "application/1/device/0102/command/down",
        "home/OpenMQTTGateway/commands/MQTTtoRF",
    ])
    func aCommandPosition(topic: String) {
        #expect(CommandTopics.isCommand(topic))
    }

    @Test(arguments: [
        "", "/", "garage/home/gate/front/state", "garage/home/gate/front/command/result", "garage/home/events",
        "garagem/cover/portao/state", "garagem/cover/portao/position/state", "tele/garagem/STATE",
        "stat/garagem/POWER", "/home/garage/MainDoor/status/door", "OGTOPIC/OUT/STATE", "OGTOPIC",
        "zigbee2mqtt/portao", "zigbee2mqtt/bridge/state", "shellies/shelly1-1234/relay/0",
        "shellyplus1-a1b2/events/rpc", "shellyplus1-a1b2/status/cover:0", "homie/portao/gate/position",
        "homie/5/portao/gate/position/$target", "spBv1.0/casa/NDATA/edge", "homeassistant/cover/command/set/config",
        "homeassistant/cover/set/config", "v3/app@ttn/devices/vaga-1/up", "casa/in/temperatura", "set", "cmnd",
        "casa/cmnd", "casa/conjunto/reset", "mycommand/x", "command",
    ])
    func noCommandPosition(topic: String) {
        #expect(!CommandTopics.isCommand(topic))
    }

    @Test func aLongTopicIsNoHarm() {
        #expect(!CommandTopics.isCommand(String(repeating: "/", count: 65_535)))
        #expect(CommandTopics.isCommand(String(repeating: "a/", count: 30_000) + "set"))
        #expect(!CommandTopics.isCommand(String(repeating: "c", count: 65_535)))
    }
}
