import EventLog
import Foundation
import GarageDomain
import Testing

@testable import GarageEvents

@Suite("Domain events in the log")
struct EventCodingTests {
    static let front = Subject(garage: Name(nearest: "home"), kind: .gate, name: Name(nearest: "front"))

    static func recorded(
        _ data: String, type: String = "gate.opened", schema: Int = 1, stream: String = "gate/home.front"
    ) -> RecordedEvent {
        RecordedEvent(
            position: 1, id: EventID(high: 1, low: 2), stream: stream, version: 1, chain: .journal, type: type,
            schema: schema, time: 5, recorded: 6, metadata: EventMetadata(actor: "esp1", channel: "device"),
            data: Array(data.utf8), hash: [])
    }

    @Test func anEventComesBackAsItWas() {
        let event = DomainEvent(Self.front, .gateMoved(GateMoved(from: .opening, to: .open, commandID: "c1")))
        let metadata = EventMetadata(
            actor: "esp1", channel: "device", clientID: "esp1", correlation: EventID(high: 7, low: 8))
        let new = EventCoding.encode(event, id: EventID(high: 1, low: 2), time: 77, metadata: metadata)
        #expect(new.id == EventID(high: 1, low: 2))
        #expect(new.time == 77)
        #expect(new.metadata == metadata)
        #expect(EventCoding.decode(Self.recorded(String(decoding: new.data, as: UTF8.self))) == event)
    }

