import DeviceProfiles
import GarageDomain
import Testing

@Suite("Firmware of openers and of general nodes: each documented message")
struct GarageFirmwareTests {
    static let esphome: [ForeignRow] = [
        ForeignRow("garagem/status", "online", retained: true, device("garagem", true)),
        ForeignRow("garagem/status", "offline", retained: true, device("garagem", false)),
        ForeignRow("garagem/sensor/temperatura/state", "23.4", retained: true, celsius("garagem", 23.4)),
        ForeignRow("garagem/sensor/temperatura/state", "nan", fault("garagem", .temperature, .notANumber, "nan")),
        ForeignRow("garagem/sensor/umidade/state", "58", retained: true, percent("garagem", 58)),
        ForeignRow("garagem/sensor/umidade/state", "nan", fault("garagem", .humidity, .notANumber, "nan")),
        ForeignRow("casa/no1/sensor/temperatura_interna/state", "21.0", celsius("no1-interna", 21)),
        ForeignRow("casa/no1/sensor/umidade_interna/state", "40", percent("no1-interna", 40)),
        ForeignRow("garagem/binary_sensor/vaga_1/state", "ON", spot("garagem-vaga_1", true)),
        ForeignRow("garagem/binary_sensor/vaga_1/state", "OFF", spot("garagem-vaga_1", false)),
        ForeignRow("garagem/binary_sensor/portao/state", "ON", gate("garagem-portao", .open)),
        .unmapped("garagem/binary_sensor/gpio5/state", "ON"), .unmapped("garagem/sensor/wifi/state", "-60"),
        ForeignRow("garagem/cover/portao/state", "open", gate("garagem-portao", .open)),
        ForeignRow("garagem/cover/portao/state", "opening", gate("garagem-portao", .opening)),
        ForeignRow("garagem/cover/portao/state", "closed", gate("garagem-portao", .closed)),
        ForeignRow("garagem/cover/portao/state", "closing", gate("garagem-portao", .closing)),
        .nothing("garagem/cover/portao/state", "unknown"),
        ForeignRow("garagem/cover/portao/position/state", "0", gate("garagem-portao", .closed)),
        ForeignRow("garagem/cover/portao/position/state", "100", gate("garagem-portao", .open)),
        .nothing("garagem/cover/portao/position/state", "47"),
        .nothing("garagem/cover/portao/command", "OPEN"), .nothing("garagem/cover/portao/position/command", "50"),
        .nothing("garagem/debug", "\u{1B}[0;36m[D][dht:048]: Got Temperature=23.4\u{1B}[0m", retained: true),
        .nothing("garagem/switch/rele/state", "ON"),
    ]

