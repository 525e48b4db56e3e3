import DeviceProfiles
import GarageDomain
import Testing

@Suite("Zigbee2MQTT, Shelly, Homie, ThingsBoard and plain sketches: each documented message")
struct HomeFirmwareTests {
    static let zigbee: [ForeignRow] = [
        ForeignRow(
            "zigbee2mqtt/dht", #"{"temperature":27.34,"humidity":44.72}"#, celsius("dht", 27.34), percent("dht", 44.72)),
        ForeignRow("zigbee2mqtt/garagem/vaga 1", #"{"occupancy":true}"#, spot("garagem-vaga-1", true)),
        ForeignRow("zigbee2mqtt/vaga2", #"{"occupancy":false,"battery":97}"#, spot("vaga2", false)),
        ForeignRow(
            "zigbee2mqtt/portao", #"{"contact":false,"battery":97,"linkquality":120}"#, gate("portao", .open)),
        ForeignRow("zigbee2mqtt/portao", #"{"contact":true}"#, retained: true, gate("portao", .closed)),
        ForeignRow("zigbee2mqtt/portao", #"{"state":"OPEN","position":100}"#, gate("portao", .open)),
        ForeignRow("zigbee2mqtt/portao", #"{"state":"OPEN","position":40}"#, gate("portao", .stopped)),
        ForeignRow("zigbee2mqtt/portao", #"{"state":"CLOSE","position":0}"#, gate("portao", .closed)),
        ForeignRow("zigbee2mqtt/portao", #"{"state":"OPEN","position":40,"moving":"DOWN"}"#, gate("portao", .closing)),
        .unmapped("zigbee2mqtt/lamp", #"{"state":"ON","linkquality":120}"#),
        ForeignRow("zigbee2mqtt/dht/availability", "online", retained: true, device("dht", true)),
        ForeignRow("zigbee2mqtt/dht/availability", #"{"state":"offline"}"#, retained: true, device("dht", false)),
        ForeignRow("zigbee2mqtt/bridge/state", #"{"state":"online"}"#, retained: true, device("zigbee2mqtt", true)),
        .nothing("zigbee2mqtt/bridge/devices", "[]", retained: true),
        .nothing("zigbee2mqtt/bridge/logging", #"{"level":"info","message":"temperature"}"#),
        .nothing("zigbee2mqtt/bridge/event", #"{"type":"device_joined"}"#),
        .nothing("zigbee2mqtt/portao/set", #"{"state":"OPEN"}"#), .nothing("zigbee2mqtt/portao/set/state", "OPEN"),
    ]

    static let shelly: [ForeignRow] = [
        ForeignRow("shellies/shelly1-1234/online", "true", retained: true, device("shelly1-1234", true)),
        ForeignRow("shellies/shelly1-1234/online", "false", retained: true, device("shelly1-1234", false)),
        .nothing("shellies/shelly1-1234/relay/0", "on"), .nothing("shellies/shelly1-1234/relay/0/command", "on"),
        ForeignRow("shellies/portao/input/0", "1", gate("portao", .open)),
        ForeignRow("shellies/vaga1/input/1", "0", spot("vaga1-1", false)),
        .unmapped("shellies/shelly1-1234/input/0", "1"),
        ForeignRow("shellies/shellydw-12/sensor/state", "open", gate("shellydw-12", .open)),
        ForeignRow("shellies/shellydw-12/sensor/state", "close", gate("shellydw-12", .closed)),
        ForeignRow("shellies/shellyht-12/sensor/temperature", "21.4", retained: true, celsius("shellyht-12", 21.4)),
        ForeignRow("shellies/shellyht-12/sensor/humidity", "48.5", retained: true, percent("shellyht-12", 48.5)),
        .nothing("shellies/shellyht-12/sensor/battery", "90"),
        ForeignRow("shellies/shelly1-12/ext_temperature/0", "19.5", celsius("shelly1-12-ext0", 19.5)),
        ForeignRow("shellies/shelly1-12/ext_humidity/0", "51", percent("shelly1-12-ext0", 51)),
        ForeignRow("shellies/sw25/roller/0", "open", gate("sw25", .opening)),
        ForeignRow("shellies/sw25/roller/0", "close", gate("sw25", .closing)),
        .nothing("shellies/sw25/roller/0", "stop"), .nothing("shellies/sw25/roller/0/pos", "-1"),
        ForeignRow("shellies/sw25/roller/0/pos", "0", gate("sw25", .closed)),
        ForeignRow("shellies/sw25/roller/1/pos", "100", gate("sw25-1", .open)),
        .nothing("shellies/announce", #"{"id":"shelly1-1234"}"#),
    ]

    static let shellyPlus: [ForeignRow] = [
        ForeignRow("shellyplus2pm-a1/online", "true", retained: true, device("shellyplus2pm-a1", true)),
        ForeignRow("casa/portao/online", "false", retained: true, device("portao", false)),
        ForeignRow("sp/status/cover:0", #"{"id":0,"state":"opening","current_pos":40}"#, gate("sp", .opening)),
        ForeignRow("sp/status/cover:1", #"{"id":1,"state":"closed","current_pos":0}"#, gate("sp-1", .closed)),
        .nothing("sp/status/cover:0", #"{"id":0,"state":"calibrating"}"#),
        .nothing("sp/status/switch:0", #"{"id":0,"output":true}"#),
        ForeignRow("portao/status/input:0", #"{"id":0,"state":true}"#, gate("portao", .open)),
        ForeignRow("sp/status/temperature:0", #"{"id":0,"tC":19.8,"tF":67.6}"#, celsius("sp", 19.8)),
        ForeignRow("sp/status/temperature:100", #"{"id":100,"tC":null}"#, fault("sp-100", .temperature, .null, "null")),
        ForeignRow("sp/status/humidity:0", #"{"id":0,"rh":42.2}"#, percent("sp", 42.2)),
        ForeignRow(
            "sp/events/rpc",
            #"{"src":"sp","dst":"sp/events","method":"NotifyStatus","params":{"ts":1680962879.62,"cover:0":{"state":"closed"}}}"#,
            gate("sp", .closed)),
        ForeignRow(
            "sp/events/rpc",
            #"{"src":"sp","method":"NotifyFullStatus","params":{"ts":1.5,"sys":{},"temperature:0":{"id":0,"tC":3.5},"humidity:0":{"rh":90}}}"#,
            celsius("sp", 3.5), percent("sp", 90)),
        .nothing(
            "sp/events/rpc", #"{"src":"sp","method":"NotifyStatus","params":{"ts":1,"cover:0":{"current_pos":3}}}"#),
        .nothing("sp/events/rpc", #"{"src":"sp","method":"NotifyEvent","params":{"ts":1,"events":[]}}"#),
        .nothing("sp/events/rpc", #"{"id":1,"src":"sp","dst":"sp/events","result":null}"#),
        .nothing("sp/events/rpc", #"{"id":1,"src":"sp","dst":"sp/events","error":{"code":-105,"message":"busy"}}"#),
        .nothing("sp/rpc", #"{"id":1,"src":"x","method":"Cover.Open","params":{"id":0}}"#),
        .nothing("sp/command/cover:0", "open"),
    ]

    static let homie: [ForeignRow] = [
        .nothing("homie/esp1/$homie", "4.0.0", retained: true),
        .nothing("homie/esp1/$nodes", "dht,portao", retained: true),
        ForeignRow("homie/esp1/$state", "init", retained: true, device("esp1", true)),
        ForeignRow("homie/esp1/$state", "ready", retained: true, device("esp1", true)),
        ForeignRow("homie/esp1/$state", "alert", retained: true, device("esp1", true)),
        ForeignRow("homie/esp1/$state", "disconnected", retained: true, device("esp1", false)),
        ForeignRow("homie/esp1/$state", "lost", retained: true, device("esp1", false)),
        .nothing("homie/esp1/$state", "sleeping", retained: true),
        ForeignRow("homie/esp1/dht/temperature", "21.5", retained: true, celsius("esp1-dht", 21.5)),
        ForeignRow("homie/esp1/dht/humidity", "61", retained: true, percent("esp1-dht", 61)),
        .nothing("homie/esp1/dht/temperature/$unit", "°C", retained: true),
        .nothing("homie/esp1/dht/$name", "DHT", retained: true),
        ForeignRow("homie/esp1/portao/state", "closed", retained: true, gate("esp1-portao", .closed)),
        .nothing("homie/esp1/portao/state/set", "open"),
        ForeignRow("homie/esp1/vaga1/occupied", "true", retained: true, spot("esp1-vaga1", true)),
        .unmapped("homie/esp1/relay/on", "true", retained: true),
        ForeignRow("homie/5/esp2/$state", "ready", retained: true, device("esp2", true)),
        ForeignRow("homie/5/esp2/dht/temperature", "21.5", retained: true, celsius("esp2-dht", 21.5)),
        .nothing("homie/5/esp2/portao/state/$target", "open", retained: true),
        .nothing("homie/5/esp2/portao/state/set", "open"),
        ForeignRow("homie/5/esp2/vaga1/occupied", "false", retained: true, spot("esp2-vaga1", false)),
        .nothing("homie/5/esp2/portao/contact", "TRUE", retained: true),
    ]

    static let plain: [ForeignRow] = [
        ForeignRow("esp8266/dht11/temperature", "25.00", celsius("esp8266-dht11", 25)),
        ForeignRow("esp8266/dht11/umidade", "60,5", percent("esp8266-dht11", 60.5)),
        ForeignRow(
            "casa/garagem", #"{"temperatura":25,"umidade":60}"#, celsius("casa-garagem", 25),
            percent("casa-garagem", 60)),
        ForeignRow(
            "casa/garagem", #"{"t":25.5,"h":"60,5"}"#, celsius("casa-garagem", 25.5), percent("casa-garagem", 60.5)),
        ForeignRow(
            "casa/garagem", #"{"DHT11":{"temp":22,"hum":40},"ip":"x"}"#, celsius("casa-garagem-DHT11", 22),
            percent("casa-garagem-DHT11", 40)),
        ForeignRow("casa/garagem", #"{"portao":"Aberto"}"#, gate("casa-garagem", .open)),
        ForeignRow(
            "casa/garagem", #"{"vaga1":"ocupada","vaga2":"livre"}"#, spot("casa-garagem-vaga1", true),
            spot("casa-garagem-vaga2", false)),
        ForeignRow("casa/garagem/portão/estado", "fechado", gate("casa-garagem-portao", .closed)),
        ForeignRow("casa/portao", "abrindo", gate("casa-portao", .opening)),
        ForeignRow("estacionamento/vaga/3", "1", spot("estacionamento-vaga-3", true)),
        ForeignRow("estacionamento/vaga/3", "livre", spot("estacionamento-vaga-3", false)),
        ForeignRow("sala/temperatura", "nan", fault("sala", .temperature, .notANumber, "nan")),
        .unmapped("casa/portao", "1"), .unmapped("casa/portao/comando", "aberto"), .unmapped("casa/luz", "ON"),
        .unmapped("casa/garagem", #"{"rssi":-60}"#), .unmapped("casa/garagem", "{"), .unmapped("", ""),
        .nothing("homeassistant/status", "online", retained: true),
        // Sparkplug B: nobody reads it, and it is listed.
        .unmapped("spBv1.0/casa/NDATA/edge", "\u{8}\u{1}\u{12}t"),
        .unmapped("spBv1.0/STATE/scada", #"{"online":true,"timestamp":1668114759262}"#, retained: true),
        .nothing("spBv1.0/casa/DCMD/edge/portao", "\u{8}\u{1}"),
    ]

    @Test(arguments: zigbee) func zigbee2MQTT(row: ForeignRow) { check(row) }
    @Test(arguments: shelly) func shellyGen1(row: ForeignRow) { check(row) }
    @Test(arguments: shellyPlus) func shellyGen2(row: ForeignRow) { check(row) }
    @Test(arguments: homie) func homieDevices(row: ForeignRow) { check(row) }
    @Test(arguments: plain) func plainSketches(row: ForeignRow) { check(row) }

    private func check(_ row: ForeignRow) {
        var devices = ForeignDevices()
        row.check(&devices)
    }

    @Test func aZigbeeBridgeTakesItsChildrenAlong() {
        var devices = ForeignDevices()
        _ = devices.read("zigbee2mqtt/b/availability", "online")
        _ = devices.read("zigbee2mqtt/a/availability", "online")
        #expect(
            devices.read("zigbee2mqtt/bridge/state", "offline")
                == .observations([device("zigbee2mqtt", false), device("a", false), device("b", false)]))
    }

    @Test func aShellyRollerIsFollowed() {
        var devices = ForeignDevices()
        let story: [(String, String, Interpretation)] = [
            ("/pos", "0", .observations([gate("sw25", .closed)])),
            ("", "open", .observations([gate("sw25", .opening)])),
            ("/pos", "30", .observations([gate("sw25", .opening)])), ("", "stop", .nothing),
            ("/pos", "57", .observations([gate("sw25", .stopped)])),
            ("", "close", .observations([gate("sw25", .closing)])),
            ("", "stop", .nothing), ("/pos", "0", .observations([gate("sw25", .closed)])),
            // It rests before it has said where: what was true before it moved is not told again.
            ("", "open", .observations([gate("sw25", .opening)])), ("", "stop", .nothing),
            ("/pos", "100", .observations([gate("sw25", .open)])),
        ]
        for (suffix, payload, expected) in story {
            #expect(devices.read("shellies/sw25/roller/0" + suffix, payload) == expected, "\(suffix) \(payload)")
        }
        #expect(devices.actuation("sw25", .stop) == "shellies/sw25/roller/0/command stop")
    }

    @Test func howTheOthersAreMoved() {
        var devices = ForeignDevices()
        _ = devices.read("zigbee2mqtt/portao", #"{"state":"CLOSE"}"#)
        _ = devices.read("casa/sp/status/cover:1", #"{"id":1,"state":"closed"}"#)
        _ = devices.read("homie/esp1/portao/state/$format", "open,closed,stop")
        _ = devices.read("homie/esp1/$homie", "4.0.0")
        _ = devices.read("homie/esp1/portao/state/$format", "open,closed,stop")
        _ = devices.read("homie/esp1/portao/state/$settable", "true")
        _ = devices.read("homie/esp1/portao/state", "closed")
        #expect(devices.actuation("portao", .open) == #"zigbee2mqtt/portao/set {"state":"OPEN"}"#)
        #expect(
            devices.actuation("sp-1", .stop)
                == #"casa/sp/rpc {"id":1,"src":"casa/sp/events","method":"Cover.Stop","params":{"id":1}}"#)
        #expect(devices.actuation("esp1-portao", .close) == "homie/esp1/portao/state/set closed")
    }

    @Test func aHomieDeviceDescribesItself() {
        var devices = ForeignDevices()
        let description =
            #"{"homie":"5.0","children":["filho"],"nodes":{"n":{"properties":{"x":{"unit":"°F","datatype":"float"},"#
            + #""state":{"datatype":"enum","format":"open,close,stop","settable":true}}}}}"#
        #expect(devices.read("casa/5/root/$description", description) == .nothing)
        #expect(devices.read("casa/5/root/n/x", "68") == .observations([celsius("root-n", 20)]))
        #expect(
            devices.read("casa/5/root/$state", "lost")
                == .observations([device("root", false), device("filho", false)]))
        #expect(
            devices.read("casa/5/root/$state", "")
                == .observations([device("root", false), device("filho", false)]))
    }

    @Test func aThingsBoardDeviceIsItsUser() {
        var devices = ForeignDevices()
        let telemetry = #"{"temperature":25,"humidity":60}"#
        let both = Interpretation.observations([celsius("esp1", 25), percent("esp1", 60)])
        #expect(devices.read("v1/devices/me/telemetry", telemetry, userName: "esp1") == both)
        #expect(
            devices.read("v1/devices/me/telemetry", #"[{"ts":1,"values":\#(telemetry)}]"#, userName: "esp1") == both)
        #expect(devices.read("v1/devices/me/telemetry", telemetry) == .unmapped)
        #expect(devices.read("v1/gateway/telemetry", #"{"esp1":[{"ts":1,"values":\#(telemetry)}]}"#) == both)
        #expect(devices.read("v1/devices/me/attributes", #"{"firmware":"1"}"#) == .nothing)
    }
}
