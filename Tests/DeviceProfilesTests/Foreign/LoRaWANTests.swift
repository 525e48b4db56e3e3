import DeviceProfiles
import GarageDomain
import Testing

@Suite("LoRaWAN parking sensors behind The Things Stack and ChirpStack")
struct LoRaWANTests {
    private static func stack(_ message: String, simulated: Bool = false) -> String {
        #"{"end_device_ids":{"device_id":"vaga-1","dev_eui":"0102030405060708"},"received_at":"2026-01-01T00:00:00Z","#
            + #""uplink_message":{\#(message),"rx_metadata":[{"rssi":-35,"snr":5.2}]}"#
            + (simulated ? #","simulated":true}"# : "}")
    }

    private static func chirp(_ rest: String, id: String = "a") -> String {
        #"{"deduplicationId":"\#(id)","time":"2026-01-01T00:00:00Z","deviceInfo":{"deviceName":"vaga-2","#
            + #""devEui":"0102030405060708","tags":{}},\#(rest)}"#
    }

    private static let up = "v3/garagem@ttn/devices/vaga-1/up"
    private static let chirpUp = "application/1/device/0102030405060708/event/up"

    static let rows: [ForeignRow] = [
        ForeignRow(
            up, stack(#""f_port":1,"f_cnt":1,"frm_payload":"AQ==","decoded_payload":{"occupied":true}"#),
            spot("vaga-1", true)),
        ForeignRow(
            up, stack(#""f_port":1,"frm_payload":"AA==","decoded_payload":{"occupied":false}"#), spot("vaga-1", false)),
        // No codec ran: the byte itself.
        ForeignRow(up, stack(#""f_port":1,"f_cnt":1,"frm_payload":"AQ==""#), spot("vaga-1", true)),
        ForeignRow(up, stack(#""f_port":1,"f_cnt":2,"frm_payload":"AA==""#), spot("vaga-1", false)),
        // A server that leaves `false` out: the byte decides, and without it nothing is taken for free.
        ForeignRow(
            up, stack(#""f_port":1,"frm_payload":"AA==","decoded_payload":{"type":"parking status"}"#),
            spot("vaga-1", false)),
        .unmapped(up, stack(#""f_port":1,"decoded_payload":{"type":"parking status"}"#)),
        .unmapped(up, stack(#""frm_payload":"AQ==""#)),
        .unmapped(up, stack(#""f_port":1,"frm_payload":"AQI=","decoded_payload":{"x":1}"#)),
        ForeignRow(
            up,
            stack(
                #""f_port":2,"frm_payload":"AQA=","decoded_payload":{"type":"heartbeat","occupied":true,"temperature":18}"#
            ),
            spot("vaga-1", true), celsius("vaga-1", 18)),
        .nothing(up, stack(#""f_port":3,"frm_payload":"AAECAw==""#)),
        ForeignRow(
            up,
            stack(#""f_port":4,"normalized_payload":[{"time":"x","air":{"temperature":20.5,"relativeHumidity":60}}]"#),
            celsius("vaga-1", 20.5), percent("vaga-1", 60)),
        .nothing(up, stack(#""f_port":1,"decoded_payload":{"occupied":true}"#, simulated: true)),
        .nothing("v3/garagem@ttn/devices/vaga-1/join", "{}"), .unmapped(up, "x"), .unmapped(up, "{}"),
        ForeignRow(
            "garagem/devices/vaga-9/up", #"{"dev_id":"vaga-9","port":1,"payload_fields":{"occupied":true}}"#,
            spot("vaga-9", true)),
        ForeignRow(
            chirpUp, chirp(#""fPort":1,"data":"AQ==","object":{"occupied":true,"type":"parking status"}"#),
            spot("vaga-2", true)),
        ForeignRow(chirpUp, chirp(#""fPort":1,"data":"AA==""#), spot("vaga-2", false)),
        ForeignRow(
            chirpUp, chirp(#""fPort":5,"data":"qg==","object":{"parking_status":"FREE"}"#), spot("vaga-2", false)),
        .nothing("application/1/device/0102/event/status", #"{"margin":10,"batteryLevel":88.3}"#),
        .nothing("application/1/device/0102/event/join", "{}"), .nothing("application/1/device/0102/event/ack", "{}"),
        .nothing("application/1/device/0102/command/down", "{}"),
    ]

    @Test(arguments: rows) func aMessage(row: ForeignRow) {
        var devices = ForeignDevices()
        row.check(&devices)
    }

    @Test func anUplinkThatComesTwiceCountsOnce() {
        var devices = ForeignDevices()
        let first = Self.chirp(#""fPort":1,"data":"AQ==""#, id: "x")
        #expect(devices.read(Self.chirpUp, first) == .observations([spot("vaga-2", true)]))
        #expect(devices.read(Self.chirpUp, first) == .nothing)
        let second = Self.chirp(#""fPort":1,"data":"AA==""#, id: "y")
        #expect(devices.read(Self.chirpUp, second) == .observations([spot("vaga-2", false)]))
        for index in 0..<3000 {
            _ = devices.read(Self.chirpUp, Self.chirp(#""fPort":1,"data":"AQ==""#, id: "\(index)"))
        }
        #expect(devices.read(Self.chirpUp, first) == .observations([spot("vaga-2", true)]))
    }
}