    @Test func anEventOfALaterServiceIsNotGuessedAt() {
        #expect(EventCoding.decode(Self.recorded(#"{"to":"open"}"#)) != nil)
        #expect(EventCoding.decode(Self.recorded(#"{"to":"open","unheard_of":1}"#)) != nil)
        for event in [
            Self.recorded(#"{"to":"open"}"#, type: "gate.dreamt"), Self.recorded(#"{"to":"open"}"#, schema: 2),
            Self.recorded(#"{"to":"open"}"#, schema: 0), Self.recorded(#"{"to":"open"}"#, stream: "moon/home.front"),
            Self.recorded(#"{"to":"closed"}"#), Self.recorded(#"{"to":"ajar"}"#), Self.recorded("{}"),
            Self.recorded("[]"), Self.recorded("\u{0}"),
        ] {
            #expect(EventCoding.decode(event) == nil, "\(event)")
        }
    }

    /// Of an erased event the type is left, and with it the state of the gate or spot.
    @Test(arguments: EventType.allCases) func anErasedEventSaysWhatItsTypeSays(type: EventType) throws {
        let body = EventCoding.body(type: type.rawValue, schema: 1, data: [])
        if let body { #expect(body.type == type) }
        let isState =
            type.rawValue.hasPrefix("spot.") || type.rawValue.hasPrefix("gate.") && !type.rawValue.contains("command")
        #expect((body != nil) == isState)
    }

    @Test func anOlderSchemaIsLiftedStepByStep() {
        func replacing(_ old: String, _ new: String) -> @Sendable ([UInt8]) -> [UInt8]? {
            { data in
                let text = String(decoding: data, as: UTF8.self)
                return text.contains(old) ? Array(text.replacingOccurrences(of: old, with: new).utf8) : nil
            }
        }
        let schemas = EventSchemas([
            Upcaster(type: .noteAdded, from: 2, convert: replacing("message", "text")),
            Upcaster(type: .noteAdded, from: 1, convert: replacing("body", "message")),
            Upcaster(type: .noteAdded, from: 4, convert: { _ in nil }),
        ])
        #expect(schemas.version(of: .noteAdded) == 3)
        #expect(schemas.version(of: .gateOpened) == 1)
        let note = EventBody.noteAdded(Note(text: "hi"))
        for (schema, data) in [(1, #"{"body":"hi"}"#), (2, #"{"message":"hi"}"#), (3, #"{"text":"hi"}"#)] {
            #expect(
                EventCoding.body(type: "note.added", schema: schema, data: Array(data.utf8), schemas: schemas) == note)
        }
        for (schema, data) in [(1, #"{"text":"hi"}"#), (4, #"{"text":"hi"}"#), (-1, "{}"), (.max, "{}")] {
            #expect(
                EventCoding.body(type: "note.added", schema: schema, data: Array(data.utf8), schemas: schemas) == nil)
        }
    }

    @Test(arguments: [
        (23.4, "23.4"), (58, "58"), (0, "0"), (-0.0, "0"), (-40, "-40"), (0.1, "0.1"), (1e-7, "1e-07"),
        (1e22, "1e+22"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9_007_199_254_740_991, "9007199254740991"), (9_007_199_254_740_992, "9007199254740992.0"),
        (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
    ])
    func aReadingIsAlwaysJSON(value: Double, text: String) throws {
        let data = EventBody.readingRecorded(Reading(quantity: .humidity, value: value)).data
        #expect(String(decoding: data, as: UTF8.self) == #"{"quantity":"humidity","value":\#(text)}"#)
        _ = try JSONSerialization.jsonObject(with: Data(data))
    }

    @Test func anyFiniteNumberComesBack() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: .random(in: .min ... .max, using: &random))
            guard value.isFinite else { continue }
            let body = EventBody.readingRecorded(Reading(quantity: .temperature, value: value))
            #expect(EventCoding.body(type: "sensor.reading-recorded", schema: 1, data: body.data) == body)
            #expect(try JSONDecoder().decode(Reading.self, from: Data(body.data)).value == value)
        }
    }

    @Test func whatSensorsSendComesBack() {
        var random = SeededGenerator(seed: 12)
        let powers: [Double] = [1, 10, 100, 1000, 1_000_000, 1e15]
        for _ in 0..<20_000 {
            let value =
                Double(Int64.random(in: -999_999_999_999_999...999_999_999_999_999, using: &random))
                / (powers.randomElement(using: &random) ?? 1)
            let body = EventBody.readingRecorded(Reading(quantity: .humidity, value: value))
            #expect(EventCoding.body(type: "sensor.reading-recorded", schema: 1, data: body.data) == body)
        }
    }

    @Test(arguments: [
        (#"{"quantity":"humidity","value":58}"#, 58.0), (#"{ "value" : 58.5, "quantity" : "humidity" }"#, 58.5),
        (#"{"quantity":"humidity","value":-0.5e1}"#, -5),
    ])
    func aReadingInAnotherFormIsReadToo(data: String, value: Double) {
        let body = EventCoding.body(type: "sensor.reading-recorded", schema: 1, data: Array(data.utf8))
        #expect(body == .readingRecorded(Reading(quantity: .humidity, value: value)))
    }

    @Test(arguments: [
        #"{"quantity":"humidity","value":}"#, #"{"quantity":"humidity","value":nan}"#,
        #"{"quantity":"humidity","value":null}"#, #"{"quantity":"humidity","value":0x10}"#,
        #"{"quantity":"humidity","value":1e999}"#, #"{"quantity":"noise","value":1}"#, #"{"quantity":"humidity"}"#, "{",
        #"{"quantity":"humidity","value":"#, "",
    ])
    func whatIsNoReading(data: String) {
        #expect(EventCoding.body(type: "sensor.reading-recorded", schema: 1, data: Array(data.utf8)) == nil)
    }

    /// The keys are written by hand and read by `Codable`: texts of any kind must come back the same.
    @Test func anyTextComesBack() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let scalars = (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &random) ? 0x7F : 0x1_FFFF), using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let body = EventBody.faultDetected(SensorFault(quantity: nil, kind: .unreadable, raw: text))
            #expect(EventCoding.body(type: "sensor.fault-detected", schema: 1, data: body.data) == body)
        }
    }
}

/// A small generator of repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
