import DeviceProfiles
import GarageDomain
import Testing

/// One message and what it is read as.
struct Row: CustomTestStringConvertible, Sendable {
    var topic: String
    var payload: String
    var reading: Interpretation

    init(_ topic: String, _ payload: String, _ reading: Interpretation) {
        self.topic = topic
        self.payload = payload
        self.reading = reading
    }

    var testDescription: String { "\(topic) \(payload.prefix(40).debugDescription)" }
}

func subject(_ kind: Subject.Kind, _ name: String) -> Subject {
    Subject(garage: Name(nearest: "home"), kind: kind, name: Name(nearest: name))
}

private let dht1 = subject(.sensor, "dht1")
private let front = subject(.gate, "front")
private let spotA1 = subject(.spot, "A1")
private let esp1 = subject(.device, "esp1")

@Suite("The service's own topics")
struct NativeProfileTests {
    private static func temperature(_ value: Double) -> Interpretation {
        .observations([.reading(dht1, .temperature, value)])
    }

    private static func fault(_ quantity: Quantity?, _ kind: SensorFault.Kind, _ raw: String) -> Interpretation {
        .observations([.fault(dht1, SensorFault(quantity: quantity, kind: kind, raw: raw))])
    }

    static let numbers: [Row] = [
        ("23.4", 23.4), ("58", 58), (" 23.4 \r\n", 23.4), ("23,4", 23.4), ("-5", -5), ("+7.25", 7.25), ("0", 0),
        ("-0.0", 0), (".5", 0.5), ("5.", 5), ("2.34e1", 23.4), ("234E-1", 23.4), ("23.40000000000000000001", 23.4),
        ("007", 7), ("23.4\u{0}", 23.4), ("0.1", 0.1), ("79.999999999999", 79.999999999999), ("0e99999", 0),
        ("1e-400", 0), ("-40", -40), ("80", 80),
    ].map { Row("garage/home/sensor/dht1/temperature", $0, temperature($1)) }

    static let faults: [Row] = [
        ("nan", .notANumber), ("NaN", .notANumber), ("NAN", .notANumber), ("-nan", .notANumber), ("", .null),
        ("   ", .null), ("null", .null), ("None", .null), ("unavailable", .null), ("unknown", .null),
        ("inf", .outOfRange), ("-Infinity", .outOfRange), ("1e999", .outOfRange), ("80.1", .outOfRange),
        ("-40.01", .outOfRange), ("85", .outOfRange), ("-127", .outOfRange), ("23.4.5", .unreadable),
        ("1,234.5", .unreadable), ("23.4 C", .unreadable), ("0x17", .unreadable), ("1e", .unreadable),
        ("--5", .unreadable), (".", .unreadable), ("-", .unreadable), ("true", .unreadable), ("23 4", .unreadable),
        ("١٢", .unreadable), ("{}", .unreadable), ("1e100000", .unreadable),
        (String(repeating: "1", count: 41), .unreadable), (String(repeating: " ", count: 500) + "x", .unreadable),
    ].map {
        let raw = String($0.prefix(200))
        return Row("garage/home/sensor/dht1/temperature", $0, fault(.temperature, $1, raw))
    }