    static let tasmota: [ForeignRow] = [
        ForeignRow("tele/tasmota_1A2B3C/LWT", "Online", retained: true, device("tasmota_1A2B3C", true)),
        ForeignRow("tele/tasmota_1A2B3C/LWT", "Offline", retained: true, device("tasmota_1A2B3C", false)),
        ForeignRow(
            "tele/t1/SENSOR",
            #"{"Time":"2019-01-01T00:00:00","AM2301":{"Temperature":24.6,"Humidity":58.2},"TempUnit":"C"}"#,
            celsius("t1-AM2301", 24.6), percent("t1-AM2301", 58.2)),
        ForeignRow(
            "tele/t1/SENSOR",
            #"{"Time":"2019-01-01T00:00:00","DHT11":{"Temperature":77,"Humidity":50,"DewPoint":56.9},"TempUnit":"F"}"#,
            celsius("t1-DHT11", 25), percent("t1-DHT11", 50)),
        ForeignRow(
            "tele/t1/SENSOR", #"{"Time":"x","AM2301-14":{"Temperature":null,"Humidity":null},"TempUnit":"C"}"#,
            fault("t1-AM2301-14", .temperature, .null, "null"), fault("t1-AM2301-14", .humidity, .null, "null")),
        .nothing("tele/t1/SENSOR", #"{"Time":"x","ESP32":{"Temperature":53.3},"TempUnit":"C"}"#),
        .unmapped("tele/t1/SENSOR", #"{"Time":"2019-01-01T00:00:00","Switch1":"OFF"}"#),
        ForeignRow("tele/portao/SENSOR", #"{"Time":"2019-01-01T00:00:00","Switch1":"OFF"}"#, gate("portao", .closed)),
        ForeignRow("tele/t1/SENSOR", #"{"Time":"x","Vaga2":"ON"}"#, spot("t1-Vaga2", true)),
        ForeignRow("stat/portao/RESULT", #"{"Switch1":{"Action":"ON"}}"#, gate("portao", .open)),
        .nothing("stat/t1/RESULT", #"{"POWER":"ON"}"#), .nothing("stat/t1/POWER", "ON"),
        .nothing("stat/t1/POWER1", "OFF"),
        ForeignRow(
            "stat/portao/RESULT", #"{"Shutter1":{"Position":47,"Direction":1,"Target":100}}"#, gate("portao", .opening)),
        ForeignRow(
            "stat/portao/RESULT", #"{"Shutter1":{"Position":47,"Direction":-1,"Target":0}}"#, gate("portao", .closing)),
        ForeignRow(
            "stat/portao/SHUTTER1", #"{"Shutter1":{"Position":47,"Direction":0,"Target":47}}"#,
            gate("portao", .stopped)),
        ForeignRow(
            "stat/portao/RESULT", #"{"Shutter2":{"Position":0,"Direction":0,"Target":0}}"#, gate("portao-2", .closed)),
        ForeignRow(
            "tele/portao/SENSOR", #"{"Time":"x","Shutter1":{"Position":100,"Direction":0,"Target":100}}"#,
            gate("portao", .open)),
        ForeignRow("stat/portao/SHUTTER1", "100", gate("portao", .open)),
        ForeignRow("stat/GarageDoor/STATE", "OPEN", gate("GarageDoor", .open)),
        ForeignRow("stat/GarageDoor/STATE", "CLOSE", gate("GarageDoor", .closed)),
        ForeignRow("stat/GarageDoor/STATE", "OPENING", gate("GarageDoor", .opening)),
        ForeignRow("stat/GarageDoor/STATE", "CLOSING", gate("GarageDoor", .closing)),
        ForeignRow("stat/GarageDoor/STATE", "STOP", gate("GarageDoor", .stopped)),
        ForeignRow("stat/GarageDoor/OBSTR", "1", obstruction("GarageDoor", true)),
        ForeignRow("stat/GarageDoor/OBSTR", "0", obstruction("GarageDoor", false)),
        .nothing("tele/t1/STATE", #"{"Time":"x","UptimeSec":66972,"POWER":"ON","Wifi":{"RSSI":60}}"#),
        .nothing("cmnd/t1/POWER", "TOGGLE"), .nothing("cmnd/portao/ShutterOpen", ""),
        .nothing("tasmota/discovery/AABBCCDDEEFF/config", "{}", retained: true),
        .nothing("tasmota/discovery/AABBCCDDEEFF/sensors", "{}", retained: true),
        ForeignRow("casa/t2/tele/LWT", "Online", device("t2", true)),
        ForeignRow(
            "stat/t1/STATUS8", #"{"StatusSNS":{"Time":"x","AM2301":{"Temperature":20.5},"TempUnit":"C"}}"#,
            celsius("t1-AM2301", 20.5)),
    ]

    static let ratgdo: [ForeignRow] =
        ["open", "opening", "closed", "closing", "stopped"].map {
            ForeignRow(
                "/home/garage/MainDoor/status/door", $0, retained: true,
                gate("MainDoor", GateState(rawValue: $0) ?? .open))
        } + [
            .nothing("/home/garage/MainDoor/status/door", "unknown", retained: true),
            .nothing("/home/garage/MainDoor/status/door", "syncing", retained: true),
            ForeignRow("/home/garage/MainDoor/status/availability", "online", retained: true, device("MainDoor", true)),
            ForeignRow("/home/garage/MainDoor/status/availability", "offline", device("MainDoor", false)),
            ForeignRow(
                "/home/garage/MainDoor/status/obstruction", "obstructed", retained: true, obstruction("MainDoor", true)),
            ForeignRow(
                "/home/garage/MainDoor/status/obstruction", "clear", retained: true, obstruction("MainDoor", false)),
            .nothing("/home/garage/MainDoor/status/obstruction", "unknown", retained: true),
            .nothing("/home/garage/MainDoor/status/light", "on", retained: true),
            .nothing("/home/garage/MainDoor/status/lock", "locked", retained: true),
            .nothing("/home/garage/MainDoor/status/motion", "detected"),
            .nothing("/home/garage/MainDoor/command/door", "open"),
            .nothing("/home/garage/MainDoor/command/light", "toggle"),
            ForeignRow("casa/Portao/status/door", "open", gate("Portao", .open)),
        ]

    static let opengarage: [ForeignRow] = [
        ForeignRow("OG1/OUT/STATUS", "online", retained: true, device("OG1", true)),
        ForeignRow("/OG1/OUT/STATUS", "offline", retained: true, device("OG1", false)),
        ForeignRow("OG1/OUT/STATE", "OPEN", gate("OG1", .open)),
        ForeignRow("OG1/OUT/STATE", "CLOSED", gate("OG1", .closed)),
        ForeignRow("OG1/OUT/STATE", "STOPPED", gate("OG1", .stopped)), ForeignRow("OG1", "Open", gate("OG1", .open)),
        ForeignRow("OG1", "Closed", gate("OG1", .closed)), ForeignRow("OG1", "Stopped", gate("OG1", .stopped)),
        .nothing("OG1/OUT/NOTIFY", "OPEN after 2 minutes"), .unmapped("OG1", "Button"),
        .nothing("OG1/IN/STATE", "click"),
        ForeignRow(
            "OG1/OUT/JSON",
            #"{"dist":28,"door":1,"vehicle":0,"light":0,"lock":0,"obstruct":0,"name":"OG1","mac":"x","rssi":-60,"#
                + #""temp":23.1,"humid":55}"#,
            gate("OG1", .open), obstruction("OG1", false), spot("OG1", false), celsius("OG1", 23.1), percent("OG1", 55)),
        ForeignRow(
            "OG1/OUT/JSON", #"{"dist":28,"door":0,"vehicle":1,"obstruct":1}"#, gate("OG1", .closed),
            obstruction("OG1", true), spot("OG1", true)),
        ForeignRow("OG1/OUT/JSON", #"{"door":2}"#, gate("OG1", .stopped)),
        ForeignRow("OG1/OUT/JSON", #"{"door":3}"#, gate("OG1", .closing)),
        ForeignRow("OG1/OUT/JSON", #"{"door":4}"#, gate("OG1", .opening)),
        .nothing("OG1/OUT/JSON", #"{"door":5,"vehicle":2}"#),
    ]

    @Test(arguments: esphome) func esphomeMessages(row: ForeignRow) { check(row, "esphome") }
    @Test(arguments: tasmota) func tasmotaMessages(row: ForeignRow) { check(row, "tasmota") }
    @Test(arguments: ratgdo) func ratgdoMessages(row: ForeignRow) { check(row, "ratgdo") }
    @Test(arguments: opengarage) func opengarageMessages(row: ForeignRow) { check(row, "opengarage") }

    private func check(_ row: ForeignRow, _ reader: String) {
        var devices = ForeignDevices()
        row.check(&devices, reader: CommandTopics.isCommand(row.topic) ? "command topic" : reader)
    }

    @Test func howEachIsMoved() {
        var devices = ForeignDevices()
        for (topic, payload) in [
            ("garagem/cover/portao/state", "closed"),
            ("tele/portao/SENSOR", #"{"Shutter1":{"Position":0,"Direction":0}}"#),
            ("casa/t2/stat/RESULT", #"{"Shutter2":{"Position":0,"Direction":0}}"#),
            ("/home/garage/MainDoor/status/door", "closed"), ("/OG1/OUT/STATE", "CLOSED"),
        ] { _ = devices.read(topic, payload) }
        #expect(devices.actuation("garagem-portao", .open) == "garagem/cover/portao/command OPEN")
        #expect(devices.actuation("garagem-portao", .stop) == "garagem/cover/portao/command STOP")
        #expect(devices.actuation("portao", .close) == "cmnd/portao/ShutterClose1 ")
        #expect(devices.actuation("t2-2", .open) == "casa/t2/cmnd/ShutterOpen2 ")
        #expect(devices.actuation("MainDoor", .close) == "/home/garage/MainDoor/command/door close")
        #expect(devices.actuation("OG1", .open) == "/OG1/IN/STATE open")
        #expect(devices.actuation("OG1", .stop) == nil)
        #expect(devices.actuation("unknown", .open) == nil)
    }

    @Test func aModelIsTakenFromTheKey() {
        var devices = ForeignDevices()
        _ = devices.read(
            "tele/t1/SENSOR", #"{"DHT11":{"Temperature":20,"Humidity":50},"AM2301-14":{"Temperature":20}}"#)
        #expect(devices.model(of: subject(.sensor, "t1-DHT11")) == .dht11)
        #expect(devices.model(of: subject(.sensor, "t1-AM2301-14")) == .dht22)
    }
}