    static let objects: [Row] = [
        Row(
            "garage/home/sensor/dht1", #"{"temperature":23.4,"humidity":58}"#,
            .observations([.reading(dht1, .temperature, 23.4), .reading(dht1, .humidity, 58)])),
        Row(
            "garage/home/sensor/dht1", #" { "humidity" : "58,5" , "battery": {"mv":[3300]} } "#,
            .observations([.reading(dht1, .humidity, 58.5)])),
        Row("garage/home/sensor/dht1", #"{"Temperature":" 23.4 "}"#, temperature(23.4)),
        Row(
            "garage/home/sensor/dht1", #"{"temperature":null,"humidity":58}"#,
            .observations([
                .fault(dht1, SensorFault(quantity: .temperature, kind: .null, raw: "null")),
                .reading(dht1, .humidity, 58),
            ])),
        Row(
            "garage/home/sensor/dht1", #"{"temperature":nan,"humidity":NaN}"#,
            .observations([
                .fault(dht1, SensorFault(quantity: .temperature, kind: .notANumber, raw: "nan")),
                .fault(dht1, SensorFault(quantity: .humidity, kind: .notANumber, raw: "NaN")),
            ])),
        Row("garage/home/sensor/dht1", #"{"temperature":-Infinity}"#, fault(.temperature, .outOfRange, "-Infinity")),
        Row("garage/home/sensor/dht1", #"{"humidity":101}"#, fault(.humidity, .outOfRange, "101")),
        Row("garage/home/sensor/dht1", #"{"humidity":true}"#, fault(.humidity, .unreadable, "true")),
        Row("garage/home/sensor/dht1", #"{"humidity":[58]}"#, fault(.humidity, .unreadable, "[…]")),
        Row("garage/home/sensor/dht1", #"{"humidity":""}"#, fault(.humidity, .null, "")),
        Row("garage/home/sensor/dht1", "{}", .unmapped),
        Row("garage/home/sensor/dht1", #"{"battery":97}"#, .unmapped),
        Row("garage/home/sensor/dht1", "23.4", fault(nil, .unreadable, "23.4")),
        Row("garage/home/sensor/dht1", "", fault(nil, .unreadable, "")),
        Row(
            "garage/home/sensor/dht1", #"{"temperature":23,4}"#, fault(nil, .unreadable, #"{"temperature":23,4}"#)),
        Row(
            "garage/home/sensor/dht1", #"{"temperature":1,"temperature":2}"#,
            fault(nil, .unreadable, #"{"temperature":1,"temperature":2}"#)),
        Row("garage/home/sensor/dht1", #"{"temperature":2"#, fault(nil, .unreadable, #"{"temperature":2"#)),
    ]

    static let states: [Row] =
        GateState.allCases.flatMap { state in
            [state.rawValue, state.rawValue.uppercased(), " \(state.rawValue.capitalizedFirst)\n"].map {
                Row("garage/home/gate/front/state", $0, .observations([.gateState(front, state)]))
            }
        }
        + ["", "ajar", "open closed", "unknown", "1"].map { Row("garage/home/gate/front/state", $0, .unmapped) }
        + [
            ("occupied", true), ("Occupied", true), ("ON", true), ("on", true), ("1", true), ("TRUE", true),
            ("free", false), ("FREE", false), ("OFF", false), ("0", false), ("false", false), (" off ", false),
        ].map { Row("garage/home/spot/A1/state", $0, .observations([.spot(spotA1, occupied: $1)])) }
        + ["", "2", "maybe", "10"].map { Row("garage/home/spot/A1/state", $0, .unmapped) }
        + [("obstructed", true), ("CLEAR", false), ("on", true), ("0", false)].map {
            Row("garage/home/gate/front/obstruction", $0, .observations([.obstruction(front, $1)]))
        }
        + [Row("garage/home/gate/front/obstruction", "unknown", .unmapped)]
        + [("online", true), ("Online", true), ("offline", false), ("OFFLINE", false)].map {
            Row("garage/home/device/esp1/status", $0, .observations([.deviceStatus(esp1, online: $1)]))
        }
        + ["", "lost", "true"].map { Row("garage/home/device/esp1/status", $0, .unmapped) }

    static let topics: [Row] =
        ["garage/home/gate/front/actuate", "garage/home/gate/front/command/result", "garage/home/events"]
        .map { Row($0, "x", .ours) }
        + [
            "", "/", "garage", "garage/", "garage//", "garage/home", "garage/home/", "garage/home/sensor",
            "garage/home/sensor/", "garage/home/sensor/dht1/", "garage/home/sensor/dht1/pressure",
            "garage/home/sensor/dht1/temperature/", "garage/home/sensor/dht1/temperature/raw",
            "garage/home/sensor/dht 1/temperature", "garage/ho.me/sensor/dht1/temperature",
            "garage/home/Sensor/dht1/temperature", "Garage/home/sensor/dht1/temperature",
            "garage/home/gate/front", "garage/home/gate/front/command/result/x", "garage/home/gate/front/command/x",
            "garage/home/spot/A1", "garage/home/device/esp1", "garage/home/garage/home", "garage/home/events/x",
            "/garage/home/sensor/dht1/temperature", "garagem/home/sensor/dht1/temperature",
            "garage/home/sensor/dht1/" + String(repeating: "x", count: 65),
            "garage/home/sensor/" + String(repeating: "x", count: 65),
            "garage/home/gate/front/" + String(repeating: "x", count: 65_000),
            "garage/home/gate/front/command/" + String(repeating: "x", count: 65),
        ].map { Row($0, "23.4", .unmapped) }

    @Test(arguments: [numbers, faults, objects, states, topics].flatMap { $0 })
    func aMessageIsReadAs(_ row: Row) {
        #expect(Profiles.standard.interpret(topic: row.topic, payload: Array(row.payload.utf8)) == row.reading)
    }

    @Test func anyNameIsTaken() {
        let name = String(repeating: "x", count: 64)
        let reading = Profiles.standard.interpret(
            topic: "garage/A-1_b/sensor/\(name)/humidity", payload: Array("5".utf8))
        let sensor = Subject(garage: Name(nearest: "A-1_b"), kind: .sensor, name: Name(nearest: name))
        #expect(reading == .observations([.reading(sensor, .humidity, 5)]))
    }

    @Test func bytesThatAreNoTextAreKeptAsFarAsTheyAre() {
        let reading = Profiles.standard.interpret(
            topic: "garage/home/sensor/dht1/humidity", payload: [0x35, 0xFF, 0xC3])
        let fault = SensorFault(quantity: .humidity, kind: .unreadable, raw: "5\u{FFFD}\u{FFFD}")
        #expect(reading == .observations([.fault(dht1, fault)]))
    }

    @Test func aLongReportIsCut() {
        let payload = Array(repeating: UInt8(ascii: "e"), count: 100_000)
        let raw = String(repeating: "e", count: 200)
        for (topic, quantity) in [
            ("garage/home/sensor/dht1", nil), ("garage/home/sensor/dht1/humidity", Quantity.humidity),
        ] {
            let fault = SensorFault(quantity: quantity, kind: .unreadable, raw: raw)
            #expect(Profiles.standard.interpret(topic: topic, payload: payload) == .observations([.fault(dht1, fault)]))
        }
    }

    @Test(arguments: [
        ("garage/", false), ("garage/x", true), ("garage/home/events", true), ("garage", false), ("", false),
        ("garagem/x", false), ("Garage/home", false), ("/garage/home", false), ("zigbee2mqtt/lamp", false),
    ])
    func theCheapFirstQuestion(topic: String, isGarage: Bool) {
        #expect(Profiles.isGarageTopic(topic) == isGarage)
    }

    @Test func emptyBuffersAreNoTrap() {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(!Profiles.isGarageTopic(nothing))
        #expect(!Profiles.standard.isCommand(topic: nothing))
        #expect(Profiles.standard.interpret(topic: nothing, payload: nothing) == .unmapped)
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
